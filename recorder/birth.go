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
func (b *birth) claim(dir string) (folder string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	for n := 1; ; n++ {
		b.ID = fmt.Sprintf("%s-%d", b.Participant, n)
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
	if err := writeSynced(filepath.Join(folder, birthFile), append(text, '\n')); err != nil {
		return "", err
	}
	return folder, errors.Join(syncDir(folder), syncDir(dir))
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

// writeSynced makes a new file and returns when it is on the disk.
func writeSynced(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}

// syncDir makes new names in a folder durable.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
