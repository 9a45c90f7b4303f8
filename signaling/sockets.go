package signaling

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"

	"verifycall/calls"
	"verifycall/calls/protocol"
)

// Messages that one connection may send.
const (
	messageRate  = rate.Limit(30) // a second
	messageBurst = 60
)

const joinWait = 10 * time.Second

// visit is a connection's claim to a room.
type visit struct {
	who  session
	room string
}

func (s *Server) sellerSocket(w http.ResponseWriter, r *http.Request) error {
	return s.socket(w, r, func() (visit, error) {
		who, err := s.session(r, protocol.RoleSeller)
		if err != nil {
			return visit{}, err
		}
		room, err := s.cfg.Rooms.Load(r.Context(), who.Room)
		if err != nil {
			return visit{}, err
		}
		return visit{who, room.ID}, openToSeller(room)
	})
}

func (s *Server) managerSocket(w http.ResponseWriter, r *http.Request) error {
	return s.socket(w, r, func() (visit, error) {
		who, err := s.session(r, protocol.RoleManager)
		if err != nil {
			return visit{}, err
		}
		room, err := s.ownRoom(r.Context(), who, r.URL.Query().Get("room"))
		if err != nil {
			return visit{}, err
		}
		return visit{who, room.ID}, nil
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
	if !websocket.IsWebSocketUpgrade(r) {
		return malformed("This address speaks WebSocket only.")
	}
	from := address(r)
	if ok, draining := s.conns.enter(from); draining {
		return s.refusal(protocol.Faultf(protocol.CodeUnavailable, "The server is stopping. Try again in a moment."))
	} else if !ok {
		return s.refusal(protocol.Faultf(protocol.CodeTooMany, "Too many connections are open from this address."))
	}
	defer s.conns.leave(from)
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return nil // answered by upgrader.Error
	}
	s.serve(newConn(ws, s.cfg.DeadAfter), v)
	return nil
}

var upgrader = websocket.Upgrader{
	HandshakeTimeout: 5 * time.Second,
	ReadBufferSize:   4 << 10,
	WriteBufferSize:  4 << 10,
	CheckOrigin:      func(*http.Request) bool { return true }, // done by Server.ownOrigin
	Error: func(w http.ResponseWriter, _ *http.Request, _ int, why error) {
		writeProblem(w, malformed("The WebSocket handshake is wrong: "+why.Error()+"."))
	},
}

// serve is the life of a connection.
func (s *Server) serve(c *conn, v visit) {
	s.conns.add(c)
	defer s.conns.remove(c)
	s.cfg.Metrics.sockets.Inc()
	defer s.cfg.Metrics.sockets.Dec()
	c.run(s.cfg.PingEvery, func() {
		if id, fault := s.converse(c, v); fault != nil {
			s.count(fault)
			c.refuse(id, fault)
		}
	})
}

// refusal counts what is refused at the door.
func (s *Server) refusal(err error) error {
	f := faultOf(err)
	s.cfg.Metrics.refusals.WithLabelValues(string(f.Code)).Inc()
	return f
}

// count counts and logs the fault that ends a connection.
func (s *Server) count(f *protocol.Fault) {
	s.cfg.Metrics.refusals.WithLabelValues(string(f.Code)).Inc()
	if f.Code == protocol.CodeInternal {
		s.log.Error("websocket failed", "err", f)
	}
}

// ownOrigin tells whether a WebSocket comes from our own pages. No Origin at
// all is no browser: browsers can't leave it out.
func (s *Server) ownOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	return origin == "" || origin == s.origin() || origin == "http://"+r.Host || origin == "https://"+r.Host
}

// converse reads the connection's messages into the call. It returns when the
// connection has ended, or with the fault that must end it and the id of the
// message that it answers.
func (s *Server) converse(c *conn, v visit) (string, *protocol.Fault) {
	limit := rate.NewLimiter(messageRate, messageBurst)
	id, hello, err := s.hello(c, limit)
	if err != nil {
		return id, asFault(err)
	}
	seat, err := s.join(c, v, hello)
	if err != nil {
		return id, faultOf(err)
	}
	defer seat.Leave()
	if id != "" {
		c.Send(id, &protocol.OK{})
	}
	for {
		if err := c.alive(); err != nil {
			return "", nil
		}
		id, m, err := c.message(limit)
		if err != nil {
			return id, asFault(err)
		}
		seat.Post(id, m)
	}
}

func (s *Server) join(c *conn, v visit, hello *protocol.Hello) (*calls.Seat, error) {
	ctx, cancel := context.WithTimeout(context.Background(), joinWait)
	defer cancel()
	return s.cfg.House.Join(ctx, calls.Join{Room: v.room, Role: v.who.Role, Subject: v.who.Subject, Name: v.who.Name,
		Zone: v.who.Zone, Browser: v.who.Browser, Tab: hello.Tab, Out: c})
}

// hello awaits the first message. Pongs don't put its deadline off.
func (s *Server) hello(c *conn, limit *rate.Limiter) (string, *protocol.Hello, error) {
	if err := c.ws.SetReadDeadline(time.Now().Add(s.cfg.HelloWait)); err != nil {
		return "", nil, err
	}
	id, m, err := c.message(limit)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return "", nil, malformed("The first message, hello, did not come in time.")
	}
	if err != nil {
		return id, nil, err
	}
	hello, ok := m.(*protocol.Hello)
	if !ok {
		return id, nil, malformed("The first message must be hello.")
	}
	c.ws.SetPongHandler(func(string) error { return c.alive() })
	return id, hello, nil
}
