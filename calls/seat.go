package calls

import "verifycall/calls/protocol"

// Outbox is the way to one connection. Send never blocks; it gives false when
// the connection can't keep up or is gone, which then ends by itself and comes
// back for the whole state. Close sends the close code after what is queued.
type Outbox interface {
	Send(re string, m protocol.ServerMessage) bool
	Close(code int, why string)
}

// Seat is one connection's place in a call. Its fields never change.
type Seat struct {
	call *Call
	join Join
}

// Post hands a message of the connection to the call. It blocks while the call
// is busy and returns at once when the call has ended.
func (s *Seat) Post(id string, m protocol.ClientMessage) { s.call.post(said{s, id, m}) }

// Leave tells the call that the connection has ended.
func (s *Seat) Leave() { s.call.post(left{s}) }

func (s *Seat) send(re string, m protocol.ServerMessage) { s.join.Out.Send(re, m) }

func (s *Seat) refuse(re string, err error) {
	f := Fault(err)
	s.send(re, &protocol.Error{Code: f.Code, Message: f.Message, Retryable: protocol.Table[f.Code].Retryable})
}

// actor is how the ledger names who sits here.
func (s *Seat) actor() string {
	if s.join.Role == protocol.RoleSeller {
		return "seller"
	}
	return string(s.join.Role) + ":" + s.join.Subject
}
