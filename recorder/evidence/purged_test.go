package evidence

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"verifycall/recorder/evidence/vault"
	"verifycall/rooms/ledger"
)

// purgedCustody is a signed custody ledger that says which classes were purged.
func purgedCustody(t *testing.T, bundle string, key *Keys, classes ...vault.Class) []byte {
	t.Helper()
	var list []any
	for _, class := range classes {
		list = append(list, string(class))
	}
	entries := custodyOf(t, bundle, testRoom, key)
	head := entries[len(entries)-1].Head()
	for _, c := range []struct {
		typ  string
		body map[string]any
	}{{entryPurgeBegun, map[string]any{"classes": list, "policy": "request"}}, {entryPurged, map[string]any{"classes": list, "bundle": bundle}}} {
		e, err := ledger.Append(head, time.Unix(1764000000, 0), "operator:o1", c.typ, c.body)
		if err != nil {
			t.Fatal(err)
		}
		entries, head = append(entries, e), e.Head()
	}
	e, err := ledger.Append(head, time.Unix(1764000000, 0), "system", ledger.TypeCheckpoint,
		map[string]any{"seq": head.Seq, "hash": head.Hash, "signature": key.SignHead(head.Text(testRoom, "custody"))})
	if err != nil {
		t.Fatal(err)
	}
	return custodyText(t, append(entries, e))
}

// TestExportedAfterAPurge: what is left of a bundle is exported and verifies with
// the custody ledger that says which class was purged, as a folder and as a ZIP;
// without it, or with one that says another class, what is missing is named; and
// what is left is checked as before.
func TestExportedAfterAPurge(t *testing.T) {
	v, keys := testVault(t), testKeys(t)
	digest, err := WriteBundle(t.Context(), v, Prefix(testRoom), keys, newMaterial(t).src)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Erase(t.Context(), v, testRoom, []vault.Class{vault.Recording}); err != nil {
		t.Fatal(err)
	}
	packed := filepath.Join(t.TempDir(), testRoom+".zip")
	file, err := os.Create(packed)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := ZipBundle(t.Context(), v, Prefix(testRoom), file); err != nil {
		t.Fatal(err)
	}
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	zipped, err := openZip(packed, file, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	files := readBag(t, zipped)
	still, record := "", ""
	for name := range files {
		switch {
		case strings.HasPrefix(name, recordingDir), strings.HasPrefix(name, framesDir):
			t.Errorf("%s was purged and is exported", name)
		case strings.HasPrefix(name, stillsDir):
			still = name
		case name == roomFile:
			record = name
		}
	}
	purged, other := purgedCustody(t, digest, keys, vault.Recording), purgedCustody(t, digest, keys, vault.Documents)
	for what, c := range map[string]struct {
		path    string
		custody []byte
		code    int
		wrong   string // a prefix
	}{
		"zip":                 {packed, purged, 0, ""},
		"folder":              {files.inDir(t), purged, 0, ""},
		"no such purge":       {packed, other, 1, "data/"},
		"no purge":            {packed, custodyText(t, custodyOf(t, digest, testRoom, keys)), 1, "data/"},
		"another bundle's":    {packed, purgedCustody(t, sumOf([]byte("x")), keys, vault.Recording), 1, ""},
		"a still is changed":  {files.with(still, flip(files[still])).inDir(t), purged, 1, still},
		"a still is missing":  {files.with(still, nil).inDir(t), purged, 1, still},
		"the room is changed": {files.with(record, flip(files[record])).inDir(t), purged, 1, record},
	} {
		report, err := VerifyWithCustody(c.path, []string{keys.Public()}, bytes.NewReader(c.custody))
		if err != nil || report.ExitCode() != c.code || !strings.HasPrefix(report.Wrong, c.wrong) {
			t.Errorf("%s: exit code %d, %+v, %v", what, report.ExitCode(), report, err)
		}
		if c.code == 0 && strings.Join(report.Purged, " ") != string(vault.Recording) {
			t.Errorf("%s: purged %v", what, report.Purged)
		}
	}
	if report, err := Verify(packed, []string{keys.Public()}); err != nil || report.ExitCode() != 1 || !strings.HasPrefix(report.Wrong, "data/") {
		t.Errorf("without a custody ledger: %+v, %v", report, err)
	}
}

// TestPurgesByAStranger: who can write the store deletes recordings and puts a custody
// ledger of his own beside the bundle. What it says is purged isn't taken for said by
// the deployment.
func TestPurgesByAStranger(t *testing.T) {
	for name, c := range map[string]struct {
		stranger bool
		code     int
	}{"the deployment's own": {false, 0}, "a stranger's": {true, 3}} {
		t.Run(name, func(t *testing.T) {
			v, keys := testVault(t), testKeys(t)
			digest, err := WriteBundle(t.Context(), v, Prefix(testRoom), keys, newMaterial(t).src)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Erase(t.Context(), v, testRoom, []vault.Class{vault.Recording}); err != nil {
				t.Fatal(err)
			}
			signer := keys
			if c.stranger {
				signer = testKeys(t)
			}
			custody := purgedCustody(t, digest, signer, vault.Recording)
			if _, err := v.Store().Put(t.Context(), roomPrefix(testRoom)+"mirror/custody-000001-000005-abc.jsonl", bytes.NewReader(custody)); err != nil {
				t.Fatal(err)
			}
			trusted := []string{keys.Public()}
			sealed, err := VerifySealed(t.Context(), v.Store(), Prefix(testRoom), trusted)
			if err != nil || sealed.ExitCode() != c.code {
				t.Errorf("as it lies there: exit code %d, %+v, %v", sealed.ExitCode(), sealed, err)
			}
			opened, err := VerifyStore(t.Context(), v, Prefix(testRoom), trusted)
			if err != nil || opened.ExitCode() != c.code {
				t.Errorf("decrypted: exit code %d, %+v, %v", opened.ExitCode(), opened, err)
			}
			for _, report := range []Report{sealed, opened} {
				if said := fmt.Sprint(report.Checks); strings.Contains(said, "isn't signed by a key given") != c.stranger {
					t.Errorf("says %s", said)
				}
			}
		})
	}
}
