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

// askTime bounds a robot's wait for an answer: a node that is silent for as long
// is given up, as a page would when its media stops.
const askTime = 6 * time.Second

// callers hold one call after the other.
func (s *soak) callers(ctx context.Context, who int) {
	for i := 0; time.Until(s.ends) > 10*time.Second && ctx.Err() == nil; i++ {
		c := &soakCall{soak: s, name: fmt.Sprintf("%d-%d", who, i)}
		if err := c.hold(ctx); err != nil && ctx.Err() == nil {
			s.t.Logf("call %s: %v", c.name, err)
			s.count(err)
			sleepFor(ctx, time.Second)
		}
	}
}

// soakCall is a robot pair in one room, owned by its caller.
type soakCall struct {
	soak   *soak
	name   string
	told   *told
	seller leg
	other  leg // the manager's
	lines  int
}

// leg is one side's connection, which is made again after each loss.
type leg struct {
	session *robot.Session
	robot   *robot.Robot
	joined  bool // has agreed to the notice
}

func (c *soakCall) hold(ctx context.Context) error {
	defer c.hangUp()
	if err := c.begin(ctx); err != nil {
		return err
	}
	until := time.Now().Add(5*time.Second + rand.N(12*time.Second))
	admitted := false
	for time.Now().Before(until) || !admitted {
		if err := c.bothIn(ctx); err != nil {
			return err
		}
		if !admitted {
			err := c.ask(ctx, &c.other, &protocol.Admit{})
			admitted = err == nil || c.isLive(ctx)
			continue
		}
		c.say(ctx, &c.seller)
		c.say(ctx, &c.other)
		c.capture(ctx)
		sleepFor(ctx, 300*time.Millisecond)
	}
	return c.decide(ctx)
}

func (c *soakCall) begin(ctx context.Context) error {
	node := c.soak.any()
	room, err := node.NewRoom(ctx)
	if err != nil {
		return err
	}
	c.told = &told{room: room, chats: map[string]bool{}, slots: map[string][2]int{}}
	c.soak.mu.Lock()
	c.soak.rooms = append(c.soak.rooms, c.told)
	c.soak.mu.Unlock()
	if c.seller.session, err = node.SignIn(ctx, protocol.RoleSeller, room); err != nil {
		return err
	}
	c.other.session, err = node.SignIn(ctx, protocol.RoleManager, room)
	return err
}

// bothIn brings both sides back to media, by any node, until they have it.
func (c *soakCall) bothIn(ctx context.Context) error {
	lost := time.Now()
	if c.whole() {
		return nil
	}
	for !c.whole() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		for _, l := range []*leg{&c.seller, &c.other} {
			if err := c.connect(ctx, l); err != nil {
				if final(err) {
					return err
				}
				sleepFor(ctx, 250*time.Millisecond)
			}
		}
		if c.seller.robot == nil || c.other.robot == nil {
			continue
		}
		wait, cancel := context.WithTimeout(ctx, askTime)
		_, err := c.other.robot.Wait(wait, func(s *protocol.State) bool {
			return s.You.Media && s.Peer != nil && s.Peer.Media && s.Room.State != "interrupted"
		})
		cancel()
		if err != nil {
			c.hangUp()
		}
	}
	c.soak.back(lost)
	return nil
}

// back notes how long a call took to come back, if a node was killed just before.
func (s *soak) back(lost time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if lost.After(s.lastHit) && lost.Sub(s.lastHit) < time.Second {
		s.backIn = append(s.backIn, time.Since(lost))
	}
}

func (c *soakCall) whole() bool { return c.seller.in() && c.other.in() }

func (l *leg) in() bool {
	if l.robot == nil {
		return false
	}
	select {
	case <-l.robot.Ended():
		return false
	default:
		return true
	}
}

func (c *soakCall) connect(ctx context.Context, l *leg) (err error) {
	if l.in() {
		return nil
	}
	l.drop()
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	session := l.session.At(c.soak.any())
	if l.joined {
		l.robot, err = session.Rejoin(ctx, c.soak.cluster.film)
	} else if l.robot, err = session.Join(ctx, c.soak.cluster.film); err == nil {
		l.joined = true
	}
	return err
}

func (l *leg) drop() {
	if l.robot != nil {
		_ = l.robot.Close() // its connection is gone
		l.robot = nil
	}
}

func (c *soakCall) hangUp() { c.seller.drop(); c.other.drop() }

// final tells a refusal that coming again doesn't change.
func final(err error) bool {
	var fault *protocol.Fault
	return errors.As(err, &fault) && !protocol.Table[fault.Code].Retryable
}

// ask sends one message and gives the connection up where no answer comes.
func (c *soakCall) ask(ctx context.Context, l *leg, msg protocol.ClientMessage) error {
	if !l.in() {
		return robot.ErrClosed
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	err := l.robot.Do(ctx, msg)
	var fault *protocol.Fault
	if err != nil && !errors.As(err, &fault) {
		l.drop()
	}
	c.soak.count(err)
	return err
}

func (c *soakCall) isLive(ctx context.Context) bool {
	if !c.other.in() {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, err := c.other.robot.Wait(ctx, func(s *protocol.State) bool { return s.Room.State == "live" })
	return err == nil
}

// say sends a line that is never sent again.
func (c *soakCall) say(ctx context.Context, l *leg) {
	c.lines++
	text := fmt.Sprintf("line %s-%d", c.name, c.lines)
	c.told.chats[text] = false
	c.told.chats[text] = c.ask(ctx, l, &protocol.Chat{Text: text}) == nil
}

func (c *soakCall) capture(ctx context.Context) {
	slot := protocol.Slots[rand.IntN(len(protocol.Slots))]
	n := c.told.slots[slot]
	n[1]++
	if c.ask(ctx, &c.other, &protocol.Capture{Slot: slot}) == nil {
		n[0]++
	}
	c.told.slots[slot] = n
}

// decide ends the call with a verdict, until the room says that it has one.
func (c *soakCall) decide(ctx context.Context) error {
	for ctx.Err() == nil {
		if state, err := c.soak.any().State(ctx, c.told.room.ID); err == nil && state == "decided" {
			c.told.ended = true
			return nil
		}
		if err := c.connect(ctx, &c.other); err != nil {
			sleepFor(ctx, 250*time.Millisecond)
			continue
		}
		_ = c.ask(ctx, &c.other, &protocol.Verdict{Verdict: "abort", Reasons: []string{"P_AGENT_FAULT"}}) // the state tells
	}
	return ctx.Err()
}
