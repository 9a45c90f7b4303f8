package evidence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"verifycall/recorder/evidence/objects"
)

// The largest files that a verifier holds in memory, and how many files it
// takes, so that a hostile bundle can't exhaust it.
const (
	maxTagManifest = 4 << 10
	maxManifest    = 16 << 20
	maxSignature   = 4 << 10
	maxJSON        = 16 << 20
	maxLine        = 1 << 20 // of ledger.jsonl, private.jsonl and the frame indexes
	maxEntries     = 1 << 20
	maxStill       = 64 << 20
	maxFiles       = 100_000
)

// bag is a bundle to be verified, wherever it lies.
type bag interface {
	// names lists every file, sorted. What isn't a plain file with a plain
	// name is a *wrong.
	names(ctx context.Context) ([]string, error)
	// open reads a file from its start; io.EOF comes only after the
	// container's own checks of it, if it has any.
	open(ctx context.Context, name string) (io.ReadCloser, error)
	// room is the room that the container says the bundle is of, or "".
	room() string
}

// wrong is a fault of the bundle itself, in contrast to one of reading it.
type wrong struct {
	Item string // path in the bundle, or the container's name
	Why  string
}

func (w *wrong) Error() string { return w.Item + ": " + w.Why }

// isWrong makes a *wrong.
func isWrong(item, format string, args ...any) error {
	return &wrong{Item: item, Why: fmt.Sprintf(format, args...)}
}

// readWhole reads a file of the bag into memory. More than limit bytes, or a
// missing file, is a *wrong.
func readWhole(ctx context.Context, b bag, name string, limit int64) ([]byte, error) {
	f, err := b.open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > limit {
		return nil, isWrong(name, "longer than the %d bytes that such a file may have", limit)
	}
	return text, nil
}

// dirBag is a bundle unpacked into a folder.
type dirBag struct{ root *os.Root }

func (d dirBag) room() string { return "" }

func (d dirBag) names(ctx context.Context) ([]string, error) {
	var names []string
	err := fs.WalkDir(d.root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case e.IsDir() && knownDir(name):
			return nil
		case e.IsDir():
			return isWrong(name, "is a folder that doesn't belong to a bundle")
		case !e.Type().IsRegular():
			return isWrong(name, "is not a plain file")
		case objects.CheckName(name) != nil:
			return isWrong(name, "has a name that doesn't belong to a bundle")
		case len(names) == maxFiles:
			return isWrong(name, "is one file too many, %d is the limit", maxFiles)
		}
		names = append(names, name)
		return nil
	})
	slices.Sort(names)
	return names, err
}

// knownDir tells whether a bundle has a folder of that path.
func knownDir(name string) bool {
	switch name + "/" {
	case "./", "data/", stillsDir, photosDir, recordingDir, framesDir, documentsDir:
		return true
	}
	return false
}

func (d dirBag) open(_ context.Context, name string) (io.ReadCloser, error) {
	f, err := d.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, isWrong(name, "is missing")
	}
	return f, err
}
