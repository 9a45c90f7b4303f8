package calls

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"verifycall/recorder"
	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
	"verifycall/recorder/spool"
)

// shipEvery is how often what was recorded meanwhile goes to the store: with a
// record's 2 s, a lost node loses less than 10 s.
const shipEvery = 5 * time.Second

// partsOf is where the parts of a room's recordings lie in the store until its
// bundle stands. Parts grow there by pieces, since objects are written once:
// "<recording>/<file>.<offset of the piece, 12 digits>". They are encrypted as they
// are on the disk.
func partsOf(room string) string { return "rooms/" + room + "/parts/" }

// shipper copies the parts of a room's recordings from this node's scratch to the
// store that all nodes share. Its methods may be called from any goroutine.
type shipper struct {
	vault *vault.Vault
	store objects.Store // the vault's
	spool *spool.Spool
	room  string
	dir   string           // the room's scratch
	turn  chan struct{}    // capacity 1: the right to ship
	sent  map[string]int64 // by file under dir, how much of it the store has; owned by who has the turn
}

// newShipper gives a shipper for a room, nil where the store is no safer than the
// scratch.
func (h *House) newShipper(room string) *shipper {
	if !h.cfg.Ship {
		return nil
	}
	return &shipper{vault: h.cfg.Evidence, store: h.cfg.Evidence.Store(), spool: h.spool, room: room, dir: h.scratch(room),
		turn: make(chan struct{}, 1), sent: map[string]int64{}}
}

// ship brings the store up to what is on the disk now.
func (s *shipper) ship(ctx context.Context) error {
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

func (s *shipper) take(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *shipper) give() { <-s.turn }

// shipFile sends what a file has grown by. A piece that is there already, of a
// run before, has the same bytes as far as it goes.
func (s *shipper) shipFile(ctx context.Context, name string) error {
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

// fetchParts brings what other nodes have shipped of a room's recordings to this
// node's scratch and ends the recordings that they could not end. None of the
// room may be running here.
func (h *House) fetchParts(ctx context.Context, room string) error {
	if !h.cfg.Ship {
		return nil
	}
	pieces, err := h.cfg.Evidence.Store().List(ctx, partsOf(room))
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
		path := filepath.Join(h.scratch(room), filepath.FromSlash(strings.TrimPrefix(file, partsOf(room))))
		folder := filepath.Dir(path)
		foreign, seen := folders[folder]
		if !seen {
			if foreign, err = emptied(folder); err != nil {
				return fmt.Errorf("fetch parts: %w", err)
			}
			folders[folder] = foreign
		}
		if foreign {
			if err := h.fetchFile(ctx, path, pieces[:n]); err != nil {
				return fmt.Errorf("fetch parts: %w", err)
			}
		}
		pieces = pieces[n:]
	}
	return h.recoverRecordings(ctx, room)
}

// apart tells whether what this node records of a room is kept apart from what the
// store has of it, also where that can't be looked at: by the lease's fence, or
// because all of it is here.
func (h *House) apart(room string) bool {
	_, err := os.Stat(h.scratch(room))
	return h.cfg.Node != "" || err == nil
}

// emptied makes the folder of another node's recording anew, with the mark; one
// of this node's own is left alone.
func emptied(folder string) (foreign bool, err error) {
	_, err = os.Stat(filepath.Join(folder, fetchedMark))
	switch {
	case err == nil:
		if err := os.RemoveAll(folder); err != nil {
			return false, err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return false, err
	default:
		if _, err := os.Stat(folder); err == nil {
			return false, nil
		}
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return false, err
	}
	return true, os.WriteFile(filepath.Join(folder, fetchedMark), nil, 0o600)
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

// fetchFile writes a file of its pieces.
func (h *House) fetchFile(ctx context.Context, path string, pieces []string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(h.join(ctx, file, pieces), file.Sync(), file.Close())
}

// join writes the pieces one after the other, up to the first that is missing.
func (h *House) join(ctx context.Context, w io.Writer, pieces []string) error {
	size := int64(0)
	for _, piece := range pieces {
		if _, offset := cutOffset(piece); offset != size {
			break
		}
		object, _, err := h.cfg.Evidence.Store().Open(ctx, piece)
		if err != nil {
			return err
		}
		n, err := io.Copy(w, object)
		size += n
		if err := errors.Join(err, object.Close()); err != nil {
			return err
		}
	}
	return nil
}

// dropParts deletes a sealed room's parts, here and in the store.
func (h *House) dropParts(ctx context.Context, room string) error {
	h.spool.Forget(room)
	if err := os.RemoveAll(h.scratch(room)); err != nil || !h.cfg.Ship {
		return err
	}
	pieces, err := h.cfg.Evidence.Store().List(ctx, partsOf(room))
	if err != nil {
		return fmt.Errorf("drop parts: %w", err)
	}
	for _, piece := range pieces {
		if err := h.cfg.Evidence.Store().Delete(ctx, piece); err != nil && !errors.Is(err, objects.ErrNotFound) {
			return fmt.Errorf("drop parts: %w", err)
		}
	}
	return nil
}

// shipLeft sends what calls that are over could not send of their recordings.
func (h *House) shipLeft(ctx context.Context) {
	for _, room := range h.spool.Rooms() {
		h.mu.Lock()
		running := h.calls[room] != nil
		h.mu.Unlock()
		if running || ctx.Err() != nil {
			continue
		}
		if news, since := h.spool.Behind(room, h.newShipper(room).ship(ctx)); news {
			h.cfg.Log.Info("the store has all recorded parts again", "room", room, "behind", since.Round(time.Second))
		}
	}
}

// watchSpool logs when what is wrong with the spool changes.
func (h *House) watchSpool(before string) string {
	use := h.Spool()
	now := use.Alarm()
	figures := []any{"alarm", now, "bytes", use.Bytes, "limit", use.Limit, "behind", use.Behind.Round(time.Second)}
	switch {
	case now == before:
	case now == "":
		h.cfg.Log.Info("recordings that wait here: all is well again", figures...)
	default:
		h.cfg.Log.Error("recordings that wait here need room or the store", figures...)
	}
	return now
}

// Spool tells how much recorded media waits on this node.
func (h *House) Spool() spool.Use { return h.spool.Use() }

// shipNow and then ships beside the call, while it records.
func (c *Call) shipNow(now time.Time) {
	if c.parts == nil || c.recorder == nil || c.shipping || now.Sub(c.shipped) < shipEvery {
		return
	}
	c.shipping = true
	parts, ctx := c.parts, c.house.ctx
	c.job(func() event { return shipped{parts.ship(ctx)} })
}

type shipped struct{ err error }

func (e shipped) apply(_ context.Context, c *Call) {
	c.shipping, c.shipped = false, time.Now()
	news, since := c.house.spool.Behind(c.id, e.err)
	switch {
	case e.err != nil && (news || time.Since(c.warned) >= warnEvery):
		c.warned = time.Now()
		c.log.Error("recorded parts wait on this node, the store doesn't take them", "behind", since.Round(time.Second), "err", e.err)
	case e.err == nil && news:
		c.log.Info("the store has all recorded parts again", "behind", since.Round(time.Second))
	}
}

// warnEvery is how often a log says that a store is still away.
const warnEvery = time.Minute
