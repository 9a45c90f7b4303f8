package mail

import (
	"context"
	"errors"
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

// ErrOff says that this deployment sends no mails, by errors.Is.
var ErrOff = errors.New("mails are off")

// None takes no message: a deployment without a mail server.
type None struct{}

// Send implements Sender.
func (None) Send(context.Context, Message) error { return ErrOff }
