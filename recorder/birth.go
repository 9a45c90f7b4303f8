package recorder

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// birthFile marks a folder as a recording's and says whose.
const birthFile = "recording.json"

// birth is what is known of a recording when it begins.
type birth struct {
	ID          string    `json:"id"`
	Room        string    `json:"room"`
	Participant string    `json:"participant"`
	Conn        string    `json:"conn"`
	Start       time.Time `json:"start"`
}

// claim makes the recording's folder under dir with the first free number and
// writes the birth into it, durably.
func (b *birth) claim(dir string, fence int64) (folder string, err error) {
	name := b.Participant
	if fence > 0 {
		name = fmt.Sprintf("%s-f%d", name, fence)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	for n := 1; ; n++ {
		b.ID = fmt.Sprintf("%s-%d", name, n)
		folder = filepath.Join(dir, b.ID)
		if err = os.Mkdir(folder, 0o700); err == nil {
			break
		}
		if !errors.Is(err, os.ErrExist) {
			return "", err
		}
	}
	stored := *b
	stored.Start = b.Start.UTC().Truncate(time.Microsecond)
	text, err := json.Marshal(stored)
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, birthFile)
	if err := writeAtomic(path, append(text, '\n')); err != nil {
		_ = os.Remove(path + ".new") // so that attempts on a full disk leave no folders
		_ = os.Remove(folder)        // stays where the birth is in it after all
		return "", err
	}
	return folder, syncDir(dir)
}

func readBirth(folder string) (birth, error) {
	var b birth
	text, err := os.ReadFile(filepath.Join(folder, birthFile))
	if err != nil {
		return b, err
	}
	if err := json.Unmarshal(text, &b); err != nil {
		return b, fmt.Errorf("%s: %w", birthFile, err)
	}
	return b, nil
}

// Began is when the recording began, with the monotonic clock.
func (rec *Recording) Began() time.Time { return rec.birth.Start }

// at is the wall time of a moment given in microseconds since the start.
func (b *birth) at(us int64) time.Time {
	return b.Start.UTC().Truncate(time.Microsecond).Add(time.Duration(us) * time.Microsecond)
}
