package evidence

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"verifycall/recorder/evidence/stamp/stamptest"
	"verifycall/recorder/evidence/vault"
)

// stamped writes a bundle into a vault and has it stamped.
func stamped(t testing.TB, m material) (*vault.Vault, *Keys, *stamptest.Authority) {
	t.Helper()
	v, keys, authority := testVault(t), testKeys(t), stamptest.New(t)
	if _, err := WriteBundle(t.Context(), v, Prefix(testRoom), keys, m.src); err != nil {
		t.Fatal(err)
	}
	if err := StampBundle(t.Context(), v, Prefix(testRoom), keys, authority.Answer, []string{authority.Root}); err != nil {
		t.Fatal(err)
	}
	return v, keys, authority
}

// TestStampedBundle: the stamp is in the bundle wherever it lies, openssl takes
// it, and it counts by its authority only.
func TestStampedBundle(t *testing.T) {
	v, keys, authority := stamped(t, newMaterial(t))
	other := stamptest.New(t)
	if err := StampBundle(t.Context(), v, Prefix(testRoom), keys, authority.Answer, nil); !errors.Is(err, ErrStamped) {
		t.Errorf("stamped again: %v", err)
	}
	bag := readBag(t, storeBag{v, Prefix(testRoom), nil})
	dir, packed := bag.inDir(t), filepath.Join(t.TempDir(), testRoom+".zip")
	if err := os.WriteFile(packed, zipped(t, v), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, verify := range map[string]func(keys []string) (Report, error){
		"folder": func(keys []string) (Report, error) { return Verify(dir, keys) },
		"ZIP":    func(keys []string) (Report, error) { return Verify(packed, keys) },
		"store":  func(keys []string) (Report, error) { return VerifyStore(t.Context(), v, Prefix(testRoom), keys) },
		"encrypted": func(keys []string) (Report, error) {
			return VerifySealed(t.Context(), v.Store(), Prefix(testRoom), keys)
		},
	} {
		for _, given := range []struct {
			root  string
			known bool
		}{{authority.Root, true}, {other.Root, false}} {
			r, err := verify([]string{keys.Public(), given.root})
			if err != nil || r.ExitCode() != 0 || r.Stamp == nil || r.Stamp.Known != given.known || !strings.Contains(r.Stamp.By, "Test authority") {
				t.Errorf("%s, authority known %t: %+v, %+v, %v", what, given.known, r, r.Stamp, err)
			}
		}
	}
	authority.OpenSSLVerifies(t, filepath.Join(dir, signatureFile), filepath.Join(dir, stampFile))
	if rooms, err := Unstamped(t.Context(), v.Store()); err != nil || len(rooms) != 0 {
		t.Errorf("unstamped %q, %v", rooms, err)
	}
}

// TestStampFaults: each changed, cut, missing or foreign file of a stamp is named.
func TestStampFaults(t *testing.T) {
	v, keys, authority := stamped(t, newMaterial(t))
	bag := readBag(t, storeBag{v, Prefix(testRoom), nil})
	ring := keys.ring(t)
	resigned := func(answer []byte) memBag {
		ours, err := keys.sign(answer, stampForm, testRoom, signedAt)
		if err != nil {
			t.Fatal(err)
		}
		return bag.with(stampFile, answer).with(stampSignatureFile, ours)
	}
	ask := func(text string) []byte { return authority.Stamp(t, []byte(text)) }
	late := bag.resealed(t, keys).with(stampFile, nil).with(stampSignatureFile, nil)
	for what, test := range map[string]struct {
		bag   memBag
		wrong string
	}{
		"stamp removed":              {bag.with(stampFile, nil), stampFile},
		"its signature removed":      {bag.with(stampSignatureFile, nil), stampSignatureFile},
		"no stamp":                   {resigned([]byte("x")), stampFile},
		"stamp of other bytes":       {resigned(ask("other bytes")), stampFile},
		"stamp too long":             {resigned(bytes.Repeat([]byte{0x30}, 70<<10)), stampFile},
		"certificate for other uses": {resigned(authority.StampAsServer(t, bag[signatureFile])), stampFile},
		"refused by the authority":   {resigned([]byte("\x30\x05\x30\x03\x02\x01\x02")), stampFile},
		"both removed":               {late, ""},
	} {
		if r := verifyMem(t, test.bag, ring); r.Wrong != test.wrong || (test.wrong != "") != (r.ExitCode() == 1) {
			t.Errorf("%s: named %q, want %q; %+v", what, r.Wrong, test.wrong, last(r))
		}
	}
	another := func(context.Context, []byte) ([]byte, error) { return ask("other bytes"), nil }
	fresh := testVault(t)
	if _, err := WriteBundle(t.Context(), fresh, Prefix(testRoom), keys, newMaterial(t).src); err != nil {
		t.Fatal(err)
	}
	if err := StampBundle(t.Context(), fresh, Prefix(testRoom), keys, another, nil); err == nil {
		t.Error("an answer to another request was kept")
	}
	if err := StampBundle(t.Context(), fresh, Prefix(testRoom), keys, authority.Answer, []string{stamptest.New(t).Root}); err == nil {
		t.Error("a stamp of another authority was kept")
	}
	if r, err := VerifyStore(t.Context(), fresh, Prefix(testRoom), []string{keys.Public()}); err != nil || r.Stamp != nil || r.ExitCode() != 0 {
		t.Errorf("after refused stamps: %+v, %v", r, err)
	}
}
