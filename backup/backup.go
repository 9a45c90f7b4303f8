package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"verifycall/recorder/evidence"
	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
)

// Places are where a deployment keeps what it keeps.
type Places struct {
	Rooms   *rooms.Store
	Vault   *vault.Vault
	Keys    *evidence.Keys
	Version string // of this program
}

// Counts is what an archive holds.
type Counts struct {
	Rooms, Others int // rooms; accounts, calendars, links, keys, mails to send
}

// WriteRooms writes what Redis has, each room as it was at one moment. Calls may
// run meanwhile.
func (p Places) WriteRooms(ctx context.Context, w io.Writer) (n Counts, err error) {
	a, err := newWriter(w, p.Vault, p.Keys, Header{Form: Form, Kind: KindRooms, Made: time.Now().UTC(), Version: p.Version})
	if err != nil {
		return n, err
	}
	err = p.Rooms.Export(ctx, func(item rooms.Item) error {
		if strings.HasPrefix(item.Aggregate, "room:") {
			n.Rooms++
		} else {
			n.Others++
		}
		return a.item(item)
	})
	if err != nil {
		return n, err
	}
	return n, a.close()
}

// WriteKeys writes the table of wrapped keys, which is not to be used after until,
// and gives their number. Whoever has it and the key folder can read what the rooms'
// keys open, also of rooms that are erased since.
func (p Places) WriteKeys(ctx context.Context, w io.Writer, until time.Time) (count int, err error) {
	a, err := newWriter(w, p.Vault, p.Keys, Header{Form: Form, Kind: KindKeys, Made: time.Now().UTC(), Until: until.UTC(), Version: p.Version})
	if err != nil {
		return 0, err
	}
	err = p.Vault.EachKey(ctx, func(k vault.WrappedKey) error {
		count++
		return a.item(k)
	})
	if err != nil {
		return count, err
	}
	return count, a.close()
}

// Check reads an archive to its end. Errors: ErrArchive.
func (p Places) Check(r io.Reader) (Header, int, error) {
	return read(r, p.Vault, p.Keys, func([]byte) error { return nil })
}

// keyTable begins the names of the objects that CopyEvidence leaves out.
const keyTable = "keys/"

// CopyEvidence copies every object that another store lacks, but no key, and takes
// out of it what was erased here. What is copied is encrypted as it lies in the
// store.
func (p Places) CopyEvidence(ctx context.Context, into objects.Store) (copied, dropped int, err error) {
	here, err := p.Vault.Store().List(ctx, "")
	if err != nil {
		return 0, 0, fmt.Errorf("copy evidence: %w", err)
	}
	there, err := into.List(ctx, "")
	if err != nil {
		return 0, 0, fmt.Errorf("copy evidence: %w", err)
	}
	has := map[string]bool{}
	for _, name := range there {
		has[name] = true
	}
	for _, name := range here {
		if strings.HasPrefix(name, keyTable) || has[name] {
			delete(has, name)
			continue
		}
		switch err := copyObject(ctx, p.Vault.Store(), into, name); {
		case errors.Is(err, objects.ErrNotFound): // erased or sealed meanwhile
		case err != nil:
			return copied, dropped, fmt.Errorf("copy evidence: %w", err)
		default:
			copied++
		}
	}
	for name := range has { // not here any more
		erased, err := p.erased(ctx, name)
		if err == nil && erased {
			dropped++
			err = into.Delete(ctx, name)
		}
		if err != nil {
			return copied, dropped, fmt.Errorf("copy evidence: %w", err)
		}
	}
	return copied, dropped, nil
}

// erased says whether an object's key was destroyed in the store, so that the object
// isn't missing by accident.
func (p Places) erased(ctx context.Context, name string) (bool, error) {
	parts := strings.SplitN(name, "/", 3)
	if len(parts) != 3 || parts[0] != "rooms" {
		return false, nil
	}
	class := evidence.ClassOfObject(parts[2])
	if class == "" {
		return false, nil
	}
	return p.Vault.Destroyed(ctx, vault.Room(parts[1]), class)
}

func copyObject(ctx context.Context, from, into objects.Store, name string) error {
	f, _, err := from.Open(ctx, name)
	if err != nil {
		return err
	}
	_, err = into.Put(ctx, name, objects.Until(ctx, f))
	return errors.Join(err, f.Close())
}
