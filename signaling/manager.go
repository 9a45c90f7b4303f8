package signaling

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"verifycall/access"
	"verifycall/calls/depot"
	"verifycall/calls/protocol"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
	"verifycall/signaling/intake"
)

func (s *Server) managerMe(w http.ResponseWriter, _ *http.Request, who session) error {
	return writeJSON(w, http.StatusOK, map[string]string{"id": who.Subject, "name": who.Name, "zone": who.Zone})
}

func actorOf(who session) string { return string(who.Role) + ":" + who.Subject }

func (s *Server) managerRooms(w http.ResponseWriter, r *http.Request, who session) error {
	if who.Room != "" {
		only, err := s.enter(r, who, access.ManagerRead, who.Room)
		if err != nil {
			return err
		}
		return writeJSON(w, http.StatusOK, map[string]any{"rooms": []RoomRow{rowOf(only.at)}, "next": ""})
	}
	query, err := listQuery(r)
	if err != nil {
		return err
	}
	query.Manager = who.Subject
	page, err := s.cfg.Rooms.List(r.Context(), query)
	if err != nil {
		return fmt.Errorf("list rooms: %w", err)
	}
	rows := []RoomRow{}
	for _, room := range page.Rooms {
		if !room.Test {
			rows = append(rows, rowOf(room))
		}
	}
	return writeJSON(w, http.StatusOK, map[string]any{"rooms": rows, "next": page.Next})
}

const pageSize = 100

// listQuery reads from, to (RFC 3339) and cursor.
func listQuery(r *http.Request) (rooms.Query, error) {
	q := rooms.Query{Cursor: r.FormValue("cursor"), Limit: pageSize}
	for name, into := range map[string]*time.Time{"from": &q.From, "to": &q.To} {
		if text := r.FormValue(name); text != "" {
			t, err := time.Parse(time.RFC3339, text)
			if err != nil {
				return q, malformed(name + " is no time such as 2026-11-26T08:00:00Z.")
			}
			*into = t
		}
	}
	return q, nil
}

func (s *Server) managerCreate(w http.ResponseWriter, r *http.Request, who session) error {
	if err := s.limit(r.Context(), limitMakes, actorOf(who)); err != nil {
		return err
	}
	n, body, err := readRequest(w, r)
	if err != nil {
		return err
	}
	if n.Test || n.Manager != "" && n.Manager != who.Subject {
		return forbidden("A manager makes real rooms, and only for the own calendar.")
	}
	n.Manager = who.Subject
	i, err := s.intend(r.Context(), maker{role: who.Role, id: who.Subject}, r.Header.Get("Idempotency-Key"), body)
	if err != nil {
		return err
	}
	link := s.link("/j/" + i.seller)
	room, err := s.cfg.Rooms.Load(r.Context(), i.id)
	switch {
	case err == nil: // the answer was lost
		w.Header().Set("Idempotent-Replayed", "true")
		link, err = s.SellerLink(r.Context(), actorOf(who), room)
	case errors.Is(err, rooms.ErrNotFound):
		_, err = s.createRoom(r.Context(), actorOf(who), n, i.id, i.seller)
	}
	if err != nil {
		return s.forget(r.Context(), i, err)
	}
	return writeJSON(w, http.StatusCreated, map[string]string{"id": i.id, "sellerLink": link})
}

func (s *Server) managerRoom(w http.ResponseWriter, r *http.Request, who session) error {
	earlier, err := s.earlier(r.Context(), who.at)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, RoomBrief{detailOf(who.at), orEmpty(who.at.Hints()), who.at.Text(who.at.Helper), earlier})
}

// earlier lists the rooms that a room goes on from, as far as they can be read.
func (s *Server) earlier(ctx context.Context, room *rooms.Room) ([]Attempt, error) {
	list := []Attempt{}
	for prev := room.Prev; prev != "" && len(list) < maxEarlier; {
		before, err := s.cfg.Rooms.Load(ctx, prev)
		if err != nil {
			if code := faultOf(err).Code; code == protocol.CodeNotFound || code == protocol.CodeDamaged {
				break
			}
			return nil, err
		}
		verdict, reasons, _, _ := before.Outcome()
		list = append(list, Attempt{before.ID, before.Decided.UTC(), verdict, orEmpty(reasons)})
		prev = before.Prev
	}
	return list, nil
}

func (s *Server) managerLink(w http.ResponseWriter, r *http.Request, who session) error {
	link, err := s.SellerLink(r.Context(), actorOf(who), who.at)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, map[string]string{"sellerLink": link})
}

func (s *Server) managerReplaceLinks(w http.ResponseWriter, r *http.Request, who session) error {
	link, err := s.ReplaceLinks(r.Context(), actorOf(who), who.at)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, map[string]string{"sellerLink": link})
}

func (s *Server) managerCancel(w http.ResponseWriter, r *http.Request, who session) error {
	return s.change(w, r, who, rooms.Cancel{By: "manager"})
}

func (s *Server) managerReschedule(w http.ResponseWriter, r *http.Request, who session) error {
	var req struct {
		At time.Time `json:"at"`
	}
	if err := readSmall(w, r, &req); err != nil {
		return err
	}
	if now := time.Now(); req.At.Before(now.Add(-intake.FurthestBehind)) || req.At.After(now.Add(intake.FurthestAhead)) {
		return malformed("at is more than a day ago or a year ahead.")
	}
	return s.change(w, r, who, rooms.Reschedule{At: req.At})
}

// change does one command on the manager's room and tells its call, if one runs.
func (s *Server) change(w http.ResponseWriter, r *http.Request, who session, cmd rooms.Command) error {
	room, err := s.cfg.Rooms.Do(r.Context(), who.at.ID, actorOf(who), cmd)
	if err != nil {
		return err
	}
	s.cfg.House.Refresh(room.ID)
	return writeJSON(w, http.StatusOK, detailOf(room))
}

func (s *Server) managerDocument(w http.ResponseWriter, r *http.Request, who session) error {
	room := who.at
	for _, d := range room.Documents {
		if d.SHA256 == r.PathValue("sha") {
			if err := s.noteView(r.Context(), who, "documents"); err != nil {
				return err
			}
			return s.serveDocument(w, r, room.ID, d)
		}
	}
	return protocol.Faultf(protocol.CodeNotFound, "There is no such document.")
}

func (s *Server) managerStill(w http.ResponseWriter, r *http.Request, who session) error {
	room := who.at
	digest, webp := strings.CutSuffix(r.PathValue("file"), ".webp")
	for _, c := range room.Captures {
		if webp && c.SHA256 == digest {
			if err := s.noteView(r.Context(), who, "stills"); err != nil {
				return err
			}
			return s.serveObject(w, r, vault.Stills, room.ID, depot.StillName(room.ID, digest), digest)
		}
	}
	return protocol.Faultf(protocol.CodeNotFound, "There is no such still.")
}

// asked is the caching of what shows a person: a browser may keep it, but has to ask
// each time whether it still may show it.
const asked = "private, no-cache"

// serveObject serves what is named by its digest and so never changes.
func (s *Server) serveObject(w http.ResponseWriter, r *http.Request, class vault.Class, room, name, digest string) error {
	f, err := s.cfg.House.OpenEvidence(r.Context(), room, class, name)
	if err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	defer f.Close()
	w.Header().Set("Cache-Control", asked)
	serveFile(w, r, name, digest, f)
	return nil
}
