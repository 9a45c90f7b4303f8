package ledger

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// lines reads a golden file. The files were written by another implementation
// (Python's json with sorted keys and hashlib), so they also test the format.
func lines(t testing.TB, name string) [][]byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
}

func golden(t testing.TB) []Entry {
	t.Helper()
	var entries []Entry
	for i, line := range lines(t, "chain.jsonl") {
		e, err := Parse(line)
		if err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		entries = append(entries, e)
	}
	return entries
}

func TestGoldenChainHolds(t *testing.T) {
	if err := Verify(golden(t)); err != nil {
		t.Fatal(err)
	}
}

func TestAppendWritesTheGoldenLines(t *testing.T) {
	var head Head
	for i, want := range golden(t) {
		e, err := Append(head, want.Time(), want.Actor, want.Type, want.Body)
		if err != nil {
			t.Fatal(err)
		}
		line, err := e.Line()
		if err != nil {
			t.Fatal(err)
		}
		if golden := lines(t, "chain.jsonl")[i]; !bytes.Equal(line, golden) {
			t.Fatalf("entry %d:\n%s\nwant\n%s", i+1, line, golden)
		}
		head = e.Head()
	}
}

func TestVerifyNamesTheEntry(t *testing.T) {
	for name, c := range map[string]struct {
		change func(e []Entry) []Entry
		seq    int64
	}{
		"body changed":    {func(e []Entry) []Entry { e[2].Body["slot"] = "DOC_BACK"; return e }, 3},
		"actor changed":   {func(e []Entry) []Entry { e[1].Actor = "manager:m2"; return e }, 2},
		"time changed":    {func(e []Entry) []Entry { e[3].At = "2026-11-24T09:00:09Z"; return e }, 4},
		"entry missing":   {func(e []Entry) []Entry { return append(e[:1:1], e[2:]...) }, 2},
		"first missing":   {func(e []Entry) []Entry { return e[1:] }, 1},
		"order":           {func(e []Entry) []Entry { e[1], e[2] = e[2], e[1]; return e }, 2},
		"twice":           {func(e []Entry) []Entry { return append(e[:2:2], e[1:]...) }, 3},
		"last made anew":  {remade, 4},
		"hash made anew":  {func(e []Entry) []Entry { e[2].Body["slot"] = "X"; e[2].Hash, _ = e[2].Digest(); return e }, 4},
		"another version": {func(e []Entry) []Entry { e[4].V = 2; e[4].Hash, _ = e[4].Digest(); return e }, 5},
	} {
		var broken *ChainError
		if err := Verify(c.change(golden(t))); !errors.As(err, &broken) || broken.Seq != c.seq {
			t.Errorf("%s: got %v, want an error at %d", name, err, c.seq)
		}
	}
}

// remade puts a sound entry in that follows another one.
func remade(entries []Entry) []Entry {
	e, err := Append(entries[1].Head(), entries[3].Time(), "system", "forged", nil)
	if err != nil {
		panic(err)
	}
	e.Seq = 4
	e.Hash, _ = e.Digest()
	entries[3] = e
	return entries
}

func TestAppendRefuses(t *testing.T) {
	at := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	for name, body := range map[string]map[string]any{
		"name":        {"name": "Jörg"},
		"control":     {"text": "a\nb"},
		"key":         {"straße": 1},
		"empty key":   {"": 1},
		"big":         {"n": int64(1) << 53},
		"big uint":    {"n": uint64(1) << 63},
		"fraction":    {"n": 0.5},
		"not finite":  {"n": inf()},
		"null":        {"n": nil},
		"struct":      {"n": struct{ A int }{1}},
		"pointer":     {"n": new(int)},
		"inner":       {"list": []any{map[string]any{"n": "é"}}},
		"number":      {"n": json.Number("1e3")},
		"int keys":    {"n": map[int]string{1: "a"}},
		"deep":        {"a": deep(10)},
		"long":        {"text": strings.Repeat("x", MaxLine)},
		"raw message": {"n": struct{ json.RawMessage }{}},
	} {
		if e, err := Append(Head{}, at, "system", "t", body); !errors.Is(err, ErrBody) {
			t.Errorf("%s: got %+v, %v", name, e, err)
		}
	}
	for _, name := range []string{"", "Jörg", "a\tb"} {
		if _, err := Append(Head{}, at, name, "t", nil); !errors.Is(err, ErrBody) {
			t.Errorf("actor %q: %v", name, err)
		}
		if _, err := Append(Head{}, at, "system", name, nil); !errors.Is(err, ErrBody) {
			t.Errorf("type %q: %v", name, err)
		}
	}
}

func inf() float64 { zero := 0.0; return 1 / zero }

func deep(n int) any {
	if n == 0 {
		return "x"
	}
	return []any{deep(n - 1)}
}

func TestAppendCopiesNamedTypes(t *testing.T) {
	type word string
	body := map[string]any{
		"c": Commitment("ab"), "w": word("x"), "u": uint32(7), "i": 3, "f": 4.0, "n": json.Number("5"),
		"words": []word{"a"}, "counts": map[string]int{"seller.video": 993}, "b": true, "none": []string(nil),
	}
	e, err := Append(Head{}, time.Now(), "system", "t", body)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"c": "ab", "w": "x", "u": int64(7), "i": int64(3), "f": int64(4), "n": int64(5), "words": []any{"a"},
		"counts": map[string]any{"seller.video": int64(993)}, "b": true, "none": []any{},
	}
	if !reflect.DeepEqual(e.Body, want) {
		t.Fatalf("got %#v", e.Body)
	}
	line, err := e.Line()
	if err != nil {
		t.Fatal(err)
	}
	back, err := Parse(line)
	if err != nil || !reflect.DeepEqual(back, e) {
		t.Fatalf("%s came back as %+v, %v", line, back, err)
	}
}

func TestLongestEntryCanBeParsed(t *testing.T) {
	for n := MaxLine - 300; ; n++ {
		e, err := Append(Head{}, time.Unix(0, 0), "system", "t", map[string]any{"text": strings.Repeat("x", n)})
		if err != nil {
			if n == MaxLine-300 {
				t.Fatal(err)
			}
			return
		}
		line, err := e.Line()
		if err != nil || len(line) > MaxLine {
			t.Fatalf("%d bytes, %v", len(line), err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	line := string(lines(t, "chain.jsonl")[1])
	swap := func(old, new string) string {
		changed := strings.Replace(line, old, new, 1)
		if changed == line {
			t.Fatalf("%q is not in the line", old)
		}
		return changed
	}
	for name, text := range map[string]string{
		"empty":       "",
		"null":        "null",
		"list":        "[]",
		"space":       line + " ",
		"newline":     line + "\n",
		"two":         line + line,
		"field more":  swap(`{"actor"`, `{"a":1,"actor"`),
		"field twice": swap(`"type":"notice"`, `"type":"notice","type":"notice"`),
		"field less":  swap(`"actor":"seller",`, ``),
		"key case":    swap(`"actor"`, `"Actor"`),
		"order":       `{"v":1,` + strings.TrimSuffix(line[1:], `,"v":1}`) + `}`,
		"escape":      swap(`"seller"`, `"\u0073eller"`),
		"number form": swap(`"seq":2`, `"seq":2.0`),
		"seq":         swap(`"seq":2`, `"seq":-2`),
		"zone":        swap(`09:00:00.5Z`, `10:00:00.5+01:00`),
		"time form":   swap(`09:00:00.5Z`, `09:00:00.500Z`),
		"hash":        swap(`"hash":"`, `"hash":"00`),
		"upper hash":  swap(`"hash":"`+golden(t)[1].Hash, `"hash":"`+strings.ToUpper(golden(t)[1].Hash)),
		"body null":   swap(`"body":{"answer":"agreed","language":"zh-Hans","version":"2026-11","who":"seller"}`, `"body":null`),
		"fraction":    swap(`"answer":"agreed"`, `"answer":0.5`),
		"not ASCII":   swap(`agreed`, `agréed`),
		"version":     swap(`"v":1`, `"v":9`),
		"long":        swap(`agreed`, strings.Repeat("x", MaxLine)),
	} {
		if e, err := Parse([]byte(text)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: got %+v, %v", name, e, err)
		}
	}
}

func TestGoldenCommitments(t *testing.T) {
	for i, line := range lines(t, "commitments.jsonl") {
		var p Private
		if err := json.Unmarshal(line, &p); err != nil {
			t.Fatal(err)
		}
		if err := p.Check(); err != nil {
			t.Errorf("line %d: %v", i+1, err)
		}
		var value any
		if err := json.Unmarshal(p.Value, &value); err != nil {
			t.Fatal(err)
		}
		salt, _ := hex.DecodeString(p.Salt)
		made, err := Commit(value, [16]byte(salt))
		if err != nil || made.Commitment != p.Commitment || made.Salt != p.Salt {
			t.Errorf("line %d: made %+v, %v", i+1, made, err)
		}
		for name, bad := range map[string]Private{
			"value":      {p.Commitment, p.Salt, json.RawMessage(`"Ann"`)},
			"no value":   {p.Commitment, p.Salt, nil},
			"salt":       {p.Commitment, strings.Repeat("0", 32), p.Value},
			"short salt": {p.Commitment, "00", p.Value},
			"commitment": {"", p.Salt, p.Value},
		} {
			if err := bad.Check(); !errors.Is(err, ErrCommitment) {
				t.Errorf("line %d, other %s: %v", i+1, name, err)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, line := range lines(f, "chain.jsonl") {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := Parse(line)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		again, err := e.Line()
		if err != nil || !bytes.Equal(again, line) {
			t.Fatalf("%s came back as %s, %v", line, again, err)
		}
		made, err := Append(Head{e.Seq - 1, e.Prev}, e.Time(), e.Actor, e.Type, e.Body)
		if err != nil {
			t.Fatalf("Append refuses what Parse took: %v", err)
		}
		if digest, _ := e.Digest(); made.Hash != digest {
			t.Fatalf("another hash: %s, %s", made.Hash, digest)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	body := golden(b)[2].Body
	for b.Loop() {
		if _, err := Append(Head{}, time.Time{}, "system", "capture", body); err != nil {
			b.Fatal(err)
		}
	}
}
