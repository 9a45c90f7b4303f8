package recorder

import (
	"bytes"
	"io"
	"testing"

	"filippo.io/age"
)

// What a sealer makes is what age itself reads, whatever its size, and no two files
// of one sealer share more than their header.
func TestSealerMakesAgeFiles(t *testing.T) {
	seal := testSealer(t)
	payloads := map[string]bool{}
	for _, size := range []int{0, 1, ageChunk - 1, ageChunk, ageChunk + 1, 2 * ageChunk, 300_000, 300_000} {
		plain := bytes.Repeat([]byte{7}, size)
		sealed, err := seal.append([]byte("ahead"), plain)
		if err != nil {
			t.Fatal(err)
		}
		file, ok := bytes.CutPrefix(sealed, []byte("ahead"))
		if !ok || len(file) != seal.size(size) {
			t.Fatalf("%d bytes: %d sealed, %d thought", size, len(file), seal.size(size))
		}
		r, err := age.Decrypt(bytes.NewReader(file), testKey)
		if err != nil {
			t.Fatalf("%d bytes: %v", size, err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%d bytes: %d come back, %v", size, len(got), err)
		}
		salt := string(file[len(seal.header) : len(seal.header)+ageNonce])
		if payloads[salt] {
			t.Fatal("a nonce comes twice")
		}
		payloads[salt] = true
	}
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := seal.append(nil, []byte("picture"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := age.Decrypt(bytes.NewReader(sealed), other); err == nil {
		t.Error("another key opens it")
	}
}

// A key serves sealSpan of a recording and is wiped then.
func TestSealerIsRenewed(t *testing.T) {
	rec := &Recording{key: testKey.Recipient()}
	if err := rec.renewSealer(0); err != nil {
		t.Fatal(err)
	}
	first := rec.sealer
	if err := rec.renewSealer(sealSpan - 1); err != nil || rec.sealer != first {
		t.Fatal("renewed early", err)
	}
	if err := rec.renewSealer(sealSpan); err != nil || rec.sealer == first {
		t.Fatal("not renewed", err)
	}
	if bytes.ContainsFunc(first.fileKey, func(r rune) bool { return r != 0 }) {
		t.Error("the key is still there")
	}
	if bytes.Equal(first.header, rec.sealer.header) {
		t.Error("the same key again")
	}
}

// testSealer seals to testKey.
func testSealer(t testing.TB) *sealer {
	seal, err := newSealer(testKey.Recipient(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return seal
}
