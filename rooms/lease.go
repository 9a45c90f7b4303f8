package rooms

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"verifycall/rooms/db"
	"verifycall/rooms/form"

	"github.com/redis/go-redis/v9"
)

//go:embed lua/lease.lua
var leaseSource string

var leaseScript = db.NewScript(leaseSource)

// LeaseTTL is how long a room stays with a node that isn't heard of any more. It
// is renewed at a third of that.
const LeaseTTL = 3 * time.Second

// Errors of TakeLease, found by errors.Is.
var (
	// ErrHeld: another node has the room.
	ErrHeld = errors.New("the room is held by another node")
	// ErrLapsed: the room's node was lost, but may still come back for it.
	ErrLapsed = errors.New("the room's last node may come back for it")
)

// Lease says that a node holds a live room. The zero Lease is that of a process
// that is alone with its store and needs none.
type Lease struct {
	Room  string
	Node  string
	Fence int64 // from 1; rises whenever the owner changes
}

// Guards make a commit fail with ErrFenced once another node has taken the room,
// or this one has given it up.
func (l Lease) Guards() []db.Guard {
	if l.Fence == 0 {
		return nil
	}
	return []db.Guard{{Key: "room:" + l.Room, Field: "fence", Want: strconv.FormatInt(l.Fence, 10) + " " + l.Node}}
}

// TakeLease gives the room to a node for LeaseTTL, or renews what it has. What
// another node let lapse is taken where others is set; the last owner alone takes
// its room again, with its old fence. Errors: ErrNotFound, ErrHeld, ErrLapsed.
func (s *Store) TakeLease(ctx context.Context, room, node string, others bool) (Lease, error) {
	if !form.Room.MatchString(room) {
		return Lease{}, fmt.Errorf("room %.20q: %w", room, ErrNotFound)
	}
	lines, err := s.leases(ctx, "hold", node, others, []string{room})
	if err != nil {
		return Lease{}, err
	}
	word, rest, _ := strings.Cut(lines[0], " ")
	switch word {
	case "OWN":
		kept, err := parseKept(room, node, rest)
		return kept.Lease, err
	case "HELD":
		return Lease{}, fmt.Errorf("room %s: %w", room, ErrHeld)
	case "WAIT":
		return Lease{}, fmt.Errorf("room %s: %w", room, ErrLapsed)
	}
	return Lease{}, fmt.Errorf("room %.20q: %w", room, ErrNotFound)
}

// Kept is a Lease that was renewed, and where the room's ledgers end now: who
// knows another head has news to read.
type Kept struct {
	Lease
	Record, Custody string // as headText gives them
}

// renewBatch bounds how many leases one script renews.
const renewBatch = 200

// KeepLeases renews the leases of the store's own node and gives those that it has
// now. The others are lost. A lease that lapsed meanwhile, and nobody took, comes
// back with its fence. The error says that nothing is known of any.
func (s *Store) KeepLeases(ctx context.Context, node string, rooms []string) (map[string]Kept, error) {
	s.keeper.Store(node)
	kept := make(map[string]Kept, len(rooms))
	for len(rooms) > 0 {
		batch := rooms[:min(len(rooms), renewBatch)]
		rooms = rooms[len(batch):]
		lines, err := s.leases(ctx, "keep", node, false, batch)
		if err != nil {
			return nil, err
		}
		for i, line := range lines {
			rest, own := strings.CutPrefix(line, "OWN ")
			if !own {
				continue
			}
			if kept[batch[i]], err = parseKept(batch[i], node, rest); err != nil {
				return nil, err
			}
		}
	}
	return kept, nil
}

// LeaveLease gives a room up, so that any node may take it at once. One that is
// not the node's any more is left alone.
func (s *Store) LeaveLease(ctx context.Context, l Lease) error {
	if l.Fence == 0 {
		return nil
	}
	_, err := s.leases(ctx, "leave", l.Node, false, []string{l.Room})
	return err
}

func (s *Store) leases(ctx context.Context, what, node string, others bool, rooms []string) ([]string, error) {
	keys := make([]string, 0, 2*len(rooms))
	for _, id := range rooms {
		keys = append(keys, db.Prefix+"lease:"+id, db.Prefix+"room:"+id)
	}
	may := ""
	if others {
		may = "1"
	}
	reply, err := s.db.Run(ctx, leaseScript, keys, []string{what, node, strconv.FormatInt(LeaseTTL.Milliseconds(), 10), may})
	if err != nil {
		return nil, fmt.Errorf("%s leases: %w", what, err)
	}
	lines := strings.Split(reply, "\n")
	if len(lines) != len(rooms) {
		return nil, fmt.Errorf("%s leases: %d answers for %d rooms", what, len(lines), len(rooms))
	}
	return lines, nil
}

// parseKept reads "fence record custody".
func parseKept(room, node, text string) (Kept, error) {
	fields := strings.Split(text, " ")
	fence, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil || len(fields) != 3 {
		return Kept{}, fmt.Errorf("lease of %s: %.40q", room, text)
	}
	return Kept{Lease{room, node, fence}, fields[1], fields[2]}, nil
}

// Changed says whether the room's ledgers end elsewhere than r knows.
func (k Kept) Changed(r *Room) bool {
	return k.Record != db.HeadText(r.Record) || k.Custody != db.HeadText(r.Custody)
}

// LeaseOf says which node holds a room. Errors: ErrNotFound where none does.
func (s *Store) LeaseOf(ctx context.Context, room string) (Lease, error) {
	text, err := s.db.Client.Get(ctx, db.Prefix+"lease:"+room).Result()
	if errors.Is(err, redis.Nil) {
		return Lease{}, fmt.Errorf("lease of %.20q: %w", room, ErrNotFound)
	}
	if err != nil {
		return Lease{}, fmt.Errorf("lease of %.20q: %w", room, err)
	}
	number, node, _ := strings.Cut(text, " ")
	fence, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return Lease{}, fmt.Errorf("lease of %.20q: %.40q", room, text)
	}
	return Lease{room, node, fence}, nil
}
