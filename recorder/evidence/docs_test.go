package evidence

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// commands gives the shell commands of docs/evidence-format.md as one script.
func commands(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/evidence-format.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllSubmatch(page, -1)
	if len(blocks) < 6 {
		t.Fatalf("the page has %d blocks of commands", len(blocks))
	}
	script := "set -e -o pipefail\n"
	for _, block := range blocks {
		script += string(block[1])
	}
	return script
}

// The documented commands accept a bundle and find what contradicts in one that
// was signed all the same: a stranger needs nothing of ours.
func TestDocumentedCommands(t *testing.T) {
	bash := tool(t, "bash")
	for _, name := range []string{"unzip", "sha256sum", "minisign", "jq", "xxd", "ffmpeg"} {
		tool(t, name)
	}
	script := commands(t)
	run := func(z []byte, key string) (string, error) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, testRoom+".zip"), z, 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(bash, "-c", script)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "ROOM="+testRoom, "KEY="+key)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	whole := exampleZip(t)
	out, err := run(whole, exampleRing(t)[0].Key)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"data/ledger.jsonl: OK", "chain ends at", "FACE is frame 5 of seller-1"} {
		if !strings.Contains(out, want) {
			t.Errorf("output lacks %q:\n%s", want, out)
		}
	}
	bag, keys := exampleBag(t), testKeys(t)
	// Digests and signature are right again, so the later steps have to find it.
	index := "data/frames/seller-1.jsonl"
	for what, test := range map[string]struct {
		bag      memBag
		passed   string // printed by the steps before the one that finds it
		notAfter string
	}{
		"entry":          {bag.swapped(t, ledgerFile, `"agreed"`, `"refuse"`), "room.json: OK", "chain ends at"},
		"personal value": {bag.swapped(t, privateFile, "X123", "X124"), "chain ends at", "FACE is"},
		"frame number":   {bag.swapped(t, index, `{"n":5,"track":"video"`, `{"n":4,"track":"video"`), "chain ends at", "FACE is"},
	} {
		out, err := run(test.bag.resealed(t, keys).packedElsewhere(t), keys.Public())
		if err == nil || !strings.Contains(out, test.passed) || strings.Contains(out, test.notAfter) {
			t.Errorf("%s changed and signed: %v\n%s", what, err, out)
		}
	}
}

// packedElsewhere packs the bag as another program may.
func (m memBag) packedElsewhere(t testing.TB) []byte {
	t.Helper()
	var list []member
	for name, content := range m {
		list = append(list, member{name: testRoom + "/" + name, content: content})
	}
	return pack(t, list, "")
}

// swapped gives the bag with the first old in a file replaced.
func (m memBag) swapped(t testing.TB, name, old, new string) memBag {
	t.Helper()
	if !strings.Contains(string(m[name]), old) {
		t.Fatalf("%s doesn't contain %q", name, old)
	}
	return m.with(name, []byte(strings.Replace(string(m[name]), old, new, 1)))
}
