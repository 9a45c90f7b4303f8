package calls

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"verifycall/calls/depot"
	"verifycall/calls/protocol"
	"verifycall/recorder"
	"verifycall/rooms"
)

// inboxSize bounds what waits for a call; a full inbox makes its posters wait,
// which slows the connection down that floods it.
const inboxSize = 256

// Call is the live actor of a room. All fields below the line are owned by run.
type Call struct {
	house  *House
	id     string
	log    *slog.Logger
	inbox  chan event    // never closed; posters give up on done
	done   chan struct{} // closed by run when it returns
	gone   chan struct{} // closed when the lease was given back
	jobs   sync.WaitGroup
	lease  rooms.Lease
	parts  *depot.Shipper  // nil: the store is no safer than the scratch
	ctx    context.Context // ends with why the call ends here
	cancel context.CancelCauseFunc

	stopping sync.WaitGroup         // recordings that write their last frames
	seen     atomic.Pointer[Glance] // as of the last tick

	// ---- owned by run
	room       *rooms.Room
	seller     side
	manager    side
	pending    *Seat              // another device of the seller that waits to be allowed
	walkedOut  bool               // the seller left the waiting room on purpose
	recorder   *recorder.Recorder // nil until there may be something to record
	quality    *qualityLog        // nil until there are figures to keep
	figured    time.Time          // the server's last figures that were kept
	past       []covered          // recordings that have stopped, and time without any
	started    time.Time          // this Call
	unread     bool               // past lacks what was recorded before it started
	recalling  bool               // that is being read
	recallAt   time.Time          // not to read it before
	photo      *shooting          // the sensor photo asked for last; nil without one
	clipping   bool               // a clip is being taken
	coding     bool               // a code is being sent or looked at
	working    int                // jobs that will post their result
	sealing    bool
	sealAfter  time.Time // not to seal before; after an attempt that failed
	readying   bool      // the recorder is being made
	readyAfter time.Time // not to make it before
	shipping   bool      // parts go to the store
	warned     time.Time // that they don't
	shipped    time.Time // when they last did
	dirty      bool      // the state may have changed and must be sent
	stale      bool      // the store may know more than room
	unstored   int       // changes kept here and not yet stored, as shown last
	locked     string    // what locks a pass, as shown last

	captures *rate.Limiter // that the manager takes

	counted string // the state that the metrics have this call in
}

// event is anything that comes into a call.
type event interface {
	apply(ctx context.Context, c *Call)
}

func newCall(ctx context.Context, h *House, r *rooms.Room, lease rooms.Lease) *Call {
	now := time.Now()
	c := &Call{
		house: h, id: r.ID, room: r,
		log:   h.cfg.Log.With("room", r.ID),
		inbox: make(chan event, inboxSize), done: make(chan struct{}), gone: make(chan struct{}), lease: lease, parts: h.depot.NewShipper(r.ID),
		captures: rate.NewLimiter(captureRate, captureBurst),
		seller: side{role: protocol.RoleSeller, name: r.Text(r.SellerName), zone: r.Zone, lost: now,
			offers: rate.NewLimiter(offerRate, offerBurst)},
		manager: side{role: protocol.RoleManager, lost: now, offers: rate.NewLimiter(offerRate, offerBurst)},
	}
	c.started = now
	c.ctx, c.cancel = context.WithCancelCause(h.ctx)
	if r.Manager != "" {
		if staff, err := h.cfg.Rooms.Accounts.Get(ctx, r.Manager); err == nil {
			c.manager.name, c.manager.zone = staff.Name, staff.Zone
		}
	}
	if !r.Admitted.IsZero() && !r.Sealed {
		var err error
		if c.past, err = h.earlier(ctx, r.ID, now); err != nil {
			c.unread = true
			c.log.Error("what was recorded earlier can't be read, it will be tried again", "err", err)
		}
	}
	return c
}

// post hands an event to run. It blocks while the inbox is full and drops the
// event when the call has ended.
func (c *Call) post(e event) {
	select {
	case c.inbox <- e:
	case <-c.done:
	}
}

// live is the call's whole life on this node.
func (c *Call) live() {
	c.run(c.ctx)
	c.cancel(nil)
	c.giveBack()
	c.house.forget(c)
}

// run owns the call until it is idle or ctx ends.
func (c *Call) run(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	if c.room.State == rooms.StateLive { // whoever had it before is gone
		c.interrupt(ctx, c.lostCause())
	}
	c.startSeal(ctx)
	defer c.count("")
	for {
		c.count(c.room.State)
		select {
		case e := <-c.inbox:
			e.apply(ctx, c)
		case now := <-tick.C:
			c.onTick(ctx, now)
		case <-ctx.Done():
			c.stop(context.Cause(ctx))
			return
		}
		c.flush()
		if c.idle() && len(c.inbox) == 0 {
			c.release()
			return
		}
	}
}

// count has the metrics know the call in a state, or no more.
func (c *Call) count(state string) {
	c.house.cfg.Metrics.state(c.counted, state)
	c.counted = state
}

// idle reports that nobody is here and nothing runs.
func (c *Call) idle() bool {
	if c.seller.seat != nil || c.manager.seat != nil || c.pending != nil || c.working > 0 {
		return false
	}
	switch c.room.State {
	case rooms.StateLive, rooms.StateInterrupted, rooms.StateWaiting:
		return false
	}
	return !c.unsealed()
}

// release gives back what the call holds and waits for its jobs.
func (c *Call) release() {
	close(c.done)
	c.dropTransport(&c.seller)
	c.dropTransport(&c.manager)
	c.jobs.Wait()
	c.stopping.Wait()
	if c.quality != nil {
		c.quality.close()
	}
	if c.recorder == nil {
		return
	}
	if err := c.recorder.Close(); err != nil { // one that began too late among them
		c.log.Warn("recorder did not close cleanly", "err", err)
	}
	c.shipLast()
}

// shipLast sends what no other node has seen yet.
func (c *Call) shipLast() {
	if c.room.Bundle != "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), 10*time.Second)
	defer cancel()
	err := c.parts.Ship(ctx)
	c.house.depot.Behind(c.id, err)
	if err != nil {
		c.log.Error("the last recorded parts are on this node alone", "err", err)
	}
}

// stop ends the call here: what was live is interrupted, unless another node has
// it already, and can go on elsewhere or after a restart.
func (c *Call) stop(why error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), 5*time.Second)
	defer cancel()
	cause := stopCauses[why]
	c.log.Info("call ends here", "cause", cause)
	if errors.Is(why, ErrLeaseLost) {
		c.house.cfg.Metrics.leasesLost.Inc()
	}
	if c.room.State == rooms.StateLive && !errors.Is(why, ErrLeaseLost) {
		c.try(ctx, rooms.Interrupt{Cause: cause, Grace: c.house.cfg.Grace})
	}
	c.stopRecording(&c.seller, cause)
	c.stopRecording(&c.manager, cause)
	for _, s := range []*Seat{c.seller.seat, c.manager.seat, c.pending} {
		if s != nil {
			s.send("", &protocol.Bye{Cause: "server_stopping"}) // pages come back at once
			s.join.Out.Close(1001, "server stopping")
		}
	}
	c.release()
}

// job runs work beside the call; its result must come back as an event.
func (c *Call) job(work func() event) {
	c.working++
	c.jobs.Go(func() { c.post(finished{work()}) })
}

type finished struct{ then event }

func (f finished) apply(ctx context.Context, c *Call) {
	c.working--
	if f.then != nil {
		f.then.apply(ctx, c)
	}
}

// command decides and commits one change of the room. On success the call's
// room is the new one.
func (c *Call) command(ctx context.Context, actor string, cmd rooms.Command) error {
	before := c.room.State
	r, err := c.house.cfg.Rooms.DoLive(ctx, c.room, actor, cmd, c.lease.Guards()...)
	if errors.Is(err, rooms.ErrFenced) {
		c.cancel(ErrLeaseLost)
	}
	if err != nil {
		c.stale = c.stale || outdated(err, before)
		return err
	}
	c.room, c.dirty = r, true
	if r.State != before {
		c.log.Info("room state", "from", before, "to", r.State, "cause", r.Cause)
	}
	return nil
}

// outdated reports that an error of a command leaves open whether the room is
// still as it was known.
func outdated(err error, state string) bool {
	var illegal *rooms.TransitionError
	if errors.As(err, &illegal) {
		return illegal.State != state
	}
	return errors.Is(err, rooms.ErrUnknown) || errors.Is(err, rooms.ErrConflict)
}

// try is command for changes that nobody waits for.
func (c *Call) try(ctx context.Context, cmd rooms.Command) bool {
	if err := c.command(ctx, "system", cmd); err != nil {
		c.log.Warn("change not made", "command", cmdName(cmd), "err", err)
		return false
	}
	return true
}

// shown is what a side was sent last.
type shown struct {
	seat  *Seat
	state []byte // without rev and time
	rev   int64
}

// flush sends the state to everybody for whom it has changed. A seller must not
// learn from a state without news that staff wrote something.
func (c *Call) flush() {
	if !c.dirty {
		return
	}
	c.dirty = false
	for _, s := range []*side{&c.seller, &c.manager} {
		if s.seat == nil {
			continue
		}
		v := c.view(s.role)
		if v.Staff != nil {
			c.locked, c.unstored = words(v.Staff.Missing), v.Staff.Unstored
		}
		text, err := json.Marshal(v)
		if err != nil {
			c.log.Error("state not sent", "role", s.role, "err", err)
			continue
		}
		if s.shown.seat == s.seat && bytes.Equal(s.shown.state, text) {
			continue
		}
		s.shown = shown{s.seat, text, s.shown.rev + 1}
		v.Rev, v.Now = s.shown.rev, time.Now().UTC()
		s.seat.send("", v)
	}
}

type refreshed struct{}

func (refreshed) apply(ctx context.Context, c *Call) {
	if c.house.cfg.Rooms.Pending(c.id) > 0 { // the store knows less than this call
		c.stale = true
		return
	}
	r, err := c.house.cfg.Rooms.Load(ctx, c.id)
	if err != nil {
		c.log.Warn("room not read anew", "err", err)
		return
	}
	c.room, c.dirty, c.stale = r, true, false
	c.reconcile()
}
