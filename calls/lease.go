package calls

import (
	"context"

	"verifycall/calls/protocol"
	"verifycall/rooms"
)

// adoptAtOnce bounds how many rooms without a node are taken at each beat, so
// that a lost node's rooms spread over those that are left.
const adoptAtOnce = 4

// stopCauses says in ledgers and recordings why a call ended here.
var stopCauses = map[error]string{
	ErrStopping: causeStopping, ErrDrained: causeDrained, ErrLeaseLost: causeLeaseLost,
}

// hold gives this node the room, if it may have it now.
func (h *House) hold(ctx context.Context, room string) (rooms.Lease, error) {
	if h.cfg.Node == "" {
		return rooms.Lease{}, nil
	}
	h.mu.Lock()
	draining := h.draining
	h.mu.Unlock()
	if draining {
		return rooms.Lease{}, protocol.Faultf(protocol.CodeUnavailable, "The call moves to another server. Try again in a moment.")
	}
	return h.cfg.Rooms.TakeLease(ctx, room, h.cfg.Node, h.cfg.Steady())
}

// giveBack gives the lease up, so that another node can have the room at once.
func (c *Call) giveBack() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), rooms.LeaseTTL)
	defer cancel()
	if err := c.house.cfg.Rooms.LeaveLease(ctx, c.lease); err != nil {
		c.log.Warn("lease not given up, it will run out", "err", err)
	}
}

// awaitGone waits until a call that has ended is no longer in the way of the next.
func (c *Call) awaitGone(ctx context.Context) error {
	select {
	case <-c.gone:
		return nil
	case <-ctx.Done():
		return &protocol.Fault{Code: protocol.CodeUnavailable, Message: "Not answered in time. Try again.", Err: ctx.Err()}
	}
}

// lostCause is why a call that begins here finds its room live already.
func (c *Call) lostCause() string {
	if c.lease.Fence == 0 {
		return causeRestart
	}
	return causeNodeLost
}

// keepLeases renews the leases of the running calls, and of those that are being
// brought, at a third of their time, tells calls what others have changed in their
// rooms, and ends those whose lease is lost. While Redis can't be reached the calls
// go on. It is one of the goroutines that Close waits for; nothing in it waits for
// a store.
func (h *House) keepLeases() {
	h.every(rooms.LeaseTTL/3, func() {
		ctx, cancel := context.WithTimeout(h.ctx, rooms.LeaseTTL/2)
		if err := h.renew(ctx); err != nil && h.ctx.Err() == nil {
			h.cfg.Log.Warn("leases not renewed, calls go on", "err", err)
		}
		cancel()
	})
}

// keepAdopting takes in rooms that no node looks after. It is one of the goroutines
// that Close waits for.
func (h *House) keepAdopting() {
	h.every(rooms.LeaseTTL/3, func() {
		if err := h.adopt(h.ctx); err != nil && h.ctx.Err() == nil {
			h.cfg.Log.Warn("rooms without a node not taken in", "err", err)
		}
	})
}

func (h *House) renew(ctx context.Context) error {
	running, ids := h.held()
	for _, c := range running {
		ids = append(ids, c.id)
	}
	if len(ids) == 0 {
		return nil
	}
	kept, err := h.cfg.Rooms.KeepLeases(ctx, h.cfg.Node, ids)
	if err != nil {
		return err
	}
	for _, c := range running {
		if k, ours := kept[c.id]; ours && k.Fence == c.lease.Fence {
			c.tell(renewed{k})
			continue
		}
		select {
		case <-c.done: // it has given it back meanwhile
		default:
			c.cancel(ErrLeaseLost)
		}
	}
	return nil
}

// Leases counts the rooms that this node holds; 0 where it is alone.
func (h *House) Leases() int {
	if h.cfg.Node == "" {
		return 0
	}
	return len(h.running())
}

// Unheld counts the rooms that some node has to look after and none does; 0 where
// this node is alone. The error is Redis's.
func (h *House) Unheld(ctx context.Context) (int, error) {
	if h.cfg.Node == "" {
		return 0, nil
	}
	ids, err := h.cfg.Rooms.Unfinished(ctx)
	return len(ids), err
}

// held gives the running calls, and the rooms that are being brought: fetching what
// was recorded of one may take longer than its lease.
func (h *House) held() (running []*Call, bringing []string) {
	running = h.running()
	h.mu.Lock()
	defer h.mu.Unlock()
	for room := range h.beginning {
		if h.calls[room] == nil {
			bringing = append(bringing, room)
		}
	}
	return running, bringing
}

func (h *House) running() []*Call {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make([]*Call, 0, len(h.calls))
	for _, c := range h.calls {
		all = append(all, c)
	}
	return all
}

// tell posts an event that comes again; a busy call misses it.
func (c *Call) tell(e event) {
	select {
	case c.inbox <- e:
	default:
	}
}

// renewed says that the call's lease stands, and where the room's ledgers end.
type renewed struct{ kept rooms.Kept }

func (e renewed) apply(ctx context.Context, c *Call) {
	if e.kept.Changed(c.room) {
		refreshed{}.apply(ctx, c) // changed by another node, or by ours since the answer: reading anew does no harm
	}
}

// adopt starts the calls of rooms that nobody looks after: their node was lost,
// or gave them up.
func (h *House) adopt(ctx context.Context) error {
	if !h.cfg.Steady() || h.Draining() {
		return nil
	}
	ids, err := h.cfg.Rooms.Unfinished(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids[:min(len(ids), adoptAtOnce)] {
		if _, err := h.call(ctx, id); err != nil {
			h.cfg.Log.Info("room not taken in", "room", id, "err", err) // another node was faster, mostly
		}
	}
	return nil
}

// Drain lets no call begin here any more. Those that wait for an admission or
// for people to come back go on elsewhere at once; those that are live may end
// here.
func (h *House) Drain() {
	h.mu.Lock()
	h.draining = true
	h.mu.Unlock()
	for _, c := range h.running() {
		c.post(drained{})
	}
}

// Draining says whether Drain was called.
func (h *House) Draining() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.draining
}

type drained struct{}

func (drained) apply(_ context.Context, c *Call) { c.leaveIfDrained() }

// leaveIfDrained ends a call that need not end here.
func (c *Call) leaveIfDrained() {
	if c.house.Draining() && c.room.State != rooms.StateLive && !c.sealing && !c.unsealed() {
		c.cancel(ErrDrained)
	}
}
