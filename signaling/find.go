package signaling

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"

	"verifycall/access"
	"verifycall/rooms"
	"verifycall/signaling/intake"
)

// findRequest says which rooms an integrator asks for. Empty fields don't filter.
// A seller's address is asked for in a body alone: addresses of requests are
// logged on their way.
type findRequest struct {
	Day     string    `json:"day"`  // "2026-11-26", of the appointment or decision, in Zone
	Zone    string    `json:"zone"` // IANA, of Day; empty = UTC
	From    time.Time `json:"from"` // instead of Day
	To      time.Time `json:"to"`   // not in
	Manager string    `json:"manager"`
	Seller  string    `json:"seller"` // mail address
	State   string    `json:"state"`
	Verdict string    `json:"verdict"` // then by decision, the latest first
	Flag    string    `json:"flag"`    // of staff alone: needs the scope evidence
	Cursor  string    `json:"cursor"`
	Limit   int       `json:"limit"` // 1 to 200, 0 = 50
}

// RoomList is a page of rooms. Next is the cursor of the next one, empty at the
// end; a page can be short and still have a next one.
type RoomList struct {
	Rooms []RoomStatus `json:"rooms"`
	Next  string       `json:"next"`
}

const maxFound = 200

var (
	flagForm = regexp.MustCompile(`^S_[A-Z_]{1,40}$`)
	verdicts = []string{rooms.VerdictPass, rooms.VerdictRecapture, rooms.VerdictRefer, rooms.VerdictFail, rooms.VerdictAbort}
)

// restList finds rooms by what stands in the address.
func (s *Server) restList(w http.ResponseWriter, r *http.Request, key apiKey) error {
	if r.URL.Query().Has("seller") {
		return malformed("A seller's address doesn't belong into an address of the web: POST /api/v1/rooms/find.")
	}
	req := findRequest{Day: r.FormValue("day"), Zone: r.FormValue("zone"), Manager: r.FormValue("manager"), State: r.FormValue("state"),
		Verdict: r.FormValue("verdict"), Flag: r.FormValue("flag"), Cursor: r.FormValue("cursor")}
	times, err := listQuery(r)
	if err != nil {
		return err
	}
	req.From, req.To = times.From, times.To
	if text := r.FormValue("limit"); text != "" {
		if req.Limit, err = strconv.Atoi(text); err != nil {
			return malformed("limit is no number.")
		}
	}
	return s.find(w, r, key, req)
}

// restFind finds rooms by what stands in the body.
func (s *Server) restFind(w http.ResponseWriter, r *http.Request, key apiKey) error {
	var req findRequest
	if err := readSmall(w, r, &req); err != nil {
		return err
	}
	return s.find(w, r, key, req)
}

func (s *Server) find(w http.ResponseWriter, r *http.Request, key apiKey, req findRequest) error {
	query, err := req.query()
	if err != nil {
		return err
	}
	if req.Flag != "" && !slices.Contains(key.scopes, access.ScopeEvidence) {
		return forbidden("Flags are for staff alone: this key may not ask for them.")
	}
	page, err := s.cfg.Rooms.List(r.Context(), query)
	if err != nil {
		return fmt.Errorf("list rooms: %w", err)
	}
	list := RoomList{Rooms: []RoomStatus{}, Next: page.Next}
	for _, room := range page.Rooms {
		if !room.Test || slices.Contains(key.scopes, access.ScopeTest) {
			list.Rooms = append(list.Rooms, statusOf(room))
		}
	}
	return writeJSON(w, http.StatusOK, list)
}

func (f findRequest) query() (rooms.Query, error) {
	q := rooms.Query{From: f.From, To: f.To, Manager: f.Manager, Seller: f.Seller, State: f.State, Verdict: f.Verdict, Flag: f.Flag,
		Cursor: f.Cursor, Limit: f.Limit}
	switch {
	case f.State != "" && !slices.Contains(rooms.States, f.State):
		return q, malformed("state is none that a room can have.")
	case f.Verdict != "" && !slices.Contains(verdicts, f.Verdict):
		return q, malformed("verdict is none that there is.")
	case f.Flag != "" && !flagForm.MatchString(f.Flag):
		return q, malformed("flag is no code such as S_FRAUD.")
	case f.Limit < 0 || f.Limit > maxFound:
		return q, malformed("limit is 1 to 200.")
	case f.Zone != "" && !intake.IsZone(f.Zone):
		return q, malformed("zone is no time zone name such as America/Toronto.")
	case f.Day == "":
		return q, nil
	case !f.From.IsZero() || !f.To.IsZero():
		return q, malformed("day and from or to exclude each other.")
	}
	zone, err := time.LoadLocation(orElse(f.Zone, "UTC"))
	if err != nil {
		return q, malformed("zone is no time zone name such as America/Toronto.")
	}
	day, err := time.ParseInLocation(time.DateOnly, f.Day, zone)
	if err != nil {
		return q, malformed("day is no date such as 2026-11-26.")
	}
	q.From, q.To = day, day.AddDate(0, 0, 1)
	return q, nil
}
