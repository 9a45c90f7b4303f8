package depot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
)

// storeTime is how long a capture waits for the store before it is kept on this node.
const storeTime = 3 * time.Second

// Keep stores a still or a photo of a room under name. What the store doesn't take is
// kept on this node, encrypted, until ship sends it; what comes meanwhile lies behind
// it. The key of the room's stills is then in memory, as long as the call is.
func (d *Depot) Keep(ctx context.Context, room, name string, data []byte) error {
	if !d.ships {
		return d.put(ctx, room, name, data)
	}
	var away error
	if d.spool.Waiting(room) == 0 {
		brief, cancel := context.WithTimeout(ctx, storeTime)
		away = d.put(brief, room, name, data)
		cancel()
		if away == nil || refuses(away) {
			return away
		}
	}
	if err := d.keepHere(ctx, room, name, data); err != nil {
		return errors.Join(err, away)
	}
	if away != nil {
		d.spool.Behind(room, away)
		d.log.Error("a capture waits on this node, the store doesn't take it", "room", room, "err", away)
	}
	return nil
}

func (d *Depot) put(ctx context.Context, room, name string, data []byte) error {
	_, err := d.vault.Put(ctx, vault.Room(room), vault.Stills, name, bytes.NewReader(data))
	return err
}

// refuses tells whether an error is the store's last word, not that it is away.
func refuses(err error) bool {
	for _, last := range []error{objects.ErrExists, objects.ErrName, vault.ErrDestroyed, vault.ErrForeign} {
		if errors.Is(err, last) {
			return true
		}
	}
	return false
}

func (d *Depot) keepHere(ctx context.Context, room, name string, data []byte) error {
	sealed, err := d.vault.Encrypt(ctx, vault.Room(room), vault.Stills, bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("keep %s here: %w", name, err)
	}
	file, err := io.ReadAll(sealed)
	if err != nil {
		return fmt.Errorf("keep %s here: %w", name, err)
	}
	return d.spool.Keep(room, name, file)
}

// Open opens an object of a room's evidence, wherever it lies by now: on this
// node, where the store was away when it came, or in the store.
func (d *Depot) Open(ctx context.Context, room string, class vault.Class, name string) (objects.File, error) {
	if class == vault.Stills && d.spool.Waiting(room) > 0 {
		f, size, err := d.spool.OpenKept(room, name)
		if err == nil {
			return d.vault.Decrypt(ctx, vault.Room(room), class, f, size)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	f, _, err := d.vault.Open(ctx, vault.Room(room), class, name)
	return f, err
}

// ShipKept sends the captures that wait, as before a seal.
func (s *Shipper) ShipKept(ctx context.Context) error {
	if s == nil {
		return nil
	}
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.give()
	return s.sendKept(ctx)
}

// sendKept sends the captures that wait, the oldest first. The caller has the turn.
func (s *Shipper) sendKept(ctx context.Context) error {
	names, err := s.spool.Kept(s.room)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := s.sendOne(ctx, name); err != nil {
			return fmt.Errorf("ship captures: %w", err)
		}
	}
	return nil
}

func (s *Shipper) sendOne(ctx context.Context, name string) error {
	f, size, err := s.spool.OpenKept(s.room, name)
	if err != nil {
		return err
	}
	defer f.Close() // only read
	err = s.vault.PutEncrypted(ctx, vault.Room(s.room), vault.Stills, name, f, size)
	if err != nil && !errors.Is(err, vault.ErrDestroyed) { // what is erased is stored nowhere
		return err
	}
	return s.spool.DropKept(s.room, name)
}

// Follow ships what a capture refers to, so that the frame isn't lost with this node.
// Where the store is away it waits here as all that is recorded does.
func (s *Shipper) Follow(ctx context.Context) {
	if s == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	if err := s.Ship(ctx); err != nil {
		s.spool.Behind(s.room, err)
	}
}
