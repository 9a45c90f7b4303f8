// Command generate writes web/src/protocol.ts and docs/protocol.md from the Go
// types, comments and examples of package protocol. Run it by go generate.
package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sort"
	"strings"

	"verifycall/calls/protocol"
)

//go:embed protocol.md.txt
var preface string

type field struct{ name, typ, comment string }

type message struct {
	name, doc string
	fields    []field
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// run expects the working directory calls/protocol, as go generate sets it.
func run() error {
	types, err := structs(".")
	if err != nil {
		return err
	}
	raw, err := os.ReadFile("examples.json")
	if err != nil {
		return err
	}
	var examples map[string]map[string]json.RawMessage
	if err := json.Unmarshal(raw, &examples); err != nil {
		return fmt.Errorf("examples.json: %w", err)
	}
	if err := os.WriteFile("../../web/src/protocol.ts", []byte(typescript(types)), 0o644); err != nil {
		return err
	}
	page, err := markdown(types, examples)
	if err != nil {
		return err
	}
	return os.WriteFile("../../docs/protocol.md", []byte(page), 0o644)
}

// structs reads the struct types of the package in dir, by name.
func structs(dir string) (map[string]message, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	found := map[string]message{}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		for _, decl := range file.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok || gen.Tok != token.TYPE {
				continue
			}
			spec := gen.Specs[0].(*ast.TypeSpec)
			if st, ok := spec.Type.(*ast.StructType); ok {
				found[spec.Name.Name] = message{spec.Name.Name, oneLine(gen.Doc.Text()), fieldsOf(st)}
			}
		}
	}
	return found, nil
}

func fieldsOf(st *ast.StructType) []field {
	var fields []field
	for _, f := range st.Fields.List {
		if f.Tag == nil || len(f.Names) == 0 {
			continue
		}
		tag := reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json")
		name, options, _ := strings.Cut(tag, ",")
		if strings.Contains(options, "omitempty") {
			name += "?"
		}
		fields = append(fields, field{name, tsType(f.Type), oneLine(f.Comment.Text())})
	}
	return fields
}

func tsType(expr ast.Expr) string {
	switch t := expr.(type) {
	case *ast.StarExpr:
		return tsType(t.X)
	case *ast.ArrayType:
		return tsType(t.Elt) + "[]"
	case *ast.MapType:
		return "Record<" + tsType(t.Key) + ", " + tsType(t.Value) + ">"
	case *ast.SelectorExpr:
		return "string" // time.Time travels as RFC 3339
	case *ast.Ident:
		switch t.Name {
		case "string":
			return "string"
		case "bool":
			return "boolean"
		case "int", "int64", "float64":
			return "number"
		}
		return t.Name
	}
	panic(fmt.Sprintf("no TypeScript for %T", expr))
}

func typescript(types map[string]message) string {
	var b strings.Builder
	b.WriteString("// Generated from calls/protocol by go generate; don't edit.\n\n")
	union(&b, "Role", []string{"seller", "manager", "auditor"})
	union(&b, "Code", codes())
	list(&b, "Slots", protocol.Slots)
	list(&b, "Items", protocol.Items)
	list(&b, "FaceFeatures", protocol.FaceFeatures)
	list(&b, "Commands", protocol.Commands)
	list(&b, "Decisions", protocol.Decisions)
	list(&b, "Verdicts", protocol.Verdicts)
	list(&b, "Reasons", protocol.Reasons)
	list(&b, "Flags", protocol.Flags)
	list(&b, "StepKinds", protocol.StepKinds)
	list(&b, "SkipReasons", protocol.SkipReasons)
	for _, name := range sorted(types) {
		t := types[name]
		if len(t.fields) == 0 && !isMessage(name) || name == "Envelope" {
			continue
		}
		fmt.Fprintf(&b, "/** %s */\nexport interface %s {\n", t.doc, name)
		for _, f := range t.fields {
			if f.comment != "" {
				fmt.Fprintf(&b, "  /** %s */\n", f.comment)
			}
			fmt.Fprintf(&b, "  %s: %s;\n", f.name, f.typ)
		}
		b.WriteString("}\n\n")
	}
	mapping(&b, "ClientMessages", protocol.ClientTypes())
	mapping(&b, "ServerMessages", protocol.ServerTypes())
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func isMessage(name string) bool {
	for _, table := range []map[string]string{protocol.ClientTypes(), protocol.ServerTypes()} {
		for _, typ := range table {
			if typ == name {
				return true
			}
		}
	}
	return false
}

func codes() []string {
	var all []string
	for code := range protocol.Table {
		all = append(all, string(code))
	}
	slices.Sort(all)
	return all
}

func union(b *strings.Builder, name string, values []string) {
	fmt.Fprintf(b, "export type %s = '%s';\n\n", name, strings.Join(values, "' | '"))
}

func list(b *strings.Builder, name string, values []string) {
	fmt.Fprintf(b, "export const %s = ['%s'] as const;\n\n", name, strings.Join(values, "', '"))
}

func mapping(b *strings.Builder, name string, table map[string]string) {
	fmt.Fprintf(b, "export interface %s {\n", name)
	for _, t := range sorted(table) {
		fmt.Fprintf(b, "  %s: %s;\n", t, table[t])
	}
	b.WriteString("}\n\n")
}

func markdown(types map[string]message, examples map[string]map[string]json.RawMessage) (string, error) {
	var b strings.Builder
	b.WriteString(preface)
	if err := chapter(&b, "client", "From the page to the server", protocol.ClientTypes(), types, examples["client"]); err != nil {
		return "", err
	}
	if err := chapter(&b, "server", "From the server to the page", protocol.ServerTypes(), types, examples["server"]); err != nil {
		return "", err
	}
	b.WriteString("\n## Parts of the messages\n")
	for _, name := range sorted(types) {
		if t := types[name]; len(t.fields) > 0 && !isMessage(name) && name != "Envelope" {
			fmt.Fprintf(&b, "\n### %s\n\n%s\n\n", name, t.doc)
			table(&b, t.fields)
		}
	}
	b.WriteString("\n## Codes\n\n| code | HTTP status | close code | try again |\n| --- | --- | --- | --- |\n")
	for _, code := range codes() {
		k := protocol.Table[protocol.Code(code)]
		fmt.Fprintf(&b, "| `%s` | %d | %d | %s |\n", code, k.Status, k.Close, map[bool]string{true: "yes", false: "no"}[k.Retryable])
	}
	return b.String(), nil
}

func chapter(b *strings.Builder, side, title string, names map[string]string, types map[string]message, examples map[string]json.RawMessage) error {
	fmt.Fprintf(b, "\n## %s\n", title)
	for _, t := range sorted(names) {
		m := types[names[t]]
		example, ok := examples[t]
		if !ok {
			return fmt.Errorf("examples.json has no %s example %q", side, t)
		}
		fmt.Fprintf(b, "\n### `%s`\n\n%s\n\n", t, m.doc)
		if len(m.fields) > 0 {
			table(b, m.fields)
			b.WriteString("\n")
		}
		line, err := frame(side, t, example)
		if err != nil {
			return err
		}
		fmt.Fprintf(b, "```json\n%s\n```\n", line)
	}
	return nil
}

func frame(side, t string, example json.RawMessage) ([]byte, error) {
	env := protocol.Envelope{Type: t, Data: example}
	if side == "client" {
		env.ID = "c17"
	} else if t == "ok" || t == "error" || t == "answer" {
		env.Re = "c17"
	}
	return json.Marshal(env)
}

func table(b *strings.Builder, fields []field) {
	b.WriteString("| field | type | meaning |\n| --- | --- | --- |\n")
	for _, f := range fields {
		name, optional := strings.CutSuffix(f.name, "?")
		meaning := strings.ReplaceAll(f.comment, "|", "\\|")
		if optional {
			meaning = strings.TrimSpace("optional. " + meaning)
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", name, f.typ, meaning)
	}
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
