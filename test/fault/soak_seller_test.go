//go:build fault

package fault

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"verifycall/bench/robot"
	"verifycall/calls/protocol"
)

// choice is what a seller was told of an appointment. Owned by its robot until all
// have ended.
type choice struct {
	room      robot.Room
	at        time.Time // acknowledged last; zero before
	times     int       // appointments acknowledged
	cancelled bool      // acknowledged
	unsure    bool      // the last thing asked for was not answered
}

// keepBooked is how many appointments a seller's robot holds: it cancels the
// oldest, so that times come free again and are fought for.
const keepBooked = 6

// sellers choose times by their links, all of the first few that are offered, move
// some and cancel the oldest.
func (s *soak) sellers(ctx context.Context, who int) {
	var held []*sellerAt
	for i := 0; time.Now().Before(s.ends) && ctx.Err() == nil; i++ {
		c := &sellerAt{soak: s, choice: &choice{}}
		if !c.begin(ctx, fmt.Sprintf("seller-%d-%d", who, i)) {
			return
		}
		c.appoint(ctx)
		if rand.IntN(4) == 0 {
			c.appoint(ctx)
		}
		if held = append(held, c); len(held) > keepBooked {
			held[0].cancel(ctx)
			held = held[1:]
		}
		sleepFor(ctx, 100*time.Millisecond)
	}
}

// sellerAt is a seller's robot with its browser.
type sellerAt struct {
	soak    *soak
	session *robot.Session
	*choice
}

// again does something by any node until it is answered, or for some tries; fault
// is the refusal that stays.
func (c *sellerAt) again(ctx context.Context, do func(context.Context, *robot.Server) error) (fault *protocol.Fault, done bool) {
	for ctx.Err() == nil {
		asking, cancel := context.WithTimeout(ctx, askTime)
		err := do(asking, c.soak.any())
		cancel()
		c.soak.count(err)
		if err == nil {
			return nil, true
		}
		if errors.As(err, &fault) && !protocol.Table[fault.Code].Retryable {
			return fault, true
		}
		sleepFor(ctx, 200*time.Millisecond)
	}
	return nil, false
}

func (c *sellerAt) begin(ctx context.Context, key string) bool {
	fault, done := c.again(ctx, func(ctx context.Context, node *robot.Server) (err error) {
		if c.room.ID == "" {
			if c.room, err = node.NewBookable(ctx, key); err != nil {
				return err
			}
		}
		c.session, err = node.SignIn(ctx, protocol.RoleSeller, c.room)
		return err
	})
	if fault != nil {
		c.soak.t.Errorf("a seller isn't let in: %v", fault)
	}
	c.soak.mu.Lock()
	defer c.soak.mu.Unlock()
	c.soak.chosen = append(c.soak.chosen, c.choice)
	return done && fault == nil
}

// appoint books one of the first times, and another one where it is just taken.
func (c *sellerAt) appoint(ctx context.Context) {
	for range 10 {
		var list []time.Time
		_, done := c.again(ctx, func(ctx context.Context, node *robot.Server) (err error) {
			list, err = c.session.At(node).Slots(ctx)
			return err
		})
		if !done || len(list) == 0 {
			return
		}
		at := list[rand.IntN(min(4, len(list)))]
		c.unsure = true
		fault, done := c.again(ctx, func(ctx context.Context, node *robot.Server) error { return c.session.At(node).Appoint(ctx, at) })
		switch {
		case !done:
			return
		case fault == nil:
			if !at.Equal(c.at) {
				c.times++
			}
			c.at, c.unsure = at, false
			return
		}
		c.unsure = false // it was refused: what held before holds
		c.soak.mu.Lock()
		c.soak.taken++
		c.soak.mu.Unlock()
	}
}

func (c *sellerAt) cancel(ctx context.Context) {
	if c.at.IsZero() {
		return
	}
	c.unsure = true
	fault, done := c.again(ctx, func(ctx context.Context, node *robot.Server) error { return c.session.At(node).Cancel(ctx) })
	if fault != nil {
		c.soak.t.Errorf("%s: calling off, again where the answer was lost: %v", c.room.ID, fault)
	}
	if done && fault == nil {
		c.cancelled, c.unsure = true, false
	}
}
