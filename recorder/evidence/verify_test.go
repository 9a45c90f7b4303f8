package evidence

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"verifycall/recorder/webp"
)

func verifyMem(t testing.TB, b memBag, ring keyring) Report {
	t.Helper()
	r, err := verifyBag(t.Context(), b, ring, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestVerifyWhole(t *testing.T) {
	bag, keys := sealedBag(t)
	r := verifyMem(t, bag, keys.ring(t))
	if !r.Whole || !r.SignerKnown || r.ExitCode() != 0 || r.Room != testRoom || r.Signer != keys.ID() || r.Wrong != "" {
		t.Errorf("report %+v", r)
	}
	var names []string
	for _, c := range r.Checks {
		if !c.OK {
			t.Errorf("check %+v", c)
		}
		names = append(names, c.Name)
	}
	want := []string{"container", "declaration", "tagmanifest", "manifest", "signature", "time", "ledger", "private", "room", "plan", "documents",
		"recordings", "stills", "statement"}
	if !slices.Equal(names, want) {
		t.Errorf("checks %q, want %q", names, want)
	}
	for _, unknown := range []keyring{nil, testKeys(t).ring(t)} {
		if r := verifyMem(t, bag, unknown); !r.Whole || r.SignerKnown || r.ExitCode() != 3 {
			t.Errorf("without its key: %+v", r)
		}
	}
}

func last(r Report) Check { return r.Checks[len(r.Checks)-1] }

// resealed gives the bag with new manifests and signature, as somebody who has
// the key could make them.
func (m memBag) resealed(t testing.TB, keys *Keys) memBag {
	t.Helper()
	return m.sealedWith(t, keys, func(name string) string { return sumOf(m[name]) })
}

// sealedWith is resealed with the digests that digest gives.
func (m memBag) sealedWith(t testing.TB, keys *Keys, digest func(name string) string) memBag {
	t.Helper()
	var payload, tags manifest
	names, _ := m.names(t.Context())
	for _, name := range names {
		if strings.HasPrefix(name, "data/") {
			payload = append(payload, manifestLine{digest(name), name})
		}
	}
	m = m.with(manifestFile, payload.bytes())
	tags = manifest{{sumOf(m[bagFile]), bagFile}, {sumOf(m[manifestFile]), manifestFile}}
	m[tagManifestFile] = tags.bytes()
	signature, err := keys.sign(m[tagManifestFile], bundleForm, testRoom, signedAt)
	if err != nil {
		t.Fatal(err)
	}
	m[signatureFile] = signature
	return m
}

// A bundle that was signed but contradicts itself is wrong, and what
// contradicts is named.
func TestVerifyFindsSignedContradictions(t *testing.T) {
	bag, keys := sealedBag(t)
	still := newMaterial(t).still
	frames := readIVF(t, "testdata/vp8-32x32.ivf")
	otherStill, _, _, err := webp.Wrap(frames[0])
	if err != nil {
		t.Fatal(err)
	}
	other := stillsDir + sumOf(otherStill) + ".webp"
	replace := func(name, old, new string) memBag { return bag.swapped(t, name, old, new) }
	lines := func(name string, change func([][]byte) [][]byte) memBag {
		list := bytes.SplitAfter(bag[name], []byte("\n"))
		return bag.with(name, bytes.Join(change(list[:len(list)-1]), nil))
	}
	swap := func(l [][]byte) [][]byte { l[0], l[1] = l[1], l[0]; return l }
	drop := func(l [][]byte) [][]byte { return l[:len(l)-1] }
	index, recording := "data/frames/seller-1.jsonl", "data/recording/seller-1.webm"
	for what, test := range map[string]struct {
		bag   memBag
		wrong string
	}{
		"entry changed":          {replace(ledgerFile, `"agreed"`, `"refuse"`), ledgerFile},
		"entries swapped":        {lines(ledgerFile, swap), ledgerFile},
		"last entry dropped":     {lines(ledgerFile, drop), ledgerFile},
		"private value changed":  {replace(privateFile, "Doe", "Dox"), privateFile},
		"private value dropped":  {lines(privateFile, drop), privateFile},
		"private values swapped": {lines(privateFile, swap), privateFile},
		"private value spaced":   {replace(privateFile, `"salt":`, `"salt": `), privateFile},
		"document renamed":       {bag.with(documentsDir+"x.png", []byte("x")), documentsDir + "x.png"},
		"document added":         {bag.with(documentsDir+sumOf([]byte("x"))+".png", []byte("x")), documentsDir + sumOf([]byte("x")) + ".png"},
		"still removed":          {bag.with(still, nil), still},
		"still exchanged":        {bag.with(still, otherStill), still},
		"still added":            {bag.with(other, otherStill), other},
		"frame index cut":        {lines(index, drop), index},
		"frame index swapped":    {lines(index, swap), index},
		"frame index time":       {replace(index, `"ms":100,`, `"ms":101,`), index},
		"frame index RTP time":   {replace(index, `"rtp":36000,`, `"rtp":36001,`), still},
		"frame index digest":     {replace(index, `"sha256":"`+sumOf(frames[0]), `"sha256":"`+sumOf(frames[1])), index},
		"frame index removed":    {bag.with(index, nil), recording},
		"recording removed":      {bag.with(recording, nil), roomFile},
		"recording cut":          {bag.with(recording, bag[recording][:len(bag[recording])-9]), recording},
		"other frame recorded":   {replace(recording, string(frames[5]), string(flip(frames[5]))), index},
		"room of another":        {replace(roomFile, testRoom, "R-00000000"), roomFile},
		"room unreadable":        {replace(roomFile, "{", "["), roomFile},
		"biometric component":    {replace(statementFile, `"biometric_components": []`, `"biometric_components": ["face"]`), statementFile},
		"file outside layout":    {bag.with("data/other.txt", []byte("x")), "data/other.txt"},
		"plan removed":           {bag.with(planFile, nil), planFile},
		"plan's document":        {replace(planFile, `FEATURE_WINDOW`, `FEATURE_DOOR`), planFile},
		"profile weakened":       {replace(profileFile, `"count": 3`, `"count": 4`), profileFile},
		"plan without steps":     {bag.with(planFile, []byte(`{"document":null,"steps":[]}`)), planFile},
	} {
		t.Run(what, func(t *testing.T) {
			r := verifyMem(t, test.bag.resealed(t, keys), keys.ring(t))
			if r.ExitCode() != 1 || r.Wrong != test.wrong {
				t.Errorf("exit code %d, named %q, want %q; %+v", r.ExitCode(), r.Wrong, test.wrong, last(r))
			}
		})
	}
	if r := verifyMem(t, bag.resealed(t, keys), keys.ring(t)); r.ExitCode() != 0 {
		t.Errorf("resealed without a change: %+v", r)
	}
}

func flip(b []byte) []byte {
	b = bytes.Clone(b)
	b[len(b)-1] ^= 1
	return b
}

func TestVerifyKeyTimes(t *testing.T) {
	bag, keys := sealedBag(t)
	bag = bag.resealed(t, keys)
	at := func(hours int) *time.Time { t := signedAt.Add(time.Duration(hours) * time.Hour); return &t }
	for what, test := range map[string]struct {
		key  ListedKey
		code int
	}{
		"in its time": {ListedKey{From: at(-1), Until: at(1)}, 0},
		"retired":     {ListedKey{From: at(-2), Until: at(-1)}, 1},
		"revoked":     {ListedKey{From: at(-2), Revoked: at(1)}, 1},
	} {
		test.key.ID, test.key.Key = keys.ID(), keys.Public()
		alone := ListedKey{ID: keys.ID(), Key: keys.Public()}
		for _, ring := range []keyring{{test.key}, {test.key, alone}, {alone, test.key}} {
			if r := verifyMem(t, bag, ring); r.ExitCode() != test.code {
				t.Errorf("%s: exit code %d, want %d; %+v", what, r.ExitCode(), test.code, last(r))
			}
		}
	}
	// A foreign key under the signer's id must not count.
	foreign := ListedKey{ID: keys.ID(), Key: testKeys(t).Public()}
	if r := verifyMem(t, bag, keyring{foreign}); r.ExitCode() != 1 || r.Wrong != signatureFile {
		t.Errorf("foreign key of the same id: %+v", r)
	}
}

func TestVerifyFolder(t *testing.T) {
	bag, keys := sealedBag(t)
	check := func(what, dir, wrong string) {
		t.Helper()
		r, err := Verify(dir, []string{keys.Public()})
		if err != nil || r.Wrong != wrong {
			t.Errorf("%s: named %q, %v; want %q", what, r.Wrong, err, wrong)
		}
	}
	check("whole", bag.inDir(t), "")
	dir := bag.inDir(t)
	if err := os.Mkdir(filepath.Join(dir, "data/more"), 0o700); err != nil {
		t.Fatal(err)
	}
	check("empty folder", dir, "data/more")
	dir = bag.inDir(t)
	if err := os.WriteFile(filepath.Join(dir, ".DS_Store"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	check("hidden file", dir, ".DS_Store")
	dir = bag.inDir(t)
	outside := filepath.Join(t.TempDir(), "room.json")
	if err := os.WriteFile(outside, bag[roomFile], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, roomFile)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, roomFile)); err != nil {
		t.Fatal(err)
	}
	check("link to the same bytes", dir, roomFile)
}

func TestVerifyUnreadable(t *testing.T) {
	bag, keys := sealedBag(t)
	text := filepath.Join(t.TempDir(), "letter.txt")
	if err := os.WriteFile(text, []byte("Dear Sir"), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, args := range map[string][]string{
		"nothing there": {filepath.Join(t.TempDir(), "nothing"), keys.Public()},
		"another file":  {text, keys.Public()},
		"a device":      {os.DevNull, keys.Public()},
		"bad key":       {bag.inDir(t), "RWshort"},
	} {
		if r, err := Verify(args[0], args[1:]); err == nil {
			t.Errorf("%s: %+v", what, r)
		}
	}
}

func TestReportJSON(t *testing.T) {
	bag, _ := sealedBag(t)
	b, err := json.Marshal(verifyMem(t, bag, nil))
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(b, &fields); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{"whole": true, "signerKnown": false, "room": testRoom} {
		if fields[name] != want {
			t.Errorf("%s is %v, want %v", name, fields[name], want)
		}
	}
	if _, there := fields["wrong"]; there {
		t.Error("a whole bundle names something wrong")
	}
}
