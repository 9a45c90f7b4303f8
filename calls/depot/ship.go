package depot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"verifycall/recorder"
	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
	"verifycall/recorder/spool"
)

// partsOf is where the parts of a room's recordings lie in the store until its
// bundle stands. Parts grow there by pieces, since objects are written once:
// "<recording>/<file>.<offset of the piece, 12 digits>". They are encrypted as they
// are on the disk.
func partsOf(room string) string { return "rooms/" + room + "/parts/" }

// Shipper copies the parts of a room's recordings from this node's scratch to the
// store that all nodes share. Its methods may be called from any goroutine.
type Shipper struct {
	vault *vault.Vault
	store objects.Store // the vault's
	spool *spool.Spool
	room  string
	dir   string           // the room's scratch
	turn  chan struct{}    // capacity 1: the right to ship
	sent  map[string]int64 // by file under dir, how much of it the store has; owned by who has the turn
}

// NewShipper gives a shipper for a room, nil where the store is no safer than the
// scratch.
func (d *Depot) NewShipper(room string) *Shipper {
	if !d.ships {
		return nil
	}
	return &Shipper{vault: d.vault, store: d.vault.Store(), spool: d.spool, room: room, dir: d.Folder(room),
		turn: make(chan struct{}, 1), sent: map[string]int64{}}
}

// Ship brings the store up to what is on the disk now.
func (s *Shipper) Ship(ctx context.Context) error {
	if s == nil {
		return nil
	}
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.give()
	if err := s.sendKept(ctx); err != nil {
		return err
	}
	ids, err := recorder.Recordings(s.dir)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := os.Stat(filepath.Join(s.dir, id, fetchedMark)); err == nil {
			continue // another node's
		}
		files, err := os.ReadDir(filepath.Join(s.dir, id))
		if err != nil {
			return fmt.Errorf("ship parts: %w", err)
		}
		for _, f := range files {
			if strings.HasSuffix(f.Name(), ".new") { // being written
				continue
			}
			if err := s.shipFile(ctx, id+"/"+f.Name()); err != nil {
				return fmt.Errorf("ship parts: %w", err)
			}
		}
	}
	return nil
}

func (s *Shipper) take(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Shipper) give() { <-s.turn }

// shipFile sends what a file has grown by. A piece that is there already, of a
// run before, has the same bytes as far as it goes.
func (s *Shipper) shipFile(ctx context.Context, name string) error {
	file, err := os.Open(filepath.Join(s.dir, filepath.FromSlash(name)))
	if err != nil {
		return err
	}
	defer file.Close() // only read
	stat, err := file.Stat()
	if err != nil {
		return err
	}
	from := s.sent[name]
	for from < stat.Size() {
		piece := partsOf(s.room) + name + fmt.Sprintf(".%012d", from)
		_, err := s.store.Put(ctx, piece, io.NewSectionReader(file, from, stat.Size()-from))
		to := stat.Size()
		if errors.Is(err, objects.ErrExists) {
			var there objects.Object
			there, err = s.store.Stat(ctx, piece)
			to = from + there.Size
		}
		if err != nil {
			return err
		}
		if to <= from {
			return fmt.Errorf("%s is empty", piece)
		}
		from = to
		s.sent[name] = from
	}
	return nil
}

// fetchedMark is a file in the folder of a recording that was made by another
// node: the store has the truth of it, and it isn't shipped.
const fetchedMark = "fetched"

// Fetch brings what other nodes have shipped of a room's recordings to this
// node's scratch and ends the recordings that they could not end. None of the
// room may be running here.
func (d *Depot) Fetch(ctx context.Context, room string) error {
	if !d.ships {
		return nil
	}
	pieces, err := d.vault.Store().List(ctx, partsOf(room))
	if err != nil {
		return fmt.Errorf("fetch parts: %w", err)
	}
	folders := map[string]bool{} // of recordings: whether it is another node's
	for len(pieces) > 0 {        // sorted: the pieces of a file lie together, in order
		file, _ := cutOffset(pieces[0])
		n := 1
		for n < len(pieces) && strings.HasPrefix(pieces[n], file+".") {
			n++
		}
		path := filepath.Join(d.Folder(room), filepath.FromSlash(strings.TrimPrefix(file, partsOf(room))))
		folder := filepath.Dir(path)
		foreign, seen := folders[folder]
		if !seen {
			if foreign, err = emptied(folder); err != nil {
				return fmt.Errorf("fetch parts: %w", err)
			}
			folders[folder] = foreign
		}
		if foreign {
			if err := d.fetchFile(ctx, path, pieces[:n]); err != nil {
				return fmt.Errorf("fetch parts: %w", err)
			}
		}
		pieces = pieces[n:]
	}
	return d.Recover(ctx, room)
}

// Apart tells whether what this node records of a room is kept apart from what the
// store has of it, also where that can't be looked at: by the lease's fence, or
// because all of it is here.
func (d *Depot) Apart(room string) bool {
	_, err := os.Stat(d.Folder(room))
	return d.shared || err == nil
}

// emptied makes the folder of another node's recording anew, with the mark; one of this
// node's own, which is a recording without the mark, is left alone. The mark comes first
// and stays, so that what a crash leaves in the middle is made anew too.
func emptied(folder string) (foreign bool, err error) {
	ids, err := recorder.Recordings(filepath.Dir(folder))
	if err != nil {
		return false, err
	}
	mark := filepath.Join(folder, fetchedMark)
	_, err = os.Stat(mark)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return false, err
	case err != nil && slices.Contains(ids, filepath.Base(folder)):
		return false, nil
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return false, err
	}
	if err := os.WriteFile(mark, nil, 0o600); err != nil {
		return false, err
	}
	files, err := os.ReadDir(folder)
	if err != nil {
		return false, err
	}
	for _, f := range files {
		if f.Name() == fetchedMark {
			continue
		}
		if err := os.RemoveAll(filepath.Join(folder, f.Name())); err != nil {
			return false, err
		}
	}
	return true, nil
}

// cutOffset parts a piece's name into the file's and the offset.
func cutOffset(piece string) (file string, offset int64) {
	i := strings.LastIndexByte(piece, '.')
	offset, err := strconv.ParseInt(piece[i+1:], 10, 64)
	if i < 0 || err != nil {
		return piece, -1
	}
	return piece[:i], offset
}

// fetchFile writes a file of its pieces. It gets the time of the newest, where the store
// tells it: a recording without an end has its last sign of life by that.
func (d *Depot) fetchFile(ctx context.Context, path string, pieces []string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	last, err := d.join(ctx, file, pieces)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	dated, can := d.vault.Store().(objects.Dated)
	if !can || last == "" {
		return nil
	}
	at, err := dated.Written(ctx, last)
	if err != nil {
		return err
	}
	return os.Chtimes(path, at, at)
}

// join writes the pieces one after the other, up to the first that is missing, and gives
// the last that it wrote.
func (d *Depot) join(ctx context.Context, w io.Writer, pieces []string) (last string, err error) {
	size := int64(0)
	for _, piece := range pieces {
		if _, offset := cutOffset(piece); offset != size {
			break
		}
		object, _, err := d.vault.Store().Open(ctx, piece)
		if err != nil {
			return "", err
		}
		n, err := io.Copy(w, object)
		size += n
		if err := errors.Join(err, object.Close()); err != nil {
			return "", err
		}
		last = piece
	}
	return last, nil
}

// Drop deletes a sealed room's parts, here and in the store.
func (d *Depot) Drop(ctx context.Context, room string) error {
	d.spool.Forget(room)
	if err := os.RemoveAll(d.Folder(room)); err != nil || !d.ships {
		return err
	}
	pieces, err := d.vault.Store().List(ctx, partsOf(room))
	if err != nil {
		return fmt.Errorf("drop parts: %w", err)
	}
	for _, piece := range pieces {
		if err := d.vault.Store().Delete(ctx, piece); err != nil && !errors.Is(err, objects.ErrNotFound) {
			return fmt.Errorf("drop parts: %w", err)
		}
	}
	return nil
}

// Watch logs when what is wrong with the spool changes.
func (d *Depot) Watch(before string) string {
	use := d.Use()
	now := use.Alarm()
	figures := []any{"alarm", now, "bytes", use.Bytes, "limit", use.Limit, "behind", use.Behind.Round(time.Second)}
	switch {
	case now == before:
	case now == "":
		d.log.Info("recordings that wait here: all is well again", figures...)
	default:
		d.log.Error("recordings that wait here need room or the store", figures...)
	}
	return now
}
