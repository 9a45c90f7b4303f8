package mail

import (
	"context"
	"slices"
	"sync"
)

// kept bounds what a Sink shows.
const kept = 200

// Sink keeps the last messages in memory instead of sending them: for a demo.
type Sink struct {
	mu   sync.Mutex
	list []Message // oldest first
}

// Send implements Sender.
func (s *Sink) Send(_ context.Context, m Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, m)
	s.list = s.list[max(0, len(s.list)-kept):]
	return nil
}

// Messages gives what was sent, the latest first.
func (s *Sink) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.Clone(s.list)
	slices.Reverse(list)
	return list
}

// None refuses every message: a deployment without a mail server.
type None struct{}

// Send implements Sender.
func (None) Send(context.Context, Message) error { return ErrRefused }
