package signaling

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/rooms"
	"verifycall/signaling/review"
)

// ReviewView is how a room's review stands for who asks.
type ReviewView struct {
	Why      string        `json:"why"`      // of rooms.ReviewReasons; empty where no review was drawn
	Blind    bool          `json:"blind"`    // the manager's opinion is hidden from who asks
	Open     bool          `json:"open"`     // who asks can decide
	Opinions []OpinionView `json:"opinions"` // oldest first; none while blind
	Appeal   *AuditAppeal  `json:"appeal"`   // null where the seller asked for no other look, and while blind
	Outcome  string        `json:"outcome"`  // verdict that counts; empty while blind
	Items    []string      `json:"items"`    // compared by eye
}

// OpinionView is what one auditor decided.
type OpinionView struct {
	By       string            `json:"by"` // staff id
	At       time.Time         `json:"at"`
	Decision string            `json:"decision"`
	Reasons  []string          `json:"reasons"`
	Repeat   []string          `json:"repeat"`
	Blind    bool              `json:"blind"`
	Agrees   string            `json:"agrees"` // "same", "different" or empty
	Checks   map[string]string `json:"checks"`
	Note     string            `json:"note"`
}

func (s *Server) reviewRoutes() map[string]door {
	return map[string]door{
		"POST /api/audit/rooms/{id}/decision": s.as(access.AuditDecide, s.auditDecide),
		"POST /api/audit/find":                s.as(access.AuditRooms, s.findRooms),
		"GET /api/audit/samples":              s.as(access.AuditSample, s.samples),
		"POST /api/audit/samples":             s.as(access.AuditSample, s.drawSample),
		"GET /api/audit/views":                s.as(access.AuditViews, s.views),
		"PUT /api/audit/views":                s.as(access.AuditViews, s.saveViews),
		"GET /api/audit/agreement":            s.as(access.AuditAgree, s.agreement),
	}
}

// blindFor says whether what the manager thought is hidden from a session. An
// operator who looks for a reason is no auditor.
func blindFor(who session, room *rooms.Room) bool {
	return who.Role == access.Auditor && room.BlindFor(who.Subject)
}

func errBlind() error {
	return protocol.Faultf(protocol.CodeWrongState, "This review is blind: decide first, then the whole record opens.")
}

// auditQuery is what an auditor's list is asked for beside times.
type auditQuery struct {
	Manager string `json:"manager"`
	Seller  string `json:"seller"` // mail address
	Verdict string `json:"verdict"`
	Reason  string `json:"reason"`
	Flag    string `json:"flag"`
	Profile string `json:"profile"`
	Why     string `json:"why"`
	Part    string `json:"part"` // "", "queue", "reviewed", "appeals"
}

func (ask auditQuery) into(q *rooms.Query) error {
	known := func(what, word string, words []string) error {
		if word == "" || slices.Contains(words, word) {
			return nil
		}
		return malformed("There is no such " + what + ".")
	}
	err := errors.Join(known("verdict", ask.Verdict, protocol.Verdicts), known("reason", ask.Reason, protocol.Reasons),
		known("flag", ask.Flag, protocol.Flags), known("cause of a review", ask.Why, rooms.ReviewReasons),
		known("part of the list", ask.Part, []string{"queue", "reviewed", "appeals"}))
	if err != nil {
		return malformed("A filter has a word that isn't known.")
	}
	q.Appeals = ask.Part == "appeals"
	q.DecidedOnly, q.ForReview, q.Reviewed = true, ask.Part == "queue", ask.Part == "reviewed"
	q.Manager, q.Seller, q.Verdict, q.Reason, q.Flag, q.Profile, q.Why = ask.Manager, ask.Seller, ask.Verdict, ask.Reason, ask.Flag, ask.Profile, ask.Why
	return nil
}

// findRooms is auditRooms by a seller's address, which must not stand in an URL.
func (s *Server) findRooms(w http.ResponseWriter, r *http.Request, who session) error {
	var ask struct {
		auditQuery
		From   time.Time `json:"from"`
		To     time.Time `json:"to"`
		Cursor string    `json:"cursor"`
	}
	if err := readSmall(w, r, &ask); err != nil {
		return err
	}
	return s.listAudit(w, r, who, rooms.Query{From: ask.From, To: ask.To, Cursor: ask.Cursor, Limit: pageSize}, ask.auditQuery)
}

func auditRow(room *rooms.Room, manager string, blind bool) AuditRow {
	row := AuditRow{RoomRow: rowOf(room), ManagerName: manager, Decided: room.Decided.UTC(), Bundle: room.Bundle, Flags: []string{},
		Profile: room.Profile, Coverage: leastCovered(room)}
	if !room.Ended.IsZero() {
		row.Length = int(room.Ended.Sub(room.Admitted).Seconds())
	}
	if room.Review != nil {
		row.Why = room.Review.Why
	}
	if blind {
		row.Blind, row.Verdict, row.Reasons = true, "", []string{}
		return row
	}
	for _, ref := range room.Notes {
		if code := room.Note(ref).Code; code != "" && !slices.Contains(row.Flags, code) {
			row.Flags = append(row.Flags, code)
		}
	}
	row.Appeal = appealWord(room)
	if o := room.Opinion(); o != nil {
		row.Decision, row.Agrees = o.Decision, o.Agrees
	}
	return row
}

func leastCovered(room *rooms.Room) int {
	least := -1
	for _, share := range room.Coverage {
		if least < 0 || share < least {
			least = share
		}
	}
	return least
}

func reviewOf(room *rooms.Room, who session) ReviewView {
	blind := blindFor(who, room)
	view := ReviewView{Blind: blind, Opinions: []OpinionView{}, Items: orEmpty(room.Items)}
	view.Open = who.Role == access.Auditor && (room.State == rooms.StateDecided || room.State == rooms.StateInReview) && room.OpinionOf(who.Subject) == nil
	if room.Review != nil {
		view.Why = room.Review.Why
	}
	if blind {
		return view
	}
	view.Outcome, _, _, _ = room.Outcome()
	view.Appeal = auditAppealOf(room, who)
	if room.Review == nil {
		return view
	}
	for _, o := range room.Review.Opinions {
		checks := o.Checks
		if checks == nil {
			checks = map[string]string{}
		}
		view.Opinions = append(view.Opinions, OpinionView{By: o.By, At: o.At.UTC(), Decision: o.Decision, Reasons: orEmpty(o.Reasons),
			Repeat: orEmpty(o.Repeat), Blind: o.Blind, Agrees: o.Agrees, Checks: checks, Note: room.Text(o.Note)})
	}
	return view
}

func (s *Server) staffNames(ctx context.Context) (map[string]string, error) {
	accounts, err := s.cfg.Rooms.Accounts.List(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("names of staff: %w", err)
	}
	names := map[string]string{}
	for _, a := range accounts {
		names[a.ID] = a.Name
	}
	return names, nil
}

// auditDecide takes an auditor's decision into the custody ledger and shows how
// the review stands then.
func (s *Server) auditDecide(w http.ResponseWriter, r *http.Request, who session) error {
	room, err := s.decided(r.Context(), who)
	if err != nil {
		return err
	}
	var body struct {
		Decision string            `json:"decision"`
		Reasons  []string          `json:"reasons"`
		Repeat   []string          `json:"repeat"`
		Checks   map[string]string `json:"checks"`
		Note     string            `json:"note"`
	}
	if err := readJSON(w, r, maxDecision, &body); err != nil {
		return err
	}
	for _, reason := range body.Reasons {
		if !slices.Contains(protocol.Reasons, reason) {
			return malformed("There is no such reason.")
		}
	}
	room, err = s.cfg.Rooms.Do(r.Context(), room.ID, actorOf(who), rooms.GiveReview{Who: who.Subject, Decision: body.Decision,
		Reasons: body.Reasons, Repeat: body.Repeat, Checks: body.Checks, Note: body.Note})
	var illegal *rooms.TransitionError
	if errors.As(err, &illegal) {
		return &protocol.Fault{Code: protocol.CodeWrongState, Message: "This can't be decided now: " + illegal.Why + ".", Err: err}
	}
	if err != nil {
		return err
	}
	s.cfg.House.Refresh(room.ID) // a seller who looks sees the new outcome
	return writeJSON(w, http.StatusOK, reviewOf(room, who))
}

const maxDecision = 32 << 10 // bytes

// drawSample draws a random sample of decided rooms for review.
func (s *Server) drawSample(w http.ResponseWriter, r *http.Request, who session) error {
	if err := s.limit(r.Context(), limitDownloads, actorOf(who)); err != nil {
		return err
	}
	var body struct {
		From    time.Time `json:"from"`
		To      time.Time `json:"to"`
		Manager string    `json:"manager"`
		Profile string    `json:"profile"`
		Percent int       `json:"percent"`
	}
	if err := readSmall(w, r, &body); err != nil {
		return err
	}
	if body.Percent < 1 || body.Percent > 100 {
		return malformed("A sample is of 1 to 100 %.")
	}
	drawn, err := s.cfg.Rooms.Sample(r.Context(), who.Subject, rooms.Query{From: body.From, To: body.To, Manager: body.Manager, Profile: body.Profile}, 10*body.Percent)
	if errors.Is(err, rooms.ErrNoneToSample) {
		return &protocol.Fault{Code: protocol.CodeWrongState, Message: "No decided room is left here that nobody has drawn or looked at.", Err: err}
	}
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, drawn)
}

func (s *Server) samples(w http.ResponseWriter, r *http.Request, _ session) error {
	list, err := s.cfg.Rooms.Samples(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, map[string]any{"samples": list})
}

// SavedView is a filter of the worklist with a name of the auditor's. It never has
// a seller's address.
type SavedView struct {
	Name  string `json:"name"`
	Query string `json:"query"` // of the page's address
}

// Bounds of saved views.
const (
	maxSavedViews = 20
	maxViewName   = 40  // characters
	maxViewQuery  = 400 // bytes
)

func (s *Server) views(w http.ResponseWriter, r *http.Request, who session) error {
	text, err := s.cfg.Rooms.Views(r.Context(), who.Subject)
	if err != nil {
		return err
	}
	list := []SavedView{}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &list); err != nil {
			return fmt.Errorf("saved views: %w", err)
		}
	}
	return writeJSON(w, http.StatusOK, map[string]any{"views": list})
}

func (s *Server) saveViews(w http.ResponseWriter, r *http.Request, who session) error {
	var body struct {
		Views []SavedView `json:"views"`
	}
	if err := readJSON(w, r, 4*smallBody, &body); err != nil {
		return err
	}
	if len(body.Views) > maxSavedViews {
		return malformed(fmt.Sprintf("At most %d views can be saved.", maxSavedViews))
	}
	for _, v := range body.Views {
		if v.Name == "" || len([]rune(v.Name)) > maxViewName || len(v.Query) > maxViewQuery {
			return malformed("A view has a name of at most 40 characters, and its filters.")
		}
	}
	kept, err := json.Marshal(orEmpty(body.Views))
	if err != nil {
		return fmt.Errorf("saved views: %w", err)
	}
	if err := s.cfg.Rooms.SaveViews(r.Context(), who.Subject, kept); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, map[string]any{"views": orEmpty(body.Views)})
}

// Bounds of what one look at the agreement reads.
const (
	agreePages = 50
	agreeSpan  = 365 * 24 * time.Hour
)

// AgreementView is how auditors and account managers agree.
type AgreementView struct {
	review.Agreement
	From  time.Time         `json:"from"`
	To    time.Time         `json:"to"`
	Whole bool              `json:"whole"` // all decisions of the time were read
	Names map[string]string `json:"names"` // of staff, by id
}

// agreement counts the decisions of a time, by default of the last 90 days. A room
// that waits for a second opinion is none of them.
func (s *Server) agreement(w http.ResponseWriter, r *http.Request, who session) error {
	query, err := listQuery(r)
	if err != nil {
		return err
	}
	if query.To.IsZero() {
		query.To = time.Now().UTC()
	}
	if query.From.IsZero() {
		query.From = query.To.AddDate(0, 0, -90)
	}
	if span := query.To.Sub(query.From); span <= 0 || span > agreeSpan {
		return malformed("The time is of at most a year.")
	}
	query.Reviewed, query.Limit, query.Cursor, query.Manager = true, 200, "", r.FormValue("manager")
	view := AgreementView{From: query.From, To: query.To}
	var cases []review.Case
	for range agreePages {
		page, err := s.cfg.Rooms.List(r.Context(), query)
		if err != nil {
			return fmt.Errorf("agreement: %w", err)
		}
		cases = append(cases, casesOf(page.Rooms)...)
		if query.Cursor = page.Next; query.Cursor == "" {
			view.Whole = true
			break
		}
	}
	zone, err := time.LoadLocation(who.Zone)
	if err != nil {
		zone = time.UTC
	}
	view.Agreement = review.Of(cases, zone)
	if view.Names, err = s.staffNames(r.Context()); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, view)
}

func casesOf(list []*rooms.Room) []review.Case {
	var cases []review.Case
	for _, room := range list {
		o := room.Opinion()
		if room.Damaged || o == nil || o.Agrees == "" || room.Reviewing() {
			continue
		}
		outcome, _, _, _ := room.Outcome()
		cases = append(cases, review.Case{At: o.At, Manager: room.Manager, Auditor: o.By, Verdict: room.Verdict, Outcome: outcome,
			Reasons: slices.Concat(room.Reasons, o.Reasons), Blind: o.Blind})
	}
	return cases
}
