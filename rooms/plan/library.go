package plan

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"

	"github.com/gowebpki/jcs"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

//go:embed data
var data embed.FS

// AnyDocument is the type of a document that isn't known: its features are
// those that most cards have.
const AnyDocument = "other"

// maxFile bounds a file of a library, maxFiles a library.
const (
	maxFile  = 64 << 10
	maxFiles = 500
)

// ErrUnknown says that a library has no such profile or document type.
var ErrUnknown = errors.New("no such profile or document type")

// Library is a set of profiles and document types. It never changes.
type Library struct {
	profiles  map[string]*Profile  // by id
	documents map[string]*Document // by id
}

// Default is the library that the program carries.
func Default() *Library { return builtin }

var builtin = func() *Library {
	files, err := fs.Sub(data, "data")
	if err == nil {
		var l *Library
		if l, err = Read(files); err == nil {
			return l
		}
	}
	panic(err) // a programmer's error: a test reads the same files
}()

// Read reads profiles/*.json and documents/*.json. Each is validated by its
// schema, is named by its id, and asks for no more than its document types have.
// The error joins all faults.
func Read(files fs.FS) (*Library, error) {
	l := &Library{map[string]*Profile{}, map[string]*Document{}}
	var faults []error
	faults = append(faults, each(files, "documents", func(name string, text []byte) error {
		d, err := ParseDocument(text)
		if err != nil {
			return err
		}
		l.documents[d.ID()] = d
		return named(name, d.ID())
	}))
	faults = append(faults, each(files, "profiles", func(name string, text []byte) error {
		p, err := ParseProfile(text)
		if err != nil {
			return err
		}
		l.profiles[p.ID()] = p
		return errors.Join(named(name, p.ID()), l.satisfiable(p))
	}))
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return l, nil
}

// Profile gives the profile of that id.
func (l *Library) Profile(id string) (*Profile, error) {
	if p := l.profiles[id]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("profile %.64q: %w", id, ErrUnknown)
}

// Document gives the newest version of the document type of that name, of
// AnyDocument where there is none.
func (l *Library) Document(name string) *Document {
	if d := l.newest(name); d != nil {
		return d
	}
	return l.newest(AnyDocument)
}

// DocumentByID gives the document type of that id.
func (l *Library) DocumentByID(id string) (*Document, error) {
	if d := l.documents[id]; d != nil {
		return d, nil
	}
	return nil, fmt.Errorf("document type %.64q: %w", id, ErrUnknown)
}

// Profiles lists all profiles by id.
func (l *Library) Profiles() []*Profile {
	list := make([]*Profile, 0, len(l.profiles))
	for _, id := range slices.Sorted(maps.Keys(l.profiles)) {
		list = append(list, l.profiles[id])
	}
	return list
}

func (l *Library) newest(name string) *Document {
	var newest *Document
	for _, d := range l.documents {
		if d.Name == name && (newest == nil || d.Version > newest.Version) {
			newest = d
		}
	}
	return newest
}

// satisfiable checks that each accepted document has the features asked for.
func (l *Library) satisfiable(p *Profile) error {
	var faults []error
	for _, name := range append(slices.Clone(p.Documents), AnyDocument) {
		d := l.newest(name)
		if d == nil {
			faults = append(faults, fmt.Errorf("profile %s: document type %s: %w", p.ID(), name, ErrUnknown))
			continue
		}
		variable := 0
		for _, f := range d.Features {
			if f.Kind == opticallyVariable {
				variable++
			}
		}
		if variable < p.Features.OpticallyVariable || len(d.Features) < p.Features.Count {
			faults = append(faults, fmt.Errorf("profile %s asks for more features than %s has", p.ID(), d.ID()))
		}
	}
	if len(p.Challenges.From) < p.Challenges.Count || len(p.Questions.From) < p.Questions.Count ||
		p.Features.Count < p.Features.OpticallyVariable {
		faults = append(faults, fmt.Errorf("profile %s draws more than it lists", p.ID()))
	}
	return errors.Join(faults...)
}

func each(files fs.FS, folder string, take func(name string, text []byte) error) error {
	entries, err := fs.ReadDir(files, folder)
	if err != nil {
		return err
	}
	if len(entries) > maxFiles {
		return fmt.Errorf("%s: more than %d files", folder, maxFiles)
	}
	var faults []error
	for _, e := range entries {
		name := path.Join(folder, e.Name())
		if path.Ext(name) != ".json" {
			continue
		}
		about, err := fs.Stat(files, name)
		if err == nil && about.Size() > maxFile {
			err = fmt.Errorf("over %d bytes", maxFile)
		}
		var text []byte
		if err == nil {
			text, err = fs.ReadFile(files, name)
		}
		if err == nil {
			err = take(e.Name(), text)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(faults...)
}

// ParseProfile reads a profile and validates it by its schema.
func ParseProfile(text []byte) (*Profile, error) {
	p := &Profile{text: text}
	var err error
	p.digest, err = strict(profileSchema, text, p)
	return p, err
}

// ParseDocument reads a document type and validates it by its schema.
func ParseDocument(text []byte) (*Document, error) {
	d := &Document{text: text}
	var err error
	d.digest, err = strict(documentSchema, text, d)
	return d, err
}

// strict validates text by the schema, decodes it and gives the SHA-256 of its
// canonical form (RFC 8785).
func strict(schema *jsonschema.Schema, text []byte, into any) (digest string, err error) {
	if len(text) > maxFile {
		return "", fmt.Errorf("over %d bytes", maxFile)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return "", err
	}
	if err := schema.Validate(value); err != nil {
		return "", err
	}
	plain, err := jcs.Transform(text)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(plain)
	return hex.EncodeToString(sum[:]), json.Unmarshal(text, into)
}

func compiled(name string) *jsonschema.Schema {
	text, err := data.ReadFile("data/schema/" + name)
	if err != nil {
		panic(err) // embedded
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		panic(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("urn:verifycall:"+name, value); err != nil {
		panic(err)
	}
	return c.MustCompile("urn:verifycall:" + name)
}

var (
	profileSchema  = compiled("profile.schema.json")
	documentSchema = compiled("document.schema.json")
)

func named(file, id string) error {
	if file != id+".json" {
		return fmt.Errorf("holds %s, must be named %s.json", id, id)
	}
	return nil
}

func id(name string, version int) string { return name + "-" + strconv.Itoa(version) }
