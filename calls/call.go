package calls

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"verifycall/calls/protocol"
	"verifycall/recorder"
	"verifycall/rooms"
)

// inboxSize bounds what waits for a call; a full inbox makes its posters wait,
// which slows the connection down that floods it.
const inboxSize = 256

// Call is the live actor of a room. All fields below the line are owned by run.
type Call struct {
	house *House
	id    string
	log   *slog.Logger
	inbox chan event    // never closed; posters give up on done
	done  chan struct{} // closed by run when it returns
	jobs  sync.WaitGroup

	stopping sync.WaitGroup // recordings that write their last frames

	// ---- owned by run
	room      *rooms.Room
	seller    side
	manager   side
	pending   *Seat              // another device of the seller that waits to be allowed
	walkedOut bool               // the seller left the waiting room on purpose
	recorder  *recorder.Recorder // nil until there is something to record
	past      []covered          // recordings that have stopped
	graceEnds time.Time          // while interrupted
	working   int                // jobs that will post their result
	sealing   bool
	dirty     bool // the state has changed and must be sent
	rev       int64
	locked    string // what locked a pass at the last tick
}

// event is anything that comes into a call.
type event interface {
	apply(ctx context.Context, c *Call)
}

func newCall(ctx context.Context, h *House, r *rooms.Room) *Call {
	now := time.Now()
	c := &Call{
		house: h, id: r.ID, room: r,
		log:   h.cfg.Log.With("room", r.ID),
		inbox: make(chan event, inboxSize), done: make(chan struct{}),
		seller:  side{role: protocol.RoleSeller, name: r.Text(r.SellerName), zone: r.Zone, lost: now},
		manager: side{role: protocol.RoleManager, lost: now},
	}
	if r.Manager != "" {
		if staff, err := h.cfg.Rooms.Staff(ctx, r.Manager); err == nil {
			c.manager.name, c.manager.zone = staff.Name, staff.Zone
		}
	}
	if r.State == rooms.StateInterrupted {
		c.graceEnds = now.Add(h.cfg.Grace)
	}
	if !r.Admitted.IsZero() && !r.Sealed {
		c.past = earlier(h.scratch(r.ID))
	}
	return c
}

func (h *House) scratch(room string) string { return filepath.Join(h.cfg.Scratch, room) }

// post hands an event to run. It blocks while the inbox is full and drops the
// event when the call has ended.
func (c *Call) post(e event) {
	select {
	case c.inbox <- e:
	case <-c.done:
	}
}

// run owns the call until it is idle or ctx ends.
func (c *Call) run(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	if c.room.State == rooms.StateDecided && c.room.Bundle == "" {
		c.startSeal(ctx)
	}
	for {
		select {
		case e := <-c.inbox:
			e.apply(ctx, c)
		case now := <-tick.C:
			c.onTick(ctx, now)
		case <-ctx.Done():
			c.stop()
			return
		}
		c.flush()
		if c.idle() && c.house.retire(c) {
			c.release()
			return
		}
	}
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
	return true
}

// release gives back what the call holds and waits for its jobs.
func (c *Call) release() {
	close(c.done)
	c.dropTransport(&c.seller)
	c.dropTransport(&c.manager)
	c.jobs.Wait()
	c.stopping.Wait()
	if c.recorder == nil {
		return
	}
	if err := c.recorder.Close(); err != nil {
		c.log.Warn("recorder did not close cleanly", "err", err)
	}
}

// stop ends the call because the node stops: what was live is interrupted and
// can go on elsewhere or after a restart.
func (c *Call) stop() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.house.ctx), 5*time.Second)
	defer cancel()
	if c.room.State == rooms.StateLive {
		c.command(ctx, "system", rooms.Interrupt{Cause: causeStopping})
	}
	c.stopRecording(&c.seller, causeStopping)
	c.stopRecording(&c.manager, causeStopping)
	for _, s := range []*Seat{c.seller.seat, c.manager.seat, c.pending} {
		if s != nil {
			s.send("", &protocol.Bye{Cause: "server_stopping"})
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
	r, err := c.house.cfg.Rooms.Do(ctx, c.id, actor, cmd)
	if err != nil {
		return err
	}
	c.room, c.dirty = r, true
	if r.State != before {
		c.log.Info("room state", "from", before, "to", r.State, "cause", r.Cause)
	}
	return nil
}

// try is command for changes that nobody waits for.
func (c *Call) try(ctx context.Context, cmd rooms.Command) bool {
	if err := c.command(ctx, "system", cmd); err != nil {
		c.log.Warn("change not made", "command", cmdName(cmd), "err", err)
		return false
	}
	return true
}

// flush sends the state to everybody when it has changed.
func (c *Call) flush() {
	if !c.dirty {
		return
	}
	c.dirty = false
	c.rev++
	for _, s := range []*Seat{c.seller.seat, c.manager.seat} {
		if s != nil {
			s.send("", c.view(s.join.Role))
		}
	}
}

type refreshed struct{}

func (refreshed) apply(ctx context.Context, c *Call) {
	r, err := c.house.cfg.Rooms.Load(ctx, c.id)
	if err != nil {
		c.log.Warn("room not read anew", "err", err)
		return
	}
	c.room, c.dirty = r, true
	c.reconcile()
}
