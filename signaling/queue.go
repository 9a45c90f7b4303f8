package signaling

import (
	"context"
	"errors"
	"net/http"
	"time"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/rooms"
	"verifycall/rooms/queue"
)

// QueueView is how a seller stands in the instant queue.
type QueueView struct {
	Open    bool       `json:"open"`           // can be joined: a manager is there for this seller, or on a break
	Break   bool       `json:"break"`          // those who can take this seller are on a break
	Joined  bool       `json:"joined"`         // has a place
	Place   int        `json:"place"`          // 1 is next; of one who would join now, where not joined
	Minutes int        `json:"minutes"`        // expected wait, rounded up; -1 where nobody is there now, or all are on a break
	Away    *time.Time `json:"away,omitempty"` // UTC, until when the place is kept of one who left
	Keeps   int        `json:"keeps"`          // minutes that a place is kept

	Ready       bool       `json:"ready"` // it is this seller's turn
	ManagerName string     `json:"managerName,omitempty"`
	ComeBy      *time.Time `json:"comeBy,omitempty"` // UTC, until when a seller whose turn it is can come
}

// DeskView is how an account manager's desk and the queue stand.
type DeskView struct {
	Status  string       `json:"status"` // "online", "break", "offline"
	Since   time.Time    `json:"since,omitzero"`
	Room    string       `json:"room,omitempty"` // that the manager is busy with
	Turn    bool         `json:"turn"`           // Room is from the queue, its seller waits
	Bar     string       `json:"bar,omitempty"`  // why nobody is sent although online: "certificate", "full", "next"
	Waiting []QueuedView `json:"waiting"`        // the longest first
}

// QueuedView is a seller in the queue as staff see one.
type QueuedView struct {
	Room     string    `json:"room"`
	Language string    `json:"language"`
	Since    time.Time `json:"since"`
	Away     bool      `json:"away"`  // left, and keeps the place
	Yours    bool      `json:"yours"` // this manager can take the seller
}

func (s *Server) queueRoutes() map[string]door {
	return map[string]door{
		"GET /api/seller/queue":        s.as(access.SellerAppointment, s.sellerQueue),
		"POST /api/seller/queue":       s.as(access.SellerQueue, s.sellerJoinQueue),
		"POST /api/seller/queue/away":  s.as(access.SellerQueue, s.sellerStepAway),
		"POST /api/seller/queue/leave": s.as(access.SellerQueue, s.sellerLeaveQueue),
		"GET /api/manager/desk":        s.as(access.ManagerDesk, s.managerDesk),
		"POST /api/manager/desk":       s.as(access.ManagerStatus, s.managerSetDesk),
	}
}

// sellerQueue tells a seller's place. That it is asked for says that the page is
// open.
func (s *Server) sellerQueue(w http.ResponseWriter, r *http.Request, who session) error {
	room, err := sellerRoom(who)
	if err != nil {
		return err
	}
	if room.State == rooms.StateInvited && !room.Queued.IsZero() && room.Away.IsZero() {
		if err := s.cfg.Rooms.SellerHere(r.Context(), room.ID, queue.SellerTTL); err != nil {
			return err
		}
	}
	return s.writeQueue(w, r, room)
}

func (s *Server) writeQueue(w http.ResponseWriter, r *http.Request, room *rooms.Room) error {
	view := QueueView{Keeps: int(rooms.PlaceKept / time.Minute), Minutes: -1}
	switch {
	case room.State == rooms.StateInvited && !room.Test:
		p, err := s.cfg.Queue.Place(r.Context(), room)
		if err != nil {
			return err
		}
		view.Joined, view.Place, view.Open, view.Break = p.Joined, p.Number, p.Known || p.Paused, p.Paused
		if p.Known {
			view.Minutes = int((p.Wait + time.Minute - 1) / time.Minute)
		}
		if !p.Away.IsZero() {
			until := p.Away.UTC()
			view.Away = &until
		}
	case room.Instant && (room.State == rooms.StateBooked || room.State == rooms.StateWaiting):
		by := room.ComeBy().UTC()
		view.Ready, view.ComeBy = true, &by
		account, err := s.cfg.Rooms.Accounts.Get(r.Context(), room.Manager)
		if err != nil && !errors.Is(err, rooms.ErrNotFound) {
			return err
		}
		view.ManagerName = account.Name
	}
	return writeJSON(w, http.StatusOK, view)
}

type queueAct func(ctx context.Context, room string) (*rooms.Room, error)

func (s *Server) sellerJoinQueue(w http.ResponseWriter, r *http.Request, who session) error {
	return s.inQueue(w, r, who, s.cfg.Queue.Join)
}

func (s *Server) sellerStepAway(w http.ResponseWriter, r *http.Request, who session) error {
	return s.inQueue(w, r, who, s.cfg.Queue.StepAway)
}

func (s *Server) sellerLeaveQueue(w http.ResponseWriter, r *http.Request, who session) error {
	return s.inQueue(w, r, who, s.cfg.Queue.Leave)
}

// inQueue does what a seller wants in the queue, and tells the place. Whose turn
// has come in the same moment is told that.
func (s *Server) inQueue(w http.ResponseWriter, r *http.Request, who session, act queueAct) error {
	room, err := sellerRoom(who)
	if err != nil {
		return err
	}
	if err := s.limit(r.Context(), limitQueue, room.ID); err != nil {
		return err
	}
	moved, err := act(r.Context(), room.ID)
	var illegal *rooms.TransitionError
	switch {
	case errors.Is(err, queue.ErrFull):
		return protocol.Faultf(protocol.CodeTooMany, "Too many people wait at the moment. Try again in a few minutes, or book a time.")
	case errors.As(err, &illegal):
		if moved, err = s.cfg.Rooms.Load(r.Context(), room.ID); err != nil {
			return err
		}
		if !moved.Instant {
			return protocol.Faultf(protocol.CodeWrongState, "You are not in the queue any more.")
		}
	case err != nil:
		return err
	}
	return s.writeQueue(w, r, moved)
}

// managerDesk tells a manager how the own desk stands. That it is asked for says
// that the page is open; a desk whose pages are gone goes offline.
func (s *Server) managerDesk(w http.ResponseWriter, r *http.Request, who session) error {
	if who.Room != "" { // a robot of a test room has no desk
		return writeJSON(w, http.StatusOK, DeskView{Status: rooms.DeskOffline, Waiting: []QueuedView{}})
	}
	if err := s.cfg.Rooms.ManagerHere(r.Context(), who.Subject, queue.ManagerTTL); err != nil {
		return err
	}
	return s.writeDesk(w, r, who)
}

func (s *Server) writeDesk(w http.ResponseWriter, r *http.Request, who session) error {
	mine, waiting, err := s.cfg.Queue.Desk(r.Context(), who.Subject)
	if err != nil {
		return err
	}
	view := DeskView{Status: mine.Status, Since: mine.Since, Room: mine.Room, Turn: mine.Queued, Bar: mine.Bar, Waiting: []QueuedView{}}
	for _, each := range waiting {
		view.Waiting = append(view.Waiting, QueuedView{each.Room, each.Language, each.Since.UTC(), !each.Away.IsZero(), each.Yours})
	}
	return writeJSON(w, http.StatusOK, view)
}

func (s *Server) managerSetDesk(w http.ResponseWriter, r *http.Request, who session) error {
	var req struct {
		Status string `json:"status"`
	}
	if err := readSmall(w, r, &req); err != nil {
		return err
	}
	if req.Status != rooms.DeskOnline && req.Status != rooms.DeskBreak && req.Status != rooms.DeskOffline {
		return malformed(`status is none of "online", "break", "offline".`)
	}
	if err := s.limit(r.Context(), limitQueue, actorOf(who)); err != nil {
		return err
	}
	if err := s.cfg.Queue.SetDesk(r.Context(), who.Subject, req.Status); err != nil {
		return err
	}
	return s.writeDesk(w, r, who)
}
