package signaling

import (
	"errors"
	"fmt"
	"net/http"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/rooms"
)

// door is a route's handler and what passing through it means to the table of
// package access.
type door struct {
	action access.Action
	serve  handler
}

// public is a door that is open to everybody.
func public(h handler) door { return door{access.Public, h} }

// as lets only sessions through that the table lets do the action: in the room
// of the path's {id}, a seller in the link's.
func (s *Server) as(a access.Action, h func(http.ResponseWriter, *http.Request, session) error) door {
	return door{a, func(w http.ResponseWriter, r *http.Request) error {
		who, err := s.admit(r, a)
		if err != nil {
			return err
		}
		noteRoom(w, who)
		if err := s.renew(w, r, who); err != nil {
			return err
		}
		if answered, err := s.passedOn(w, r, who); answered || err != nil {
			return err
		}
		return h(w, r, who)
	}}
}

// admit gives the session that may do the action, with the room it is about.
func (s *Server) admit(r *http.Request, a access.Action) (session, error) {
	who, err := s.anySession(r, a)
	if err != nil {
		return session{}, err
	}
	id := r.PathValue("id")
	if who.Role == access.Seller {
		id = who.Room
	}
	return s.enter(r, who, a, id)
}

// enter asks the table. Where it is about a room the session has it afterwards.
func (s *Server) enter(r *http.Request, who session, a access.Action, id string) (session, error) {
	at := access.Place{}
	if id != "" {
		room, err := s.cfg.Rooms.Load(r.Context(), id)
		if errors.Is(err, rooms.ErrNotFound) {
			return session{}, protocol.Faultf(protocol.CodeNotFound, "There is no such room, or it is not yours.")
		}
		if err != nil {
			return session{}, fmt.Errorf("room: %w", err)
		}
		if who.Role == access.Seller && who.Links < room.LinksFrom {
			return session{}, linksEnded()
		}
		who.at, at = room, access.Place{Room: room.ID, Manager: room.Manager}
	}
	return who, access.Check(who.person(), a, at)
}

// linksEnded is what a seller is told whose link was replaced meanwhile.
func linksEnded() *protocol.Fault {
	return unauthorized("The link that you came by was replaced by another one. Open that one.")
}

// anySession gives the first session of those roles that the table lets do the
// action at all. A browser can have one of each.
func (s *Server) anySession(r *http.Request, a access.Action) (session, error) {
	refused := error(unauthorized("You are not signed in here, or it was too long ago. Open your link again."))
	for _, role := range access.RolesOf(a) {
		if role == access.TestManager || role == access.Integrator { // has a manager's cookie, or none
			continue
		}
		if asked := r.URL.Query().Get("role"); asked != "" && asked != string(role) { // of several that a browser has
			continue
		}
		who, err := s.session(r, role)
		if err == nil {
			who.Reason = r.URL.Query().Get("reason")
			return who, nil
		}
		if faultOf(err).Code != protocol.CodeUnauthorized {
			return session{}, err
		}
		refused = err
	}
	return session{}, refused
}

// person is the session as the table of access knows it.
func (who session) person() access.Person {
	p := access.Person{Role: who.Role, ID: who.Subject, Room: who.Room, Reason: who.Reason}
	if p.Role == access.Manager && p.Room != "" {
		p.Role = access.TestManager
	}
	return p
}
