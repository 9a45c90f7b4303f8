package calls

import (
	"context"
	"time"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/rooms"
)

// said is a message that a seat has sent.
type said struct {
	seat *Seat
	id   string
	msg  protocol.ClientMessage
}

// may asks the table of access for who sits here.
func (c *Call) may(j Join, a access.Action) error {
	p := access.Person{Role: access.Role(j.Role), ID: j.Subject}
	switch {
	case j.Role == protocol.RoleSeller:
		p.Room = j.Room
	case j.Role == protocol.RoleManager && j.Test:
		p.Role, p.Room = access.TestManager, j.Room
	}
	return access.Check(p, a, access.Place{Room: c.id, Manager: c.room.Manager})
}

func (m said) apply(ctx context.Context, c *Call) {
	if m.seat == c.pending {
		m.seat.refuse(m.id, protocol.Faultf(protocol.CodeNeedsAllow, "The account manager has to allow this device first."))
		return
	}
	s := c.side(m.seat.join.Role)
	if s.seat != m.seat {
		m.seat.refuse(m.id, protocol.Faultf(protocol.CodeConflict, "The call goes on in another tab."))
		return
	}
	if err := c.may(m.seat.join, access.Say(protocol.ClientName(m.msg))); err != nil {
		c.log.Warn("message not allowed", "role", s.role)
		c.house.cfg.Refused(access.Refused(err))
		m.seat.refuse(m.id, err)
		return
	}
	answer, err := c.dispatch(ctx, m, s)
	if err != nil {
		m.seat.refuse(m.id, err)
		return
	}
	if answer != nil {
		m.seat.send(m.id, answer)
	}
}

// dispatch gives the answer to a message, nil when it follows later.
func (c *Call) dispatch(ctx context.Context, m said, s *side) (protocol.ServerMessage, error) {
	actor := m.seat.actor()
	var err error
	switch msg := m.msg.(type) {
	case *protocol.Hello:
		err = protocol.Faultf(protocol.CodeMalformed, "hello was said already.")
	case *protocol.Offer:
		return c.onOffer(ctx, s, msg)
	case *protocol.Capture:
		return c.onCaptureKind(m.seat, m.id, msg)
	case *protocol.Device:
		s.device, c.dirty = *msg, true
	case *protocol.Command:
		err = c.onCommand(msg)
	case *protocol.PhotoAnnounce:
		err = c.onPhotoAnnounce(ctx, actor, msg)
	case *protocol.PhotoFailed:
		err = c.onPhotoFailed(msg)
	case *protocol.Notice:
		err = c.onNotice(ctx, actor, s, msg)
	case *protocol.Admit:
		err = c.onAdmit(ctx, actor)
	case *protocol.Mute:
		c.onMute(s, msg)
	case *protocol.Quality:
		c.onQuality(s, msg, time.Now())
	case *protocol.Chat:
		err = c.command(ctx, actor, rooms.SendChat{From: string(s.role), Text: msg.Text})
	case *protocol.SendCode:
		return nil, c.onSendCode(m.seat, m.id)
	case *protocol.CheckCode:
		return nil, c.onCheckCode(m.seat, m.id, msg.Code)
	case *protocol.Step:
		err = c.command(ctx, actor, rooms.ShowStep{Step: msg.Step})
	case *protocol.StepResult:
		err = c.command(ctx, actor, rooms.FinishStep{Step: msg.Step, Result: msg.Result, Reason: msg.Reason})
	case *protocol.Crop:
		err = c.command(ctx, actor, rooms.MarkCrop(*msg))
	case *protocol.Compare:
		err = c.command(ctx, actor, rooms.DecideCompare{Item: msg.Item, Decision: msg.Decision, Typed: msg.Typed})
	case *protocol.Note:
		err = c.command(ctx, actor, rooms.WriteNote{Text: msg.Text})
	case *protocol.Flag:
		err = c.command(ctx, actor, rooms.WriteNote{Code: msg.Code, Text: msg.Text})
	case *protocol.Verdict:
		err = c.onVerdict(ctx, actor, msg)
	case *protocol.End:
		err = c.onEnd(ctx, actor, s)
	case *protocol.Withdraw:
		err = c.onWithdraw(ctx, actor, s)
	case *protocol.AllowDevice:
		err = c.onAllowDevice(ctx, msg.Allow)
	}
	return &protocol.OK{}, err
}

func (c *Call) onNotice(ctx context.Context, actor string, s *side, msg *protocol.Notice) error {
	if msg.Agree && s.seat != nil && c.codeMissing(s.seat.join) { // it sat down before the code was wanted
		return errNeedsCode()
	}
	err := c.command(ctx, actor, rooms.GiveNotice{
		Who: string(s.role), Version: msg.Version, Language: msg.Language, Agree: msg.Agree,
	})
	if err != nil {
		return err
	}
	if s == &c.seller {
		c.walkedOut = false
	}
	if msg.Agree {
		s.withdrawn = false
	}
	c.log.Info("notice", "role", s.role, "agreed", msg.Agree)
	c.enterWaiting(ctx)
	c.reconcile()
	return nil
}

func (c *Call) onAdmit(ctx context.Context, actor string) error {
	if c.seller.seat == nil {
		return protocol.Faultf(protocol.CodeWrongState, "The seller isn't here yet.")
	}
	if c.room.State == rooms.StateWaiting {
		if err := c.mayRecord(); err != nil {
			return err
		}
	}
	if err := c.command(ctx, actor, rooms.Admit{}); err != nil {
		return err
	}
	c.seller.mediaLost, c.manager.mediaLost = noTime, noTime // what was lost before the call interrupts nothing
	c.reconcile()
	return nil
}

func (c *Call) onMute(s *side, msg *protocol.Mute) {
	if msg.Kind == "audio" {
		s.audioOff = msg.Off
	} else {
		s.switchVideo(msg.Off)
	}
	c.dirty = true
}

func (c *Call) onEnd(ctx context.Context, actor string, s *side) error {
	cause := "hangup_" + string(s.role)
	switch c.room.State {
	case rooms.StateLive, rooms.StateInterrupted:
		return c.endCall(ctx, actor, cause)
	case rooms.StateWaiting:
		if s == &c.seller {
			c.walkedOut = true
			return c.command(ctx, actor, rooms.LeaveWaiting{})
		}
	}
	return protocol.Faultf(protocol.CodeWrongState, "There is no call to end.")
}

// endCall ends a live or interrupted call and closes its media. Recordings end
// first: nothing is kept from after the end, however long its commit takes. If
// that fails, others begin.
func (c *Call) endCall(ctx context.Context, actor, cause string) error {
	c.stopRecording(&c.seller, causeEnded)
	c.stopRecording(&c.manager, causeEnded)
	if err := c.command(ctx, actor, rooms.EndCall{Cause: cause}); err != nil {
		c.reconcile()
		return err
	}
	c.reconcile()
	return nil
}

func (c *Call) onWithdraw(ctx context.Context, actor string, s *side) error {
	s.withdrawn = true
	c.stopRecording(s, causeWithdrawn) // at once, whatever the store says
	if err := c.command(ctx, actor, rooms.WithdrawNotice{Who: string(s.role)}); err != nil {
		return err
	}
	c.reconcile()
	return nil
}

func (c *Call) onAllowDevice(ctx context.Context, allow bool) error {
	seat := c.pending
	if seat == nil {
		return protocol.Faultf(protocol.CodeWrongState, "No other device asks any more.")
	}
	c.pending, c.dirty = nil, true
	if allow {
		c.seatDown(ctx, &c.seller, seat)
		return nil
	}
	seat.refuse("", protocol.Faultf(protocol.CodeForbidden, "The account manager did not allow this device."))
	seat.join.Out.Close(protocol.Table[protocol.CodeForbidden].Close, "not allowed")
	return nil
}

// onVerdict decides the room; a live call is ended first. The record is sealed
// beside the call and announced by the state.
func (c *Call) onVerdict(ctx context.Context, actor string, msg *protocol.Verdict) error {
	if msg.Verdict == "pass" {
		if missing := c.missing(); len(missing) > 0 {
			return protocol.Faultf(protocol.CodeLocked, "Pass is locked, missing: "+words(missing)+".")
		}
	}
	if s := c.room.State; s == rooms.StateLive || s == rooms.StateInterrupted {
		if err := c.endCall(ctx, actor, "verdict"); err != nil {
			return err
		}
	}
	err := c.command(ctx, actor, rooms.GiveVerdict{
		Verdict: msg.Verdict, Reasons: msg.Reasons, Repeat: msg.Repeat, Line: msg.Line, Coverage: c.coverage(),
	})
	if err != nil {
		return err
	}
	c.startSeal(ctx)
	return nil
}
