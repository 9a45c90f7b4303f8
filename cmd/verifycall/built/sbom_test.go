package built

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"verifycall/cmd/verifycall/console"
	"verifycall/recorder/evidence"
	"verifycall/web"
)

// TestBillNamesEverything: each module of the build and each package of the
// pages is in the bill with its digest, and the bill is the same each time.
func TestBillNamesEverything(t *testing.T) {
	statement := evidence.Statement{Software: "verifycall", Go: "go1.26.8", Settings: map[string]string{"-trimpath": "true"},
		Modules: []evidence.Module{{Path: "example.org/a", Version: "v1.2.3", Sum: "h1:x="}}}
	b, err := billOfMaterials(statement, web.Lock)
	if err != nil {
		t.Fatal(err)
	}
	find := func(url string) component {
		i := slices.IndexFunc(b.Components, func(c component) bool { return strings.HasPrefix(c.URL, url) })
		if i < 0 {
			t.Fatalf("no %s among %d components", url, len(b.Components))
		}
		return b.Components[i]
	}
	if c := find("pkg:golang/example.org/a@v1.2.3"); len(c.Properties) != 1 || c.Properties[0].Value != "h1:x=" {
		t.Errorf("%+v", c)
	}
	find("pkg:golang/std@1.26.8")
	if c := find("pkg:npm/preact@"); len(c.Hashes) != 1 || len(c.Hashes[0].Content) != 128 || c.Scope != "" {
		t.Errorf("%+v", c)
	}
	if c := find("pkg:npm/vite@"); c.Scope != "excluded" {
		t.Errorf("%+v", c)
	}
	find("pkg:npm/%40preact/signals@")
	refs := map[string]bool{}
	for _, c := range b.Components {
		if refs[c.Ref] || c.Version == "" {
			t.Errorf("%+v is there twice or has no version", c)
		}
		refs[c.Ref] = true
	}
}

func TestSBOMCommand(t *testing.T) {
	var first, second bytes.Buffer
	if SBOM(nil, &first, io.Discard) != 0 || SBOM(nil, &second, io.Discard) != 0 {
		t.Fatal("the command fails")
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("two bills of one program differ")
	}
	var b bill
	if err := json.Unmarshal(first.Bytes(), &b); err != nil || b.Format != "CycloneDX" || b.Spec != "1.6" {
		t.Errorf("%+v, %v", b.Metadata, err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var ofFile bytes.Buffer
	if SBOM([]string{self}, &ofFile, io.Discard) != 0 || !bytes.Equal(first.Bytes(), ofFile.Bytes()) {
		t.Error("the bill of this program's file is another")
	}
	if SBOM([]string{"sbom_test.go"}, io.Discard, io.Discard) != 1 {
		t.Error("takes what is no program")
	}
	if SBOM([]string{self, "more"}, io.Discard, io.Discard) != console.ExitUsage {
		t.Error("takes more arguments")
	}
}
