package calls

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"verifycall/access"
	"verifycall/calls/facts"
	"verifycall/calls/protocol"
	"verifycall/media"
	"verifycall/media/relay"
	"verifycall/recorder"
	"verifycall/rooms"
)

// Causes of interruptions and gaps, as the ledger and the recordings name them.
const (
	causeStopping    = "server_stopping"
	causeRestart     = "server_restart"
	causeNodeLost    = "node_lost" // another node had the call and was lost
	causeDrained     = "node_drained"
	causeLeaseLost   = "lease_lost" // another node has the call now
	causeSellerLost  = "seller_lost"
	causeManagerLost = "manager_lost"
	causeReconnect   = facts.GapReconnect
	causeInterrupted = "interrupted"
	causeWithdrawn   = "consent_withdrawn"
	causeEnded       = facts.GapEnded
)

var kinds = []media.Kind{media.Audio, media.Video}

// Offers that a side may make: each costs keys, sockets and goroutines.
const (
	offerRate  = rate.Limit(1) // a second
	offerBurst = 12
)

// side is the seller's or the manager's half of a call, owned by Call.run.
type side struct {
	role       protocol.Role
	name, zone string
	seat       *Seat
	who        Join      // of the last seat
	lost       time.Time // when the seat was lost, or the call began without one
	tab        string    // of the last seat
	browser    string    // of the last seat
	shown      shown     // the last state that was sent
	relay      relay.Credentials

	offers      *rate.Limiter // of new transports
	transport   *media.Transport
	generation  int // of the transport; events of older ones are dropped
	connected   bool
	mediaLost   time.Time // when a connected transport was lost or left, zero while one is connected
	offered     time.Time // when the transport was asked for
	connectedAt time.Time // when the transport first was up
	measured    bool      // uplink is of this transport
	uplink      int       // kbit/s, of this transport or the one before; 0 while unmeasured
	playing     map[media.Kind]*media.Receiver

	recording  *recorder.Recording
	tapped     map[media.Kind]*media.Receiver
	begun      time.Time // of recording
	unrecorded time.Time // since when there should be a recording and is none, zero otherwise
	beginning  bool      // the files of one are being made
	beginAfter time.Time // not to make them before
	failing    string    // why they could not be made
	withdrawn  bool      // said so and not agreed again, whatever the store knows

	sampled  map[media.Kind]sampled // totals at the last look
	reported time.Time              // the page's last figures

	audioOff, videoOff bool
	videoOn            time.Time       // when video was last switched on again
	device             protocol.Device // what the page said that its device can do
}

func (s *side) present(now time.Time) bool {
	if s.seat != nil {
		return true
	}
	return s.connected && now.Sub(s.lost) < 30*time.Second // the WebSocket is away, media flows on
}

func (c *Call) side(role protocol.Role) *side {
	if role == protocol.RoleSeller {
		return &c.seller
	}
	return &c.manager
}

func (c *Call) other(s *side) *side {
	if s == &c.seller {
		return &c.manager
	}
	return &c.seller
}

type joinReply struct {
	seat *Seat
	err  error
}

type joined struct {
	join    Join
	settled *atomic.Bool   // set by whoever comes first: run that answers, Join that gives up
	reply   chan joinReply // capacity 1
}

func (j joined) apply(ctx context.Context, c *Call) {
	if !j.settled.CompareAndSwap(false, true) {
		return
	}
	seat := &Seat{call: c, join: j.join}
	if err := c.may(j.join, joinAction(j.join.Role)); err != nil {
		j.reply <- joinReply{err: Fault(err)}
		return
	}
	if c.codeMissing(j.join) {
		j.reply <- joinReply{err: errNeedsCode()}
		return
	}
	j.reply <- joinReply{seat: seat}
	s := c.side(j.join.Role)
	rested := s.seat == nil && c.rehearses(s) // a rehearsal that was left holds nothing
	if s == &c.seller && !rested && s.present(time.Now()) && s.browser != j.join.Browser {
		c.askForDevice(seat)
		return
	}
	c.seatDown(ctx, s, seat)
}

// joinAction is the action of sitting down on a side.
func joinAction(role protocol.Role) access.Action {
	if role == protocol.RoleSeller {
		return access.SellerJoin
	}
	return access.ManagerJoin
}

// askForDevice keeps another device of the seller waiting for the manager.
func (c *Call) askForDevice(seat *Seat) {
	if c.pending != nil {
		c.pending.send("", &protocol.Replaced{By: "device"})
		c.pending.join.Out.Close(closeReplaced, "another device asks")
	}
	c.pending, c.dirty = seat, true
	seat.refuse("", protocol.Faultf(protocol.CodeNeedsAllow,
		"Your call is open on another device. The account manager has to allow this one."))
	c.log.Info("another device asks")
}

const closeReplaced = 4001

// seatDown gives a side its new connection. The same tab coming back keeps its
// media; another tab or device takes over and starts anew.
func (c *Call) seatDown(ctx context.Context, s *side, seat *Seat) {
	if old := s.seat; old != nil {
		by := "tab"
		if old.join.Browser != seat.join.Browser {
			by = "device"
		}
		if old.join.Tab != seat.join.Tab {
			old.send("", &protocol.Replaced{By: by})
		}
		old.join.Out.Close(closeReplaced, "taken over")
	}
	if s.tab != seat.join.Tab {
		s.device = protocol.Device{}
		c.dropTransport(s)
	}
	s.who = seat.join
	s.seat, s.tab, s.browser, s.lost = seat, seat.join.Tab, seat.join.Browser, time.Time{}
	s.audioOff = false // a page that comes back says again what is off; one reloaded has all on
	s.switchVideo(false)
	if s == &c.manager {
		s.name, s.zone = seat.join.Name, seat.join.Zone
	}
	c.log.Info("joined", "role", s.role)
	if s == &c.seller {
		c.drawPlan(ctx, seat.join.Nonce)
	}
	c.enterWaiting(ctx)
	c.resume(ctx)
	c.renewRelay(s, time.Now())
	c.dirty = true
}

// enterWaiting brings a seller who has agreed into the waiting room, and one who
// left it only after agreeing again.
func (c *Call) enterWaiting(ctx context.Context) {
	if c.seller.seat != nil && !c.walkedOut && c.room.State == rooms.StateBooked && c.room.Agreed(string(c.seller.role)) &&
		!c.codeMissing(c.seller.seat.join) {
		c.try(ctx, rooms.EnterWaiting{})
		c.makeReady(time.Now())
	}
}

// resume makes an interrupted call live again once both are back.
func (c *Call) resume(ctx context.Context) {
	now := time.Now()
	if c.room.State != rooms.StateInterrupted || !c.seller.present(now) || !c.manager.present(now) ||
		!c.seller.connected || !c.manager.connected {
		return
	}
	if c.try(ctx, rooms.Resume{}) {
		c.reconcile()
	}
}

type left struct{ seat *Seat }

func (l left) apply(ctx context.Context, c *Call) {
	if c.pending == l.seat {
		c.pending, c.dirty = nil, true
		return
	}
	s := c.side(l.seat.join.Role)
	if s.seat != l.seat {
		return // it was replaced before
	}
	s.seat, s.lost, c.dirty = nil, time.Now(), true
	c.log.Info("left", "role", s.role)
	if next := c.pending; s == &c.seller && next != nil && c.room.Admitted.IsZero() { // no call yet to be taken over
		c.pending = nil
		c.seatDown(ctx, s, next)
	}
}

// goneAfter, in times of Config.Blip, is when a manager who has come counts as gone
// again while the seller waits.
const goneAfter = 12

// onTick looks at what time alone changes: losses, grace, the recorder's light.
func (c *Call) onTick(ctx context.Context, now time.Time) {
	defer c.glance()
	c.leaveIfDrained()
	c.makeReady(now)
	c.shipNow(now)
	c.watchPending()
	c.recall(now)
	if c.stale {
		refreshed{}.apply(ctx, c)
	}
	c.measureUplink(&c.seller, now)
	c.measureUplink(&c.manager, now)
	c.renewRelay(&c.seller, now)
	c.renewRelay(&c.manager, now)
	switch c.room.State {
	case rooms.StateLive:
		if cause := c.lossCause(now); cause != "" {
			c.interrupt(ctx, cause)
		}
		c.record(&c.seller)
		c.record(&c.manager)
		c.watchBeginning(&c.seller, now)
		c.watchBeginning(&c.manager, now)
		c.sendRecorder()
		c.sendHealth(now)
		c.watchLock()
		c.watchPhoto(now)
	case rooms.StateInterrupted:
		if now.After(c.room.GraceEnds) && c.try(ctx, rooms.EndGrace{}) {
			c.reconcile()
		}
	case rooms.StateDecided:
		if now.After(c.sealAfter) {
			c.startSeal(ctx)
		}
	case rooms.StateWaiting:
		if c.seller.seat == nil && now.Sub(c.seller.lost) > c.house.cfg.Blip {
			c.dropTransport(&c.seller)
			c.try(ctx, rooms.LeaveWaiting{})
		} else if c.manager.seat == nil && now.Sub(c.manager.lost) > goneAfter*c.house.cfg.Blip && c.room.Hosted() && now.After(c.room.MissedAt()) {
			if c.try(ctx, rooms.Miss{Gone: true}) {
				c.reconcile()
			}
		}
	}
}

// keptHere is how many changes and captures wait on this node while Redis or the
// evidence store is away.
func (c *Call) keptHere() int {
	return c.house.cfg.Rooms.Pending(c.id) + c.house.depot.Waiting(c.id)
}

// watchPending shows what is kept here.
func (c *Call) watchPending() {
	c.dirty = c.dirty || c.keptHere() != c.unstored
}

// watchLock sends the state anew when what locks a pass has changed by time
// alone, as the coverage does.
func (c *Call) watchLock() {
	c.dirty = c.dirty || words(c.missing()) != c.locked
}

func (c *Call) lossCause(now time.Time) string {
	blip := c.house.cfg.Blip
	away := func(s *side) bool {
		gone := !s.present(now) && now.Sub(s.lost) > blip
		dark := !s.mediaLost.IsZero() && now.Sub(s.mediaLost) > blip
		return gone || dark
	}
	switch {
	case away(&c.seller):
		return causeSellerLost
	case away(&c.manager):
		return causeManagerLost
	}
	return ""
}

func (c *Call) interrupt(ctx context.Context, cause string) {
	if c.try(ctx, rooms.Interrupt{Cause: cause, Grace: c.house.cfg.Grace}) {
		c.reconcile()
	}
}
