package ledger

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// TestAnotherLanguageChecksTheChain has a few lines of Python find the golden chain
// whole, a chain of Append too, and a changed one not.
func TestAnotherLanguageChecksTheChain(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3 on this machine")
	}
	check := func(text string) (string, error) {
		cmd := exec.Command(python, "testdata/check.py")
		cmd.Stdin = strings.NewReader(text)
		out, err := cmd.Output()
		return string(out), err
	}
	chain := string(bytes.Join(lines(t, "chain.jsonl"), []byte("\n"))) + "\n"
	entries := golden(t)
	last := entries[len(entries)-1]
	want := fmt.Sprintf("%d %s\n", last.Seq, last.Hash)
	if out, err := check(chain); err != nil || out != want {
		t.Errorf("%q, %v; want %q", out, err, want)
	}
	if out, err := check(strings.Replace(chain, `"seq":3`, `"seq":9`, 1)); err == nil {
		t.Errorf("a changed chain was found whole: %s", out)
	}
}
