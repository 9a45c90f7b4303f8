package recorder

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"
)

// maxUnknown bounds how long after its last record a crashed recording is
// thought to have gone on.
const maxUnknown = 30 * time.Second

// Recover ends the recordings in a room's folder that a crash has cut: torn
// records are cut off, and a last record says that the recording crashed and
// when its last sign of life was. key is that of the room's recordings. Recordings that were stopped stay as they
// are, so it may be called again. None may be running. Errors are of single
// recordings; the others are recovered all the same.
func Recover(dir string, key *age.X25519Identity) error {
	ids, err := Recordings(dir)
	if err != nil {
		return err
	}
	var faults []error
	for _, id := range ids {
		if err := recoverOne(filepath.Join(dir, id), key); err != nil {
			faults = append(faults, fmt.Errorf("recover %s: %w", id, err))
		}
	}
	return errors.Join(faults...)
}

func recoverOne(folder string, key *age.X25519Identity) error {
	st, err := readStored(folder, key)
	if err != nil {
		return err
	}
	if st.end != nil {
		return nil
	}
	life, err := st.lastLife()
	if err != nil {
		return err
	}
	for i, path := range st.paths {
		if !st.torn[i] {
			continue
		}
		if err := cutFile(path, st.good[i]); err != nil {
			return err
		}
	}
	seal, err := newSealer(key.Recipient(), life)
	if err != nil {
		return err
	}
	defer seal.forget()
	last, err := encodeRecord(nil, notes{Serial: st.serial + 1, End: &endNote{US: life.Microseconds(), Cause: CauseCrash}}, nil, seal)
	if err != nil {
		return err
	}
	next, err := freePart(folder)
	if err != nil {
		return err
	}
	return writeAtomic(next, append([]byte(partMagic), last...))
}

// lastLife is when the recording last wrote, since its start.
func (st *stored) lastLife() (time.Duration, error) {
	var known, life time.Duration
	for _, f := range st.frames {
		known = max(known, time.Duration(f.US)*time.Microsecond+time.Duration(f.length)*time.Millisecond)
	}
	for _, path := range st.paths {
		s, err := os.Stat(path)
		if err != nil {
			return 0, err
		}
		life = max(life, s.ModTime().Sub(st.birth.Start))
	}
	return min(max(life, known), known+maxUnknown), nil
}

// cutFile cuts a part to its whole records, durably.
func cutFile(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Sync(), f.Close())
}

// freePart is the name of the part after the newest.
func freePart(folder string) (string, error) {
	paths, err := partPaths(folder)
	if err != nil {
		return "", err
	}
	n := 0
	if len(paths) > 0 {
		if _, err := fmt.Sscanf(filepath.Base(paths[len(paths)-1]), "%06d", &n); err != nil {
			return "", fmt.Errorf("part name: %w", err)
		}
	}
	return partPath(folder, n+1), nil
}
