package signaling

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/nodes"
)

// passedKey is where the context of a passed-on request holds its nodes.Identity.
type passedKey struct{}

// passed gives who makes a request that another node has passed on.
func passed(r *http.Request) (nodes.Identity, bool) {
	who, ok := r.Context().Value(passedKey{}).(nodes.Identity)
	return who, ok
}

// NodeHandler answers what other nodes pass on. It must be reachable by them
// alone; who makes a request is taken from its signed identity, and nothing is
// passed on twice.
func (s *Server) NodeHandler() http.Handler {
	member := s.cfg.Nodes
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, err := member.Secret().Verify(r, member.ID(), time.Now())
		if err != nil {
			s.cfg.Metrics.refusals.WithLabelValues(string(protocol.CodeForbidden)).Inc()
			writeProblem(w, &protocol.Fault{Code: protocol.CodeForbidden, Message: "This address is for the other nodes.", Err: err})
			return
		}
		s.mux.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), passedKey{}, who)))
	})
}

// identity is the session as it is passed on.
func (who session) identity(r *http.Request) nodes.Identity {
	return nodes.Identity{Role: string(who.Role), Subject: who.Subject, Name: who.Name, Zone: who.Zone, Room: who.Room,
		Browser: who.Browser, Proved: who.Proved, Links: who.Links, From: address(r)}
}

// sessionOf is the reverse. The fault is unauthorized for another role.
func sessionOf(who nodes.Identity, role access.Role) (session, error) {
	if who.Role != string(role) {
		return session{}, unauthorized("This request was passed on for another role.")
	}
	return session{Role: role, Subject: who.Subject, Name: who.Name, Zone: who.Zone, Room: who.Room, Browser: who.Browser, Proved: who.Proved, Links: who.Links}, nil
}

// passedOn lets the node that has the room of a changing request answer it, so
// that its call knows of the change at once. False: it is answered here.
func (s *Server) passedOn(w http.ResponseWriter, r *http.Request, who session) (bool, error) {
	room := r.PathValue("id")
	if _, already := passed(r); already || room == "" || r.Method == http.MethodGet || r.Method == http.MethodHead {
		return false, nil
	}
	peer, elsewhere, err := s.relay.owner(r.Context(), room)
	if err != nil {
		return false, fmt.Errorf("node of the room: %w", err)
	}
	if !elsewhere {
		return false, nil
	}
	return true, s.relay.pass(w, r, peer, who.identity(r))
}
