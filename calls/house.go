// Package calls holds the live calls of this node: one actor per room, which
// alone decides what happens in it. Messages of connections and events of media
// and recorder go up into its inbox; it calls down into rooms, media, recorder
// and evidence. Everything durable is committed before it is acknowledged.
package calls

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"verifycall/access"
	"verifycall/calls/depot"
	"verifycall/calls/protocol"
	"verifycall/media"
	"verifycall/media/relay"
	"verifycall/recorder/evidence"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
	"verifycall/rooms/plan"
)

// Causes that end a running Call.
var (
	ErrStopping  = errors.New("server stopping")              // the node stops
	ErrDrained   = errors.New("the node takes no more calls") // it goes on elsewhere
	ErrLeaseLost = errors.New("another node has the room")
)

// Config says what a House works with. All fields are needed but Relay, Metrics,
// Refused and the durations.
type Config struct {
	Rooms    *rooms.Store
	Media    *media.Node
	Relay    *relay.Server         // nil: there is none
	Metrics  *Metrics              // nil: nobody reads them
	Refused  func(*access.Refusal) // of a message in a call; called often, and must not block; nil: nobody counts
	Plans    *plan.Library         // nil: plan.Default
	Evidence *vault.Vault
	Keys     *evidence.Keys
	Scratch  string // directory of the parts of running recordings
	Ship     bool   // parts go to the store during the call, since it outlives this machine
	Log      *slog.Logger
	Blip     time.Duration // a loss shorter than this interrupts nothing; 0 = 5 s
	Grace    time.Duration // that an interrupted call waits; 0 = as the room's profile says
	Deadline time.Duration // for the key frame of a capture; 0 = 3 s
	Reseal   time.Duration // between two attempts to seal a record; 0 = 10 s

	// Node is this node's id among those that share Rooms; empty: it is alone with
	// them and holds no leases. Steady says whether what other nodes let lapse may
	// be taken now.
	Node   string
	Steady func() bool
}

// House keeps the live calls of this node by room id.
type House struct {
	cfg    Config
	depot  *depot.Depot    // of cfg.Scratch
	ctx    context.Context // ends with cause ErrStopping
	cancel context.CancelCauseFunc
	wg     sync.WaitGroup // one per running Call

	mu        sync.Mutex               // guards what follows; never held while calling out
	beginning map[string]chan struct{} // rooms whose Call is being brought; closed after
	calls     map[string]*Call         // until they have given their lease back
	closed    bool
	draining  bool
}

// NewHouse makes a House without calls. Recover brings back those of an
// earlier run.
func NewHouse(cfg Config) *House {
	if cfg.Blip == 0 {
		cfg.Blip = 5 * time.Second
	}
	if cfg.Plans == nil {
		cfg.Plans = plan.Default()
	}
	if cfg.Deadline == 0 {
		cfg.Deadline = 3 * time.Second
	}
	if cfg.Reseal == 0 {
		cfg.Reseal = 10 * time.Second
	}
	if cfg.Metrics == nil {
		cfg.Metrics = NewMetrics(prometheus.NewRegistry())
	}
	if cfg.Refused == nil {
		cfg.Refused = func(*access.Refusal) {}
	}
	h := &House{cfg: cfg, depot: depot.New(cfg.Evidence, cfg.Scratch, cfg.Ship, cfg.Node != "", cfg.Log), calls: make(map[string]*Call), beginning: make(map[string]chan struct{})}
	h.ctx, h.cancel = context.WithCancelCause(context.Background())
	h.wg.Go(h.keepTime)
	h.wg.Go(h.keepEvidence)
	if cfg.Node != "" {
		h.wg.Go(h.keepLeases)
		h.wg.Go(h.keepAdopting)
	}
	return h
}

// Join says who comes into which room. Subject is "seller" or the id of a staff
// account; Browser tells browsers apart and Tab their tabs.
type Join struct {
	Room    string
	Role    protocol.Role
	Subject string
	Test    bool   // a manager by a test room's link
	Name    string // of staff; the seller's is the application's
	Zone    string // of staff, IANA
	Browser string
	Tab     string
	Proved  bool   // the seller entered a mailed code in this session
	Nonce   string // the page's share in the plan, may be empty
	Out     Outbox
}

// Join seats a connection in the room's call, which starts if need be. Errors
// are *protocol.Fault. The seat must be left when its connection has ended.
func (h *House) Join(ctx context.Context, j Join) (*Seat, error) {
	for {
		c, err := h.call(ctx, j.Room)
		if err != nil {
			return nil, err
		}
		req := joined{join: j, settled: new(atomic.Bool), reply: make(chan joinReply, 1)}
		c.post(req)
		select {
		case r := <-req.reply:
			return r.seat, r.err
		case <-c.done: // it retired between the look-up and the post
			if err := c.awaitGone(ctx); err != nil {
				return nil, err
			}
		case <-ctx.Done():
			if req.settled.CompareAndSwap(false, true) { // nobody will leave that seat, so it must not be given
				return nil, &protocol.Fault{Code: protocol.CodeUnavailable, Message: "Not answered in time. Try again.", Err: ctx.Err()}
			}
			r := <-req.reply
			return r.seat, r.err
		}
	}
}

// call gives the running Call of a room, or starts it.
func (h *House) call(ctx context.Context, room string) (*Call, error) {
	for {
		c, begun, first, err := h.begin(room)
		if c != nil || err != nil {
			return c, err
		}
		if first {
			defer h.begun(room)
			return h.bring(ctx, room)
		}
		select { // somebody else brings it
		case <-begun:
		case <-ctx.Done():
			return nil, Fault(ctx.Err())
		}
	}
}

// begin gives the Call of a room if it runs; else a channel that is closed when
// whoever was first to bring it is ready.
func (h *House) begin(room string) (c *Call, begun chan struct{}, first bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, nil, false, errStopping()
	}
	if begun = h.beginning[room]; begun == nil {
		begun, first = make(chan struct{}), true
	}
	if c = h.calls[room]; c == nil && first {
		h.beginning[room] = begun
	}
	return c, begun, first, nil
}

func (h *House) begun(room string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.beginning[room])
	delete(h.beginning, room)
}

// bring takes the room's lease and what is stored of it, and starts its Call.
func (h *House) bring(ctx context.Context, room string) (*Call, error) {
	lease, err := h.hold(ctx, room)
	if err != nil {
		return nil, Fault(err)
	}
	r, err := h.cfg.Rooms.Load(ctx, room)
	if err != nil {
		return nil, Fault(err)
	}
	if !r.Admitted.IsZero() && !r.Sealed {
		if err := h.depot.Fetch(ctx, room); err != nil {
			if !h.depot.Apart(room) {
				return nil, Fault(err)
			}
			h.cfg.Log.Error("recorded parts not fetched, the call goes on and the seal will fetch them", "room", room, "err", err)
		}
	}
	return h.start(ctx, r, lease)
}

// start runs the call of a room unless it runs already. A lease that comes to
// nothing runs out by itself.
func (h *House) start(ctx context.Context, r *rooms.Room, lease rooms.Lease) (*Call, error) {
	fresh := newCall(ctx, h, r, lease)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, errStopping()
	}
	if c := h.calls[r.ID]; c != nil { // somebody was faster
		return c, nil
	}
	h.calls[r.ID] = fresh
	h.wg.Go(fresh.live)
	return fresh, nil
}

// forget takes a call out that has ended.
func (h *House) forget(c *Call) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.calls, c.id)
	close(c.gone)
}

func errStopping() error {
	return protocol.Faultf(protocol.CodeUnavailable, "The server is stopping. Try again in a moment.")
}

// Live counts the calls that run on this node, waiting rooms included.
func (h *House) Live() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.calls)
}

// Refresh makes the call of a room, if one runs here, read its room anew, after
// a change made elsewhere (cancelled, rescheduled).
func (h *House) Refresh(room string) {
	h.mu.Lock()
	c := h.calls[room]
	h.mu.Unlock()
	if c != nil {
		c.post(refreshed{})
	}
}

// Close tells everybody in a call that the server stops, closes what is
// recorded and returns when all calls have ended, or with ctx's error.
func (h *House) Close(ctx context.Context) error {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.cancel(ErrStopping)
	done := make(chan struct{}) // closed by the one goroutine below
	go func() { h.wg.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close calls: %w", ctx.Err())
	}
}
