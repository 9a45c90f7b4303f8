package signaling

import (
	"context"
	"errors"
	"net/http"
	"time"

	"verifycall/access"
	"verifycall/calls"
	"verifycall/calls/protocol"
	"verifycall/rooms"
	"verifycall/signaling/socket"
)

const joinWait = 10 * time.Second

// visit is a connection's claim to a room.
type visit struct {
	who  session
	room string
}

func (s *Server) sellerSocket(w http.ResponseWriter, r *http.Request) error {
	return s.socket(w, r, func() (visit, error) {
		who, err := s.admit(r, access.SellerJoin)
		if err != nil {
			return visit{}, err
		}
		if who.at.State == rooms.StateCancelled { // it may be booked again, but there is no call
			return visit{}, protocol.Faultf(protocol.CodeRoomCancelled, "This appointment was cancelled.")
		}
		return visit{who, who.at.ID}, openToSeller(who.at)
	})
}

func (s *Server) managerSocket(w http.ResponseWriter, r *http.Request) error {
	return s.socket(w, r, func() (visit, error) {
		who, err := s.anySession(r, access.ManagerJoin)
		if err != nil {
			return visit{}, err
		}
		who, err = s.enter(r, who, access.ManagerJoin, r.URL.Query().Get("room"))
		if err != nil {
			return visit{}, err
		}
		return visit{who, who.at.ID}, nil
	})
}

// socket upgrades a request and serves the connection until it ends. Refusals
// come before the upgrade, as problems. A browser's page can't read one there, so
// a plain GET of the same address is answered with the same refusal.
func (s *Server) socket(w http.ResponseWriter, r *http.Request, admit func() (visit, error)) error {
	if !s.ownOrigin(r) {
		return s.refusal(forbidden("This WebSocket was opened by another site's page."))
	}
	v, err := admit()
	if err != nil {
		return s.refusal(err)
	}
	noteRoom(w, v.who)
	if !socket.IsUpgrade(r) {
		return malformed("This address speaks WebSocket only.")
	}
	if err := s.limit(r.Context(), limitJoins, v.room+" "+string(v.who.Role)); err != nil {
		return s.refusal(err)
	}
	from := address(r)
	if ok, draining := s.conns.Enter(from); draining {
		return s.refusal(protocol.Faultf(protocol.CodeUnavailable, "The server is stopping. Try again in a moment."))
	} else if !ok {
		return s.refusal(protocol.Faultf(protocol.CodeTooMany, "Too many connections are open from this address."))
	}
	defer s.conns.Leave(from)
	if _, already := passed(r); !already {
		peer, elsewhere, err := s.relay.place(r.Context(), v.room)
		if err != nil {
			return s.refusal(err)
		}
		if elsewhere {
			return s.relay.pass(w, r, peer, v.who.identity(r))
		}
	}
	if c, ok := s.upgrader.Upgrade(w, r, s.cfg.Times); ok {
		s.serve(c, v)
	}
	return nil
}

// serve is the life of a connection.
func (s *Server) serve(c *socket.Conn, v visit) {
	in := socket.Session{Browser: v.who.Browser}
	if v.who.Role == access.Seller {
		in.Room, in.Links = v.room, v.who.Links
	}
	s.conns.Add(c, in)
	defer s.conns.Remove(c)
	s.cfg.Metrics.sockets.Inc()
	defer s.cfg.Metrics.sockets.Dec()
	c.Run(func() {
		if fault := s.converse(c, v); fault != nil {
			s.count(fault, v.room)
			c.Refuse(fault)
		}
	})
}

// refusal counts what is refused at the door.
func (s *Server) refusal(err error) error {
	f := faultOf(err)
	s.cfg.Metrics.refusals.WithLabelValues(string(f.Code)).Inc()
	return f
}

// count counts and logs the fault that ends a connection to a room.
func (s *Server) count(f *protocol.Fault, room string) {
	s.cfg.Metrics.refusals.WithLabelValues(string(f.Code)).Inc()
	if f.Code == protocol.CodeInternal {
		s.log.Error("websocket failed", "room", room, "err", f)
	}
}

// ownOrigin tells whether a WebSocket comes from our own pages. No Origin at
// all is no browser: browsers can't leave it out.
func (s *Server) ownOrigin(r *http.Request) bool {
	if _, already := passed(r); already {
		return true // it was looked at there
	}
	origin := r.Header.Get("Origin")
	return origin == "" || origin == s.origin() || origin == "http://"+r.Host || origin == "https://"+r.Host
}

// converse reads the connection's messages into the call. It returns when the
// connection has ended, or with the fault that must end it.
func (s *Server) converse(c *socket.Conn, v visit) *protocol.Fault {
	id, hello, err := c.Hello()
	if err != nil {
		return asFault(err)
	}
	seat, err := s.join(c, v, hello)
	if err != nil {
		return faultOf(err)
	}
	defer seat.Leave()
	if id != "" {
		c.Send(id, &protocol.OK{})
	}
	for {
		id, m, err := c.Next()
		if err != nil {
			return asFault(err)
		}
		seat.Post(id, m)
	}
}

func (s *Server) join(c *socket.Conn, v visit, hello *protocol.Hello) (*calls.Seat, error) {
	ctx, cancel := context.WithTimeout(context.Background(), joinWait)
	defer cancel()
	return s.cfg.House.Join(ctx, calls.Join{Room: v.room, Role: protocol.Role(v.who.Role), Test: v.who.person().Role == access.TestManager, Subject: v.who.Subject, Name: v.who.Name,
		Zone: v.who.Zone, Browser: v.who.Browser, Proved: v.who.Proved, Tab: hello.Tab, Nonce: hello.Nonce, Out: c})
}

// asFault gives the fault in err, or nil.
func asFault(err error) *protocol.Fault {
	var f *protocol.Fault
	if errors.As(err, &f) {
		return f
	}
	return nil
}
