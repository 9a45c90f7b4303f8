package doctor

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"verifycall/recorder/evidence/objects"
)

// Free space of a folder of evidence. A recorded call is some 20 MB a minute at
// the most.
const (
	warnFree  = 10 << 30 // bytes
	leastFree = 1 << 30
)

// Store writes an object of its own, reads it back and deletes it. Folder is where
// the store keeps its files, empty where it is elsewhere.
func Store(ctx context.Context, s objects.Store, folder string) []Finding {
	const check = "store"
	name := "check/" + token()
	content := bytes.Repeat([]byte(name), 1<<10)
	began := time.Now()
	if _, err := s.Put(ctx, name, bytes.NewReader(content)); err != nil {
		return []Finding{fault(check, "let the service write there", "can't be written: %v", err)}
	}
	ended := time.Now()
	err := readBack(ctx, s, name, content)
	var written time.Time
	if dated, ok := s.(objects.Dated); ok && err == nil {
		written, err = dated.Written(ctx, name)
	}
	if deleteErr := s.Delete(ctx, name); err == nil && deleteErr != nil {
		err = fmt.Errorf("what isn't locked can't be deleted: %w", deleteErr)
	}
	if err != nil {
		return []Finding{fault(check, "check its disk and its rights", "%v", err)}
	}
	all := []Finding{fine(check, "written, read back and deleted in %d ms", ended.Sub(began).Milliseconds())}
	if !written.IsZero() {
		all = append(all, storeClock(began, ended, written))
	}
	if locker, can := s.(objects.Locker); !can || !locker.Locks() || folder != "" { // whoever may write in a folder may unlock there
		all = append(all, warning(check, "keep evidence in an S3 bucket with object lock, where that is asked of you",
			"sealed records aren't locked: who may write there can delete them (and it shows)"))
	}
	if folder != "" {
		all = append(all, Space("space", folder))
	}
	return all
}

// storeClock holds the store's clock against this machine's, by an object that was
// written between began and ended: locks end by the store's, and are set by ours.
func storeClock(began, ended, written time.Time) Finding {
	const check = "store clock"
	apart := max(began.Sub(written), written.Sub(ended))
	if apart > maxOffset+time.Second { // stores give whole seconds
		return fault(check, "set both by NTP", "this machine's clock and that of the store are %s apart", apart.Round(time.Second))
	}
	return fine(check, "within two seconds of the store's")
}

func readBack(ctx context.Context, s objects.Store, name string, want []byte) error {
	f, _, err := s.Open(ctx, name)
	if err != nil {
		return fmt.Errorf("can't be read: %w", err)
	}
	got, err := io.ReadAll(io.LimitReader(f, int64(len(want))+1))
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("can't be read: %w", err)
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("gives other bytes than were written")
	}
	return nil
}

// Space says how much room a folder's disk has.
func Space(check, folder string) Finding {
	free, err := freeBytes(folder)
	switch {
	case err != nil:
		return fault(check, "check the folder", "%s: %v", folder, err)
	case free < leastFree:
		return fault(check, "free or add space", "%s has %.1f GB left: recordings will have gaps", folder, float64(free)/1e9)
	case free < warnFree:
		return warning(check, "free or add space", "%s has %.1f GB left", folder, float64(free)/1e9)
	}
	return fine(check, "%s has %.0f GB left", folder, float64(free)/1e9)
}

// token is 128 random bits.
func token() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return hex.EncodeToString(b[:])
}
