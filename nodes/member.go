package nodes

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"verifycall/rooms"
)

// announceTTL is how long a node counts as there after its last announcement.
const announceTTL = rooms.LeaseTTL

// Errors of Join, found by errors.Is.
var (
	// ErrStranger: a node that doesn't share this one's secret is on the same Redis.
	ErrStranger = errors.New("another node with another cluster secret, or none, works on this Redis")
	// ErrStore: the other nodes have another evidence store, or other keys.
	ErrStore = errors.New("the other nodes on this Redis have another one")
)

// Config says what a Member works with.
type Config struct {
	Rooms   *rooms.Store
	Secret  Secret
	Self    Announcement   // without Load, Draining and At
	Allowed []netip.Prefix // where other nodes may be
	Load    func() int     // calls that run here; any goroutine
	Log     *slog.Logger
	// Common are values that all nodes must have alike, by name: the identity of
	// the evidence store, the signing key.
	Common map[string]string
}

// Member is this process among the nodes of its cluster. Run renews what it knows;
// the other methods may be called from any goroutine.
type Member struct {
	cfg Config
	now func() time.Time

	mu       sync.Mutex // guards the rest; never held while asking the store
	draining bool
	peers    []Announcement           // that stand now, this one too
	gone     map[string]chan struct{} // by node: closed when it is not announced any more
	refused  map[string]time.Time     // announcements that were logged as refused
	steady   time.Time                // what others let lapse may be taken from then on
	heard    time.Time                // of Redis
}

// Join announces this node. Errors: ErrStranger, ErrStore; both after waiting for
// what a predecessor may have left to run out.
func Join(ctx context.Context, cfg Config) (*Member, error) {
	m := &Member{cfg: cfg, now: time.Now, gone: map[string]chan struct{}{}, refused: map[string]time.Time{}}
	m.steady = m.now().Add(rooms.LeaseTTL)
	deadline := m.now().Add(announceTTL + time.Second)
	for {
		err := m.enter(ctx)
		if err == nil || !errors.Is(err, ErrStranger) && !errors.Is(err, ErrStore) || m.now().After(deadline) {
			return m, err
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return m, ctx.Err()
		}
	}
}

// enter looks who is there, and announces this node if it fits to them.
func (m *Member) enter(ctx context.Context) error {
	texts, err := m.cfg.Rooms.Announced(ctx)
	if err != nil {
		return err
	}
	others := 0
	for id, text := range texts {
		if id == m.cfg.Self.ID {
			continue
		}
		if _, err := m.cfg.Secret.Announced(id, text, m.now(), m.cfg.Allowed); err != nil {
			return fmt.Errorf("%w (%w)", ErrStranger, err)
		}
		others++
	}
	for name, value := range m.cfg.Common {
		stands, err := m.cfg.Rooms.Register(ctx, name, value, others == 0)
		if err != nil {
			return err
		}
		if stands != value {
			return fmt.Errorf("%s: %w", name, ErrStore)
		}
	}
	return m.renew(ctx)
}

// Run renews the announcement until ctx ends, and then takes it down.
func (m *Member) Run(ctx context.Context) {
	tick := time.NewTicker(announceTTL / 3)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := m.renew(ctx); err != nil && ctx.Err() == nil {
				m.cfg.Log.Warn("node can't announce itself", "err", err)
			}
		case <-ctx.Done():
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), announceTTL)
			defer cancel()
			if err := m.cfg.Rooms.Unannounce(ctx, m.cfg.Self.ID); err != nil {
				m.cfg.Log.Warn("node can't take its announcement down", "err", err)
			}
			return
		}
	}
}

// renew announces this node and reads who else is there.
func (m *Member) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, announceTTL/2)
	defer cancel()
	self := m.self()
	text, err := m.cfg.Secret.Announce(self)
	if err != nil {
		return err
	}
	if err := m.cfg.Rooms.Announce(ctx, self.ID, text, announceTTL); err != nil {
		return err
	}
	texts, err := m.cfg.Rooms.Announced(ctx)
	if err != nil {
		return err
	}
	m.learn(self, texts)
	return m.cfg.Rooms.AgreeFormat(ctx, m.lowestFormat())
}

func (m *Member) self() Announcement {
	self := m.cfg.Self
	self.At, self.Load = m.now().UTC(), m.cfg.Load()
	m.mu.Lock()
	defer m.mu.Unlock()
	self.Draining = m.draining
	return self
}

// learn takes in who is announced.
func (m *Member) learn(self Announcement, texts map[string]string) {
	now := m.now()
	peers, strange := []Announcement{self}, map[string]error{}
	for id, text := range texts {
		if id == self.ID {
			continue
		}
		if a, err := m.cfg.Secret.Announced(id, text, now, m.cfg.Allowed); err != nil {
			strange[id] = err
		} else {
			peers = append(peers, a)
		}
	}
	slices.SortFunc(peers, func(a, b Announcement) int { return strings.Compare(a.ID, b.ID) })
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.heard.IsZero() && now.Sub(m.heard) >= rooms.LeaseTTL {
		m.steady = now.Add(rooms.LeaseTTL) // Redis was away, or this process was: the others' leases may have lapsed for that
	}
	m.heard, m.peers = now, peers
	m.noteGone(now)
	for id, at := range m.refused {
		if now.Sub(at) > maxAge {
			delete(m.refused, id)
		}
	}
	for id, err := range strange {
		if _, logged := m.refused[id]; !logged {
			m.cfg.Log.Warn("announcement refused", "peer", id, "err", err)
			m.refused[id] = now
		}
	}
}

// lowestFormat is what all nodes that are there can read.
func (m *Member) lowestFormat() int {
	lowest := rooms.Format
	for _, a := range m.Peers() {
		lowest = min(lowest, max(a.Format, 1))
	}
	return lowest
}

// noteGone tells who waits for the end of a node. Called with mu held.
func (m *Member) noteGone(now time.Time) {
	if now.Before(m.steady) {
		return // it may only not have announced itself anew yet
	}
	for id, gone := range m.gone {
		if !slices.ContainsFunc(m.peers, func(a Announcement) bool { return a.ID == id }) {
			close(gone)
			delete(m.gone, id)
		}
	}
}

// ID is this node's.
func (m *Member) ID() string { return m.cfg.Self.ID }

// Secret is what this node shares with the others.
func (m *Member) Secret() Secret { return m.cfg.Secret }

// Peers lists the nodes that stand announced, this one among them, by id.
func (m *Member) Peers() []Announcement {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.peers // never changed, only replaced
}

// Peer gives a node that stands announced.
func (m *Member) Peer(id string) (Announcement, bool) {
	for _, a := range m.Peers() {
		if a.ID == id {
			return a, true
		}
	}
	return Announcement{}, false
}

// Gone gives a channel that is closed when a node is not announced any more.
func (m *Member) Gone(id string) <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.gone[id] == nil {
		m.gone[id] = make(chan struct{})
	}
	return m.gone[id]
}

// Steady says whether this node may take rooms that other nodes let lapse. It may
// not for one time to live after its start and after Redis or the node itself
// were away: then the owners must be able to come back for them first.
func (m *Member) Steady() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	return !now.Before(m.steady) && now.Sub(m.heard) < rooms.LeaseTTL
}

// Drain announces that this node takes no new rooms.
func (m *Member) Drain(ctx context.Context) error {
	m.mu.Lock()
	m.draining = true
	m.mu.Unlock()
	return m.renew(ctx)
}

// Draining says whether Drain was called.
func (m *Member) Draining() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.draining
}
