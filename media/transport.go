package media

import "context"

// Transport is one participant's connection.
type Transport struct{}

// Answer takes the client's offer and returns the answer, with all candidates
// in it. A later offer on the same Transport is a renegotiation or an ICE
// restart. Errors: ErrBadSDP, ErrNoVP8, ErrNoOpus, ErrClosed, ctx's.
func (t *Transport) Answer(ctx context.Context, offer string) (string, error) { return "", ErrClosed }

// Play forwards r to this participant from now on, instead of what was
// forwarded before; nil stops. It asks r for a key frame.
func (t *Transport) Play(kind Kind, r *Receiver) {}

// Receiver is the track of kind that the participant publishes, nil until its
// first packet and after its end.
func (t *Transport) Receiver(kind Kind) *Receiver { return nil }

// Close ends the connection and returns when every goroutine of it has ended.
func (t *Transport) Close() error { return nil }
