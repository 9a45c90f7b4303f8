package built

import (
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"verifycall/cmd/verifycall/console"
	"verifycall/recorder/evidence"
	"verifycall/web"
)

const sbomUsage = `usage: verifycall sbom [PROGRAM]

Prints what this very program was built of as a CycloneDX 1.6 bill of materials
in JSON: the Go modules with their digests of go.sum, and the npm packages of the
pages with the digests of package-lock.json. With PROGRAM, the file of another
build of the same source: what that one was built of.
`

// bill is a CycloneDX bill of materials. It has no serial number and no time, so
// that the same build gives the same bill.
type bill struct {
	Format     string      `json:"bomFormat"`
	Spec       string      `json:"specVersion"`
	Version    int         `json:"version"`
	Metadata   billOf      `json:"metadata"`
	Components []component `json:"components"`
}

type billOf struct {
	Component component `json:"component"`
}

// component is one part of the bill.
type component struct {
	Type       string     `json:"type"`
	Ref        string     `json:"bom-ref"`
	Name       string     `json:"name"`
	Version    string     `json:"version,omitempty"`
	Scope      string     `json:"scope,omitempty"`
	Hashes     []hashOf   `json:"hashes,omitempty"`
	URL        string     `json:"purl,omitempty"` // package URL
	Properties []property `json:"properties,omitempty"`
}

type hashOf struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"` // hex
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// SBOM is the subcommand sbom. It gives the exit code.
func SBOM(args []string, out, errOut io.Writer) int {
	if len(args) > 1 || len(args) == 1 && strings.HasPrefix(args[0], "-") {
		fmt.Fprint(errOut, sbomUsage)
		return console.ExitUsage
	}
	statement, err := evidence.BuildStatement(), error(nil)
	if len(args) == 1 {
		statement, err = statementOf(args[0])
	}
	var b bill
	if err == nil {
		b, err = billOfMaterials(statement, web.Lock)
	}
	if err == nil {
		err = console.PrintJSON(out, b)
	}
	if err != nil {
		fmt.Fprintf(errOut, "verifycall sbom: %v\n", err)
		return 1
	}
	return 0
}

// statementOf reads what the program in a file was built of, whatever machine it is for.
func statementOf(file string) (evidence.Statement, error) {
	build, err := buildinfo.ReadFile(file)
	if err != nil {
		return evidence.Statement{}, err
	}
	return evidence.StatementOf(build), nil
}

// billOfMaterials gives the bill of a build and of the pages in it.
func billOfMaterials(s evidence.Statement, lock []byte) (bill, error) {
	own := component{Type: "application", Ref: s.Software, Name: s.Software, Version: s.Main.Version}
	for _, key := range slices.Sorted(maps.Keys(s.Settings)) {
		own.Properties = append(own.Properties, property{"go:build:" + key, s.Settings[key]})
	}
	b := bill{Format: "CycloneDX", Spec: "1.6", Version: 1, Metadata: billOf{own}}
	b.Components = append(b.Components, component{Type: "framework", Ref: "pkg:golang/std@" + strings.TrimPrefix(s.Go, "go"),
		Name: "std", Version: strings.TrimPrefix(s.Go, "go"), URL: "pkg:golang/std@" + strings.TrimPrefix(s.Go, "go")})
	for _, m := range s.Modules {
		b.Components = append(b.Components, moduleComponent(m))
	}
	pages, err := pageComponents(lock)
	if err != nil {
		return bill{}, err
	}
	b.Components = append(b.Components, pages...)
	return b, nil
}

// moduleComponent is a Go module. Its digest of go.sum ("h1:", a SHA-256 over the
// list of the files' digests) is no plain hash of a file, hence a property.
func moduleComponent(m evidence.Module) component {
	purl := "pkg:golang/" + m.Path + "@" + m.Version
	c := component{Type: "library", Ref: purl, Name: m.Path, Version: m.Version, URL: purl}
	if m.Sum != "" {
		c.Properties = []property{{"go:sum", m.Sum}}
	}
	return c
}

// pageComponents gives the packages of a package-lock.json (version 3) in the
// order of their paths. Those that only build the pages are of scope "excluded".
func pageComponents(lock []byte) ([]component, error) {
	var file struct {
		Packages map[string]struct {
			Version   string `json:"version"`
			Integrity string `json:"integrity"`
			Dev       bool   `json:"dev"`
			Optional  bool   `json:"optional"`
			Link      bool   `json:"link"`
		} `json:"packages"`
	}
	if err := json.Unmarshal(lock, &file); err != nil {
		return nil, fmt.Errorf("package-lock.json: %w", err)
	}
	var list []component
	for _, path := range slices.Sorted(maps.Keys(file.Packages)) {
		p := file.Packages[path]
		_, name, found := cutLast(path, "node_modules/")
		if !found || p.Link {
			continue
		}
		purl := "pkg:npm/" + strings.Replace(name, "@", "%40", 1) + "@" + p.Version
		c := component{Type: "library", Ref: purl + "#" + path, Name: name, Version: p.Version, URL: purl}
		if p.Dev || p.Optional {
			c.Scope = "excluded"
		}
		if encoded, is512 := strings.CutPrefix(p.Integrity, "sha512-"); is512 {
			sum, err := base64.StdEncoding.DecodeString(encoded)
			if err != nil {
				return nil, fmt.Errorf("package-lock.json: integrity of %s: %w", name, err)
			}
			c.Hashes = []hashOf{{"SHA-512", hex.EncodeToString(sum)}}
		}
		list = append(list, c)
	}
	return list, nil
}

// cutLast is strings.Cut around the last separator.
func cutLast(s, sep string) (before, after string, found bool) {
	if at := strings.LastIndex(s, sep); at >= 0 {
		return s[:at], s[at+len(sep):], true
	}
	return s, "", false
}
