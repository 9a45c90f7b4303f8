package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestDrawHoldsWhatTheProfileAsks(t *testing.T) {
	library := Default()
	for _, profile := range library.Profiles() {
		for _, name := range append(slices.Clone(profile.Documents), "library_card") {
			document := library.Document(name)
			for i := range 300 {
				seed, nonce := drawnFrom(i)
				p, err := Draw(profile, document, seed, nonce)
				if err != nil {
					t.Fatal(err)
				}
				checkPlan(t, profile, document, p)
			}
		}
	}
}

func drawnFrom(i int) (seed, nonce []byte) {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))
	return sum[:], sum[:NonceSize]
}

func checkPlan(t *testing.T, profile *Profile, document *Document, p Plan) {
	t.Helper()
	variable := 0
	for _, code := range p.Of(KindFeature) {
		at := slices.IndexFunc(document.Features, func(f Feature) bool { return f.Code == code })
		if at < 0 {
			t.Fatalf("%s: %s has no %s", p.Profile, p.Document, code)
		}
		if document.Features[at].Kind == opticallyVariable {
			variable++
		}
	}
	codes := map[string]bool{}
	for _, s := range p.Steps {
		if codes[s.Code] {
			t.Fatalf("%s: %s twice", p.Profile, s.Code)
		}
		codes[s.Code] = true
	}
	for _, slot := range profile.Slots {
		if document.has(slot) != codes[slot] {
			t.Errorf("%s for %s: step %s there: %v", p.Profile, p.Document, slot, codes[slot])
		}
	}
	if n := len(p.Of(KindFeature)); n != profile.Features.Count || variable < profile.Features.OpticallyVariable || n < 3 || variable < 2 {
		t.Errorf("%s: %d features, %d of them variable", p.Profile, n, variable)
	}
	if len(p.Of(KindChallenge)) != profile.Challenges.Count || len(p.Of(KindQuestion)) != profile.Questions.Count {
		t.Errorf("%s: %v", p.Profile, p.Steps)
	}
	if p.Steps[0].Code != "FACE" || p.Steps[len(p.Steps)-1].Code != Compare {
		t.Errorf("%s begins with %s and ends with %s", p.Profile, p.Steps[0].Code, p.Steps[len(p.Steps)-1].Code)
	}
}

// Each feature, challenge and question has to come up, and about as often as
// its like: neither side can foresee them.
func TestDrawIsFair(t *testing.T) {
	const draws = 6000
	profile, err := Default().Profile("marketplace-1")
	if err != nil {
		t.Fatal(err)
	}
	document, times, firsts := Default().Document("id_card"), map[string]int{}, map[string]int{}
	for i := range draws {
		seed, nonce := drawnFrom(i)
		p, err := Draw(profile, document, seed, nonce)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range p.Steps {
			times[s.Code]++
		}
		firsts[p.Steps[3].Code]++
	}
	for _, code := range profile.Challenges.From {
		if want := draws / len(profile.Challenges.From); times[code] < want*85/100 || times[code] > want*115/100 {
			t.Errorf("%s drawn %d times of %d, about %d wanted", code, times[code], draws, want)
		}
	}
	for _, f := range document.Features {
		if times[f.Code] < draws/10 {
			t.Errorf("%s drawn %d times of %d", f.Code, times[f.Code], draws)
		}
	}
	if share := firsts["FACE_WITH_DOC"]; share < draws/8 || share > draws/4 { // one of six
		t.Errorf("FACE_WITH_DOC came first of the middle %d times of %d", share, draws)
	}
}

// The draw is part of the evidence's format: these were drawn once and must be
// drawn so for ever.
func TestDrawGolden(t *testing.T) {
	text, err := os.ReadFile("testdata/draws.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden []struct {
		Seed  string `json:"seed"`
		Nonce string `json:"nonce"`
		Plan  Plan   `json:"plan"`
	}
	if err := json.Unmarshal(text, &golden); err != nil || len(golden) < 3 {
		t.Fatalf("%d golden draws, %v", len(golden), err)
	}
	for _, g := range golden {
		profile, err := Default().Profile(g.Plan.Profile)
		if err != nil {
			t.Fatal(err)
		}
		document, err := Default().DocumentByID(g.Plan.Document)
		if err != nil {
			t.Fatal(err)
		}
		seed, _ := hex.DecodeString(g.Seed)
		nonce, _ := hex.DecodeString(g.Nonce)
		p, err := Draw(profile, document, seed, nonce)
		if err != nil || !slices.Equal(p.Steps, g.Plan.Steps) {
			t.Errorf("%s for %s:\n%v\nwant\n%v (%v)", p.Profile, p.Document, p.Steps, g.Plan.Steps, err)
		}
	}
}

func TestDrawRefusesOtherSizes(t *testing.T) {
	profile, _ := Default().Profile("marketplace-1")
	for _, sizes := range [][2]int{{0, 0}, {31, 16}, {32, 15}, {33, 16}, {32, 0}} {
		if _, err := Draw(profile, Default().Document("passport"), make([]byte, sizes[0]), make([]byte, sizes[1])); err == nil {
			t.Errorf("seed of %d and nonce of %d bytes drawn from", sizes[0], sizes[1])
		}
	}
}

func TestLibrary(t *testing.T) {
	l := Default()
	var ids []string
	for _, p := range l.Profiles() {
		ids = append(ids, p.ID())
		var plain bytes.Buffer
		if err := json.Compact(&plain, p.Text()); err != nil {
			t.Fatal(err)
		}
		again, err := ParseProfile(plain.Bytes()) // other white space, same digest
		if err != nil || p.Digest() != again.Digest() || len(p.Digest()) != 64 {
			t.Errorf("%s: digest %s, without white space %s (%v)", p.ID(), p.Digest(), again.Digest(), err)
		}
	}
	if want := []string{"bafin_like-1", "bafin_like-2", "marketplace-1", "nist_like-1"}; !slices.Equal(ids, want) {
		t.Errorf("profiles %v, want %v", ids, want)
	}
	if d := l.Document("nobody's paper"); d == nil || d.Name != AnyDocument {
		t.Errorf("unknown document gives %v", d)
	}
	if _, err := l.Profile("marketplace-2"); !errors.Is(err, ErrUnknown) {
		t.Errorf("unknown profile: %v", err)
	}
	if _, err := l.DocumentByID("id_card-9"); !errors.Is(err, ErrUnknown) {
		t.Errorf("unknown document: %v", err)
	}
}

func TestReadRefuses(t *testing.T) {
	cases := map[string]struct {
		file, from, to, says string
	}{
		"two features":      {"profiles/marketplace-1.json", `"count": 3`, `"count": 2`, "minimum"},
		"one variable":      {"profiles/marketplace-1.json", `"optically_variable": 2`, `"optically_variable": 1`, "minimum"},
		"too many features": {"profiles/marketplace-1.json", `"count": 3`, `"count": 9`, "more features than"},
		"a slot unknown":    {"profiles/marketplace-1.json", `"FACE_WITH_DOC"`, `"ELBOW"`, "must be one of"},
		"a field unknown":   {"profiles/marketplace-1.json", `"version": 1`, `"version": 1, "score": 2`, "additional"},
		"a document gone":   {"profiles/marketplace-1.json", `"passport"`, `"pass_port"`, "no such"},
		"another name":      {"profiles/marketplace-1.json", `"name": "marketplace"`, `"name": "market"`, "must be named market-1.json"},
		"no JSON":           {"documents/passport-1.json", `{`, `[`, "passport-1.json"},
		"a kind unknown":    {"documents/passport-1.json", `"print"`, `"face"`, "must be one of"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			files := copied(t)
			text := bytes.Replace(files[c.file].Data, []byte(c.from), []byte(c.to), 1)
			if bytes.Equal(text, files[c.file].Data) {
				t.Fatalf("%s has no %s", c.file, c.from)
			}
			files[c.file] = &fstest.MapFile{Data: text}
			if _, err := Read(files); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want something with %q", err, c.says)
			}
		})
	}
	files := copied(t)
	files["profiles/marketplace-1.json"] = &fstest.MapFile{Data: bytes.Repeat([]byte(" "), maxFile+1)}
	if _, err := Read(files); err == nil || !strings.Contains(err.Error(), "over") {
		t.Errorf("a giant file: %v", err)
	}
}

func copied(t *testing.T) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(data, "data", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := data.ReadFile(name)
		files[strings.TrimPrefix(name, "data/")] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func FuzzRead(f *testing.F) {
	text, err := data.ReadFile("data/profiles/marketplace-1.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	documents, err := data.ReadFile("data/documents/other-1.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := Read(fstest.MapFS{"profiles/marketplace-1.json": {Data: text}, "documents/other-1.json": {Data: documents}})
		if err != nil {
			return
		}
		seed, nonce := drawnFrom(1)
		for _, p := range l.Profiles() {
			if _, err := Draw(p, l.Document(AnyDocument), seed, nonce); err != nil {
				t.Error(err)
			}
		}
	})
}
