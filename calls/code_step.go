package calls

import (
	"context"
	"errors"
	"time"

	"verifycall/calls/protocol"
	"verifycall/rooms"
	"verifycall/rooms/limits"
)

// codeTime bounds how long the store may take to send a code or to look at one.
const codeTime = 5 * time.Second

// onSendCode has a code mailed to the seller of the live call, beside the call.
func (c *Call) onSendCode(seat *Seat, id string) error {
	if seat.join.Role == protocol.RoleSeller && c.room.Code.Asked.IsZero() {
		return protocol.Faultf(protocol.CodeWrongState, "The account manager sends the first code.")
	}
	if err := c.room.MayAskCode(time.Now()); err != nil {
		return codeFault(err)
	}
	if err := c.oneCode(); err != nil {
		return err
	}
	room := c.room
	c.job(func() event {
		ctx, cancel := context.WithTimeout(c.ctx, codeTime)
		defer cancel()
		if err := c.house.codeLimit(ctx, rooms.LimitCodes, room.ID); err != nil {
			return codeSent{seat, id, time.Time{}, err}
		}
		until, err := c.house.cfg.Rooms.SendCode(ctx, room)
		return codeSent{seat, id, until, err}
	})
	return nil
}

// oneCode lets one code be sent or looked at, at a time.
func (c *Call) oneCode() error {
	if c.coding {
		return protocol.Faultf(protocol.CodeConflict, "A code is being sent or looked at just now. Try again.")
	}
	c.coding = true
	return nil
}

// codeSent brings until when the code that was mailed can be entered, or why none was.
type codeSent struct {
	seat  *Seat
	id    string
	until time.Time
	err   error
}

func (e codeSent) apply(ctx context.Context, c *Call) {
	c.coding = false
	err := e.err
	if err == nil {
		err = c.command(ctx, e.seat.actor(), rooms.AskCode{Until: e.until.UTC()})
	}
	if err != nil {
		c.log.Warn("no code sent", "role", e.seat.join.Role, "err", err)
		e.seat.refuse(e.id, codeFault(err))
		return
	}
	c.log.Info("code sent", "role", e.seat.join.Role)
	e.seat.send(e.id, &protocol.OK{})
}

// onCheckCode looks at a code that the seller entered, beside the call.
func (c *Call) onCheckCode(seat *Seat, id, code string) error {
	if err := c.room.MayEnterCode(time.Now()); err != nil {
		return codeFault(err)
	}
	if err := c.oneCode(); err != nil {
		return err
	}
	c.job(func() event {
		ctx, cancel := context.WithTimeout(c.ctx, codeTime)
		defer cancel()
		if err := c.house.codeLimit(ctx, rooms.LimitCodeTries, c.id); err != nil {
			return codeTried{seat, id, err}
		}
		return codeTried{seat, id, c.house.cfg.Rooms.CheckCode(ctx, c.id, code)}
	})
	return nil
}

// codeTried brings what the store says of a code that was entered.
type codeTried struct {
	seat *Seat
	id   string
	err  error // nil: it is the right one
}

func (e codeTried) apply(ctx context.Context, c *Call) {
	c.coding = false
	wrong, over := errors.Is(e.err, rooms.ErrCodeWrong), errors.Is(e.err, rooms.ErrCodeOver)
	err := e.err
	if err == nil || wrong || over {
		if failed := c.command(ctx, e.seat.actor(), rooms.TryCode{Right: err == nil, Over: over}); failed != nil {
			err = failed
		}
	}
	c.log.Info("code entered", "right", e.err == nil)
	if err != nil {
		e.seat.refuse(e.id, codeFault(err))
		return
	}
	e.seat.send(e.id, &protocol.OK{})
}

// codeLimit takes one of a room's bucket.
func (h *House) codeLimit(ctx context.Context, l limits.Limit, room string) error {
	if h.cfg.Rooms.Limits.Take(ctx, l, room, 1) <= 0 {
		return nil
	}
	return protocol.Faultf(protocol.CodeTooMany, "That was too often in a short time. Wait a moment.")
}

// codeFault gives what goes wrong with a code its plain words.
func codeFault(err error) error {
	of := func(code protocol.Code, message string) error {
		return &protocol.Fault{Code: code, Message: message, Err: err}
	}
	switch {
	case errors.Is(err, rooms.ErrNoMail):
		return of(protocol.CodeWrongState, "There is no mail address that a code could go to.")
	case errors.Is(err, rooms.ErrTooEarly):
		return of(protocol.CodeTooMany, "A code was sent a moment ago. Give it half a minute to arrive.")
	case errors.Is(err, rooms.ErrCodeWrong):
		return of(protocol.CodeCodeWrong, "This is not the code that was sent. Look at the latest mail.")
	case errors.Is(err, rooms.ErrCodeOver):
		return of(protocol.CodeCodeOver, "This code can't be entered any more. Ask for another one.")
	}
	return err
}

// codeView is how it stands with the code, nil before one was sent in the call.
func codeView(r *rooms.Room) *protocol.CodeView {
	if r.Code.Asked.IsZero() {
		return nil
	}
	return &protocol.CodeView{Sent: r.Code.Asked.UTC(), Until: r.Code.Until.UTC(), Again: r.Code.Asked.Add(rooms.CodePause).UTC(),
		Left: r.Code.Left(), Done: !r.Code.Checked.IsZero()}
}
