package evidence

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestManifestRoundTrip(t *testing.T) {
	digest := strings.Repeat("0a", 32)
	m := manifest{{digest, "data/a"}, {digest, "data/b/c.webp"}}
	again, err := parseManifest(m.bytes())
	if err != nil || len(again) != 2 || again[0] != m[0] || again[1] != m[1] {
		t.Fatalf("parsed %v, %v", again, err)
	}
	if m.digest("data/b/c.webp") != digest || m.digest("data/b") != "" {
		t.Error("digest finds the wrong lines")
	}
}

func TestManifestRefusesOtherForms(t *testing.T) {
	d := strings.Repeat("0a", 32)
	for name, text := range map[string]string{
		"empty":         "",
		"no end":        d + "  a",
		"carriage":      d + "  a\r\n",
		"binary mark":   d + " *a\n",
		"one space":     d + " a\n",
		"three spaces":  d + "   a\n",
		"upper case":    strings.ToUpper(d) + "  a\n",
		"short digest":  d[2:] + "  a\n",
		"no hex":        strings.Repeat("0g", 32) + "  a\n",
		"empty line":    d + "  a\n\n",
		"twice":         d + "  a\n" + d + "  a\n",
		"out of order":  d + "  b\n" + d + "  a\n",
		"up":            d + "  data/../x\n",
		"absolute":      d + "  /etc/passwd\n",
		"backslash":     d + "  data\\x\n",
		"percent":       d + "  data/%0a\n",
		"byte order":    "\ufeff" + d + "  a\n",
		"escaped by it": "\\" + d + "  a\n",
	} {
		if m, err := parseManifest([]byte(text)); err == nil {
			t.Errorf("%s: parsed as %v", name, m)
		}
	}
}

func TestSignatureRoundTrip(t *testing.T) {
	k, text := testKeys(t), []byte("some text\n")
	signature, err := k.sign(text, bundleForm, "R-7Q2M4T1A", signedAt)
	if err != nil {
		t.Fatal(err)
	}
	s, err := parseSignature(signature, bundleForm)
	if err != nil {
		t.Fatal(err)
	}
	if want := (sealSignature{"R-7Q2M4T1A", sumOf(text), k.ID(), signedAt}); s != want {
		t.Errorf("parsed %+v, want %+v", s, want)
	}
	if err := verifySignature(k.Public(), text, signature); err != nil {
		t.Error(err)
	}
	if err := verifySignature(k.Public(), append(text, 'x'), signature); err == nil {
		t.Error("verifies over other bytes")
	}
	if err := verifySignature(testKeys(t).Public(), text, signature); err == nil {
		t.Error("verifies with another key")
	}
}

// Every changed, removed or added byte of a signature is found, also in what
// minisign itself doesn't sign: its first line, the key id, base64's spare bits.
func TestSignatureFindsEveryChange(t *testing.T) {
	k, text := testKeys(t), []byte("some text\n")
	signature, err := k.sign(text, bundleForm, "R-7Q2M4T1A", signedAt)
	if err != nil {
		t.Fatal(err)
	}
	whole := func(b []byte) bool {
		s, err := parseSignature(b, bundleForm)
		return err == nil && s.KeyID == k.ID() && s.Digest == sumOf(text) && verifySignature(k.Public(), text, b) == nil
	}
	if !whole(signature) {
		t.Fatal("the signature itself isn't whole")
	}
	for i := range signature {
		for bit := range 8 {
			changed := bytes.Clone(signature)
			changed[i] ^= 1 << bit
			if whole(changed) {
				t.Errorf("bit %d of byte %d changed: not found", bit, i)
			}
		}
		if whole(append(bytes.Clone(signature[:i]), signature[i+1:]...)) {
			t.Errorf("byte %d removed: not found", i)
		}
		for _, extra := range "\n\r =A" {
			if whole(bytes.Join([][]byte{signature[:i], []byte(string(extra)), signature[i:]}, nil)) {
				t.Errorf("%q added before byte %d: not found", extra, i)
			}
		}
	}
}

func FuzzParseSignature(f *testing.F) {
	k := testKeys(f)
	signature, err := k.sign([]byte("text\n"), bundleForm, "R-00000000", signedAt)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(signature)
	f.Add([]byte("untrusted comment: verifycall evidence bundle\n\ntrusted comment: \n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := parseSignature(text, bundleForm)
		if err != nil {
			return
		}
		comment := fmt.Sprintf(bundleForm, s.Room, s.Digest, s.KeyID, s.At.Unix())
		if lines := strings.Split(string(text), "\n"); len(lines) != 5 || lines[2] != "trusted comment: "+comment {
			t.Errorf("%q is parsed as %+v", text, s)
		}
	})
}

// FuzzParseManifest: what is parsed is written again as the same bytes, so a
// manifest has one form.
func FuzzParseManifest(f *testing.F) {
	d := strings.Repeat("0a", 32)
	f.Add([]byte(d + "  bagit.txt\n" + d + "  manifest-sha256.txt\n"))
	f.Add([]byte(d + " *a\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parseManifest(text)
		if err == nil && !bytes.Equal(m.bytes(), text) {
			t.Errorf("%q is parsed and written as %q", text, m.bytes())
		}
	})
}
