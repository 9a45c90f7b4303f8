package robot

import (
	"context"
	"errors"
	"fmt"

	"verifycall/calls/protocol"
)

// Call is a room with both of its robots connected.
type Call struct {
	Room            Room
	Seller, Manager *Session
	S, M            *Robot
}

// agreed is what a robot answers to the notice.
var agreed = protocol.Notice{Version: "2026-11", Language: "en", Agree: true}

// Wait makes a room and brings both robots to where only the manager's admission
// is missing: notices given, media connected on both sides.
func (s *Server) Wait(ctx context.Context, film *Film) (*Call, error) {
	return s.WaitFrom(ctx, s.Place, film)
}

// WaitFrom is Wait with a seller in another place than the manager.
func (s *Server) WaitFrom(ctx context.Context, seller Place, film *Film) (*Call, error) {
	room, err := s.NewRoom(ctx)
	if err != nil {
		return nil, err
	}
	c := &Call{Room: room}
	there := *s
	there.Place = seller
	if c.Seller, err = there.SignIn(ctx, protocol.RoleSeller, room); err != nil {
		return nil, err
	}
	if c.Manager, err = s.SignIn(ctx, protocol.RoleManager, room); err != nil {
		return nil, err
	}
	if c.S, err = c.Seller.Join(ctx, film); err != nil {
		return nil, fmt.Errorf("seller: %w", err)
	}
	if c.M, err = c.Manager.Join(ctx, film); err != nil {
		return nil, errors.Join(fmt.Errorf("manager: %w", err), c.S.Close())
	}
	_, err = c.M.Wait(ctx, func(s *protocol.State) bool {
		return s.Room.State == "waiting" && s.You.Media && s.Peer != nil && s.Peer.Media
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("both connected: %w", err), c.Close())
	}
	return c, nil
}

// Join connects, agrees to the notice and publishes.
func (s *Session) Join(ctx context.Context, film *Film) (*Robot, error) {
	r, err := s.Connect(ctx, film)
	if err != nil {
		return nil, err
	}
	notice := agreed
	err = r.Do(ctx, &notice)
	if err == nil { // the state that knows of it names the relay
		_, err = r.Wait(ctx, func(s *protocol.State) bool { return s.You.Notice == "agreed" })
	}
	if err == nil {
		err = r.Publish(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// Rejoin connects and publishes again; the notice was given before.
func (s *Session) Rejoin(ctx context.Context, film *Film) (*Robot, error) {
	r, err := s.Connect(ctx, film)
	if err != nil {
		return nil, err
	}
	_, err = r.Wait(ctx, func(*protocol.State) bool { return true })
	if err == nil {
		err = r.Publish(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// Admit lets the seller in and returns when the room is live.
func (c *Call) Admit(ctx context.Context) error {
	if err := c.M.Do(ctx, &protocol.Admit{}); err != nil {
		return err
	}
	_, err := c.M.Wait(ctx, func(s *protocol.State) bool { return s.Room.State == "live" })
	return err
}

// Finish ends the call and gives the verdict "abort".
func (c *Call) Finish(ctx context.Context) error {
	err := c.M.Do(ctx, &protocol.Verdict{Verdict: "abort", Reasons: []string{"P_AGENT_FAULT"}})
	return errors.Join(err, c.Close())
}

// Close closes both robots.
func (c *Call) Close() error { return errors.Join(c.S.Close(), c.M.Close()) }
