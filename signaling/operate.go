package signaling

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"verifycall/access"
	"verifycall/calls"
	"verifycall/calls/protocol"
	"verifycall/rooms"
)

// WallView is the operator's wall: how every call of the cluster stands, who
// waits, who works, and the nodes. No name of a seller is in it.
type WallView struct {
	Now      time.Time      `json:"now"`
	Calls    []CallView     `json:"calls"`
	Waiting  []WaitingView  `json:"waiting"` // the longest first
	Managers []ManagerView  `json:"managers"`
	Nodes    []NodeView     `json:"nodes"`
	NoShows  map[string]int `json:"noShows"` // of the last 24 h, by whose it was
	Booked   int            `json:"booked"`  // appointments of the last 24 h
	Spans    []SpanView     `json:"spans"`   // calls of the last 8 h
	Here     string         `json:"here"`    // id of the node that answers; empty without a cluster
	Redis    int            `json:"redis"`   // µs that a question to Redis took
	Spool    SpoolView      `json:"spool"`   // of the node that answers
}

// SpoolView is what waits on a node's disk to be sealed.
type SpoolView struct {
	Bytes  int64  `json:"bytes"`
	Limit  int64  `json:"limit"`  // that may wait; 0 where that isn't known
	Behind int    `json:"behind"` // s that the evidence store has not taken it; 0: it has all
	Alarm  string `json:"alarm"`  // "full", "filling", "behind"; empty while all is well
}

// CallView is one call. Figures are there where it runs on the node that
// answers; of another node's call the ledger's part alone is known here.
type CallView struct {
	calls.Glance
	Figures bool `json:"figures"`
}

// WaitingView is a seller who waits to be let in, or in the instant queue.
type WaitingView struct {
	Room     string    `json:"room"`
	Language string    `json:"language"`
	Since    time.Time `json:"since"`
	At       time.Time `json:"at,omitzero"` // of the appointment
	Manager  string    `json:"manager"`
	Queued   bool      `json:"queued"`
	Away     bool      `json:"away"` // left, and keeps the place
}

// ManagerView is an account manager at work or not.
type ManagerView struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Languages []string `json:"languages"`
	Room      string   `json:"room"`                // of the call being held
	Certified string   `json:"certified,omitempty"` // last date of the certification
	Status    string   `json:"status"`              // of the desk: "online", "break", "offline"
}

// NodeView is one node of the cluster.
type NodeView struct {
	ID       string `json:"id"`
	Load     int    `json:"load"` // calls
	Draining bool   `json:"draining"`
	Version  string `json:"version"`
}

// SpanView is when a call was held.
type SpanView struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to,omitzero"` // absent while it runs
}

func (s *Server) operateRoutes() map[string]door {
	return map[string]door{
		"GET /api/operate/me":       s.as(access.OperateDesk, s.operatorMe),
		"GET /api/operate/wall":     s.as(access.OperateWall, s.operatorWall),
		"GET /api/operate/profiles": s.as(access.OperateWall, s.operatorProfiles),
	}
}

func (s *Server) operatorMe(w http.ResponseWriter, _ *http.Request, who session) error {
	return writeJSON(w, http.StatusOK, map[string]string{"id": who.Subject, "name": who.Name, "zone": who.Zone})
}

// Bounds of what one look at the wall reads.
const (
	wallRooms = 200
	wallSpan  = 8 * time.Hour
	wallDay   = 24 * time.Hour
	wallPages = 10
)

func (s *Server) operatorWall(w http.ResponseWriter, r *http.Request, _ session) error {
	ctx, now := r.Context(), time.Now().UTC()
	view := WallView{Now: now, Nodes: s.nodeViews(), Spans: []SpanView{}, Waiting: []WaitingView{}}
	if s.cfg.Nodes != nil {
		view.Here = s.cfg.Nodes.ID()
	}
	spool := s.cfg.House.Spool()
	view.Spool = SpoolView{spool.Bytes, spool.Limit, int(spool.Behind.Seconds()), spool.Alarm()}
	asked := time.Now()
	if err := s.storeAnswers(ctx); err != nil {
		return &protocol.Fault{Code: protocol.CodeUnavailable, Message: "The store of rooms does not answer.", Err: err}
	}
	view.Redis = int(time.Since(asked).Microseconds())
	live, err := s.inStates(ctx, rooms.StateLive, rooms.StateInterrupted)
	if err != nil {
		return err
	}
	view.Calls = callViews(live, s.cfg.House.Glances())
	if view.Waiting, err = s.waitingViews(ctx); err != nil {
		return err
	}
	if view.Managers, err = s.managerViews(ctx, live); err != nil {
		return err
	}
	if err := s.lastDay(ctx, now, &view); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, view)
}

func (s *Server) inStates(ctx context.Context, states ...string) ([]*rooms.Room, error) {
	var all []*rooms.Room
	for _, state := range states {
		page, err := s.cfg.Rooms.List(ctx, rooms.Query{State: state, Limit: wallRooms})
		if err != nil {
			return nil, fmt.Errorf("list rooms: %w", err)
		}
		for _, room := range page.Rooms {
			if !room.Damaged {
				all = append(all, room)
			}
		}
	}
	return all, nil
}

// callViews puts the figures of this node's calls beside what the store knows of
// all.
func callViews(live []*rooms.Room, glances []calls.Glance) []CallView {
	views := make([]CallView, 0, len(live))
	for _, room := range live {
		i := slices.IndexFunc(glances, func(g calls.Glance) bool { return g.Room == room.ID })
		if i >= 0 {
			views = append(views, CallView{Glance: glances[i], Figures: true})
			continue
		}
		step := 1 + slices.IndexFunc(room.Steps, func(each rooms.Step) bool { return room.Step != "" && each.Code == room.Step })
		views = append(views, CallView{Glance: calls.Glance{Room: room.ID, State: room.State, Since: room.Admitted, Manager: room.Manager,
			Step: step, Steps: len(room.Steps), Test: room.Test}})
	}
	return views
}

func (s *Server) waitingViews(ctx context.Context) ([]WaitingView, error) {
	waiting, err := s.inStates(ctx, rooms.StateWaiting, rooms.StateInvited)
	if err != nil {
		return nil, err
	}
	views := []WaitingView{}
	for _, room := range waiting {
		queued := !room.Queued.IsZero()
		if room.State == rooms.StateInvited && !queued {
			continue
		}
		since := room.Since
		if queued {
			since = room.Queued
		}
		views = append(views, WaitingView{Room: room.ID, Language: room.Language, Since: since.UTC(), At: room.At.UTC(), Manager: room.Manager,
			Queued: queued, Away: !room.Away.IsZero()})
	}
	slices.SortFunc(views, func(a, b WaitingView) int { return a.Since.Compare(b.Since) })
	return views, nil
}

func (s *Server) managerViews(ctx context.Context, live []*rooms.Room) ([]ManagerView, error) {
	accounts, err := s.cfg.Rooms.Accounts.List(ctx, string(access.Manager))
	if err != nil {
		return nil, fmt.Errorf("list managers: %w", err)
	}
	desks, err := s.cfg.Queue.Staff(ctx)
	if err != nil {
		return nil, err
	}
	views := make([]ManagerView, 0, len(accounts))
	for _, a := range accounts {
		view := ManagerView{ID: a.ID, Name: a.Name, Languages: orEmpty(a.Languages), Status: rooms.DeskOffline}
		if d, there := desks[a.ID]; there {
			view.Status = d.Status
		}
		if i := slices.IndexFunc(live, func(room *rooms.Room) bool { return room.Manager == a.ID }); i >= 0 {
			view.Room = live[i].ID
		}
		if c, err := s.cfg.Rooms.Calendars.Get(ctx, a.ID); err == nil {
			view.Certified = c.Certified
			if len(c.Languages) > 0 {
				view.Languages = c.Languages
			}
		}
		views = append(views, view)
	}
	return views, nil
}

// lastDay counts missed appointments and gives when calls were held.
func (s *Server) lastDay(ctx context.Context, now time.Time, view *WallView) error {
	view.NoShows = map[string]int{}
	query := rooms.Query{From: now.Add(-wallDay), To: now, Limit: wallRooms}
	for range wallPages {
		page, err := s.cfg.Rooms.List(ctx, query)
		if err != nil {
			return fmt.Errorf("list rooms: %w", err)
		}
		for _, room := range page.Rooms {
			switch {
			case room.Damaged || room.Test:
				continue
			case room.State == rooms.StateNoShow:
				view.NoShows[room.Cause]++
			}
			view.Booked++
			if room.Admitted.IsZero() || !room.Ended.IsZero() && room.Ended.Before(now.Add(-wallSpan)) {
				continue
			}
			view.Spans = append(view.Spans, SpanView{From: room.Admitted.UTC(), To: room.Ended.UTC()})
		}
		if page.Next == "" {
			return nil
		}
		query.Cursor = page.Next
	}
	return nil
}

func (s *Server) nodeViews() []NodeView {
	if s.cfg.Nodes == nil {
		return []NodeView{{Load: s.cfg.House.Live(), Draining: s.cfg.House.Draining()}}
	}
	views := []NodeView{}
	for _, a := range s.cfg.Nodes.Peers() {
		views = append(views, NodeView{ID: a.ID, Load: a.Load, Draining: a.Draining, Version: a.Version})
	}
	slices.SortFunc(views, func(a, b NodeView) int { return b.Load - a.Load })
	return views
}

// operatorProfiles gives the rule sets as they are, each with the digest that
// rooms pin.
func (s *Server) operatorProfiles(w http.ResponseWriter, _ *http.Request, _ session) error {
	type profileView struct {
		ID     string          `json:"id"`
		SHA256 string          `json:"sha256"`
		Rules  json.RawMessage `json:"rules"`
	}
	views := []profileView{}
	for _, p := range s.cfg.House.Plans().Profiles() {
		views = append(views, profileView{p.ID(), p.Digest(), p.Text()})
	}
	return writeJSON(w, http.StatusOK, map[string]any{"profiles": views})
}
