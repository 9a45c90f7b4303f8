package signaling

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"time"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/recorder/evidence"
	"verifycall/rooms"
	"verifycall/rooms/ledger"
	"verifycall/signaling/review"
)

// AuditRow is a decided room in the auditor's list. What the manager thought of it
// is empty where it is blind.
type AuditRow struct {
	RoomRow
	ManagerName string    `json:"managerName"`
	Decided     time.Time `json:"decided"`
	Bundle      string    `json:"bundle"`   // digest, hex
	Why         string    `json:"why"`      // of rooms.ReviewReasons; empty where no review was drawn
	Blind       bool      `json:"blind"`    // for who asks, now
	Flags       []string  `json:"flags"`    // codes of silent flags
	Profile     string    `json:"profile"`  // id
	Coverage    int       `json:"coverage"` // the least of all tracks, ‰; -1 where nothing was recorded
	Length      int       `json:"length"`   // of the call, seconds
	Decision    string    `json:"decision"` // the last auditor's; empty while there is none
	Appeal      string    `json:"appeal"`   // "open", "upheld", "overturned"; empty where the seller has asked for no other look
	Agrees      string    `json:"agrees"`   // with the verdict: "same", "different" or empty
}

// Event is one ledger entry as the auditor's timeline shows it.
type Event struct {
	Seq   int64          `json:"seq"`
	At    string         `json:"at"`
	Actor string         `json:"actor"`
	Type  string         `json:"type"`
	Body  map[string]any `json:"body"`
}

// AuditRoom is all of a room that the auditor's desk shows.
type AuditRoom struct {
	Room     RoomDetail                            `json:"room"`
	Review   ReviewView                            `json:"review"`
	Facts    json.RawMessage                       `json:"facts"`    // the bundle's room.json
	Timeline []Event                               `json:"timeline"` // the record
	Personal map[ledger.Commitment]json.RawMessage `json:"personal"` // opened values
	Custody  []Event                               `json:"custody"`  // this view included
	Names    map[string]string                     `json:"names"`    // of staff, by id
}

// NamedManager is a choice of the list's filter.
type NamedManager struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (s *Server) auditMe(w http.ResponseWriter, _ *http.Request, who session) error {
	return writeJSON(w, http.StatusOK, map[string]string{"id": who.Subject, "name": who.Name, "zone": who.Zone})
}

// auditRooms lists what the address asks for; findRooms also takes what must not
// stand in one.
func (s *Server) auditRooms(w http.ResponseWriter, r *http.Request, who session) error {
	query, err := listQuery(r)
	if err != nil {
		return err
	}
	ask := auditQuery{Manager: r.FormValue("manager"), Verdict: r.FormValue("verdict"), Reason: r.FormValue("reason"), Flag: r.FormValue("flag"),
		Profile: r.FormValue("profile"), Why: r.FormValue("why"), Part: r.FormValue("part")}
	return s.listAudit(w, r, who, query, ask)
}

func (s *Server) listAudit(w http.ResponseWriter, r *http.Request, who session, query rooms.Query, ask auditQuery) error {
	if err := ask.into(&query); err != nil {
		return err
	}
	query.Auditor, query.Notes = who.Subject, true
	page, err := s.cfg.Rooms.List(r.Context(), query)
	if err != nil {
		return fmt.Errorf("list decided rooms: %w", err)
	}
	accounts, err := s.cfg.Rooms.Accounts.List(r.Context(), string(access.Manager))
	if err != nil {
		return fmt.Errorf("list managers: %w", err)
	}
	names := map[string]string{}
	managers := []NamedManager{}
	for _, a := range accounts {
		names[a.ID] = a.Name
		managers = append(managers, NamedManager{a.ID, a.Name})
	}
	rows := []AuditRow{}
	for _, room := range page.Rooms {
		if access.Check(who.person(), access.AuditView, access.Place{Room: room.ID, Manager: room.Manager}) != nil {
			continue // a call that this account has held
		}
		rows = append(rows, auditRow(room, orElse(names[room.Manager], room.Manager), blindFor(who, room))) // the id where the account is gone
	}
	profiles := []string{}
	for _, p := range s.cfg.House.Plans().Profiles() {
		profiles = append(profiles, p.ID())
	}
	return writeJSON(w, http.StatusOK, map[string]any{"rooms": rows, "next": page.Next, "managers": managers, "profiles": profiles})
}

// decided gives the room of an auditor's path, once there is a verdict. Why an
// operator looks is logged before anything is shown.
func (s *Server) decided(ctx context.Context, who session) (*rooms.Room, error) {
	if who.at.Verdict == "" {
		return nil, protocol.Faultf(protocol.CodeNotFound, "There is no decided room of this number.")
	}
	if who.Reason == "" || who.Role != access.Operator {
		return who.at, nil
	}
	return who.at, s.looked.once(lookedInto(who, who.at)+"/for/"+who.Reason, time.Now(), func() error {
		return s.logCustody(ctx, who.at.ID, who, rooms.LogReason{Who: who.Subject, Reason: who.Reason})
	})
}

// auditRoom opens a room: first the view is logged, then it is shown.
func (s *Server) auditRoom(w http.ResponseWriter, r *http.Request, who session) error {
	room, err := s.decided(r.Context(), who)
	if err != nil {
		return err
	}
	blind := blindFor(who, room)
	what := "room"
	if blind {
		what = "room, blind"
	}
	if err := s.logCustody(r.Context(), room.ID, who, rooms.LogView{Who: who.Subject, What: what}); err != nil {
		return err
	}
	s.looked.note(lookedInto(who, room), time.Now())
	view := AuditRoom{Room: detailOf(room), Review: reviewOf(room, who), Personal: map[ledger.Commitment]json.RawMessage{}}
	if view.Facts, err = s.facts(r.Context(), room); err != nil {
		return err
	}
	record, err := s.cfg.Rooms.Record(r.Context(), room.ID)
	if err != nil {
		return fmt.Errorf("record: %w", err)
	}
	custody, err := s.cfg.Rooms.CustodyLog(r.Context(), room.ID)
	if err != nil {
		return fmt.Errorf("custody log: %w", err)
	}
	privates, err := s.cfg.Rooms.Privates(r.Context(), room.ID)
	if err != nil {
		return fmt.Errorf("personal values: %w", err)
	}
	for _, p := range privates {
		view.Personal[p.Commitment] = p.Value
	}
	if blind {
		if view.Facts, err = review.Facts(view.Facts); err != nil {
			return err
		}
		view.Room.Verdict, view.Room.Reasons = "", []string{}
		record, custody = review.Timeline(record), review.Custody(custody)
		view.Personal = review.Mentioned(record, view.Personal)
	}
	view.Timeline, view.Custody = eventsOf(record), eventsOf(custody)
	if view.Names, err = s.staffNames(r.Context()); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, view)
}

func eventsOf(entries []ledger.Entry) []Event {
	events := make([]Event, 0, len(entries))
	for _, e := range entries {
		if e.Type == "checkpoint" { // proves the entry before it, tells nothing
			continue
		}
		events = append(events, Event{e.Seq, e.At, e.Actor, e.Type, e.Body})
	}
	return events
}

// bundleOf is where a room's bundle lies in the store.
func bundleOf(room *rooms.Room) string { return evidence.FencedPrefix(room.ID, room.BundleFence) }

// facts gives the bundle's room.json.
func (s *Server) facts(ctx context.Context, room *rooms.Room) (json.RawMessage, error) {
	bundle, err := evidence.OpenBundle(ctx, s.cfg.Evidence, bundleOf(room))
	if err != nil {
		return nil, fmt.Errorf("facts: %w", err)
	}
	f, _, err := bundle.Open(ctx, "data/room.json")
	if err != nil {
		return nil, fmt.Errorf("facts: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFacts))
	if err != nil {
		return nil, fmt.Errorf("facts: %w", err)
	}
	return json.RawMessage(text), nil
}

const maxFacts = 8 << 20 // bytes of a room.json

// logCustody writes down what an auditor does, before it is done. Without a
// custody log there is nothing to be seen yet.
func (s *Server) logCustody(ctx context.Context, id string, who session, cmd rooms.Command) error {
	_, err := s.cfg.Rooms.Do(ctx, id, actorOf(who), cmd)
	var illegal *rooms.TransitionError
	if errors.As(err, &illegal) {
		return &protocol.Fault{Code: protocol.CodeWrongState, Message: "This record is still being sealed. Open it again in a moment.", Err: err}
	}
	if err != nil {
		return fmt.Errorf("log for custody: %w", err)
	}
	s.tellCustody(id, actorOf(who), cmd)
	return nil
}

// auditFile serves one file of the bundle. The first time that a session plays
// a recording is logged, and the first look at any other file unless it has
// opened the room, which was logged.
func (s *Server) auditFile(w http.ResponseWriter, r *http.Request, who session) error {
	room, err := s.decided(r.Context(), who)
	if err != nil {
		return err
	}
	name := r.PathValue("path")
	if blindFor(who, room) && !review.Open(name) {
		return errBlind()
	}
	bundle, err := evidence.OpenBundle(r.Context(), s.cfg.Evidence, bundleOf(room))
	if err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	f, object, err := bundle.Open(r.Context(), name)
	if err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	defer f.Close()
	once, entry := lookedInto(who, room), rooms.Command(rooms.LogView{Who: who.Subject, What: "files"})
	if recording, plays := strings.CutPrefix(name, "data/recording/"); plays {
		once, entry = once+"/"+name, rooms.LogPlay{Who: who.Subject, What: "recording/" + recording}
	}
	err = s.looked.once(once, time.Now(), func() error { return s.logCustody(r.Context(), room.ID, who, entry) })
	if err != nil {
		return err
	}
	if (strings.HasPrefix(name, "data/photos/") || strings.HasPrefix(name, "data/documents/")) && path.Ext(name) != ".pdf" {
		return servePhoto(w, r, name, object.SHA256, f)
	}
	w.Header().Set("Cache-Control", asked)
	serveFile(w, r, name, object.SHA256, f)
	return nil
}

// lookedInto names a session's looking into a room.
func lookedInto(who session, room *rooms.Room) string {
	if blindFor(who, room) {
		return who.Browser + "/" + room.ID + "/blind"
	}
	return who.Browser + "/" + room.ID
}

func (s *Server) auditVerify(w http.ResponseWriter, r *http.Request, who session) error {
	room, err := s.decided(r.Context(), who)
	if err != nil {
		return err
	}
	if err := s.limit(r.Context(), limitDownloads, actorOf(who)); err != nil {
		return err
	}
	allowLongDownload(w)
	trusted := []string{string(s.cfg.Keys.WellKnown())} // with the times and revocations that they count by
	report, err := evidence.VerifyStore(r.Context(), s.cfg.Evidence, bundleOf(room), trusted)
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	return writeJSON(w, http.StatusOK, report)
}

func (s *Server) auditZip(w http.ResponseWriter, r *http.Request, who session) error {
	room, err := s.decided(r.Context(), who)
	if err != nil {
		return err
	}
	if blindFor(who, room) {
		return errBlind()
	}
	return s.sendZip(w, r, room, actorOf(who), who.Subject)
}

// auditCustody sends the custody ledger as it is signed, this download included.
func (s *Server) auditCustody(w http.ResponseWriter, r *http.Request, who session) error {
	room, err := s.decided(r.Context(), who)
	if err != nil {
		return err
	}
	if blindFor(who, room) {
		return errBlind()
	}
	if err := s.logCustody(r.Context(), room.ID, who, rooms.LogDownload{Who: who.Subject, What: "custody.jsonl"}); err != nil {
		return err
	}
	entries, err := s.cfg.Rooms.CustodyLog(r.Context(), room.ID)
	if err != nil {
		return fmt.Errorf("custody log: %w", err)
	}
	var text bytes.Buffer
	for _, e := range entries {
		line, err := e.Line()
		if err != nil {
			return err
		}
		text.Write(append(line, '\n'))
	}
	w.Header().Set("Content-Type", "application/jsonl")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Disposition", `attachment; filename="`+room.ID+`-custody.jsonl"`)
	_, _ = w.Write(text.Bytes()) // the client may have gone
	return nil
}

// sendZip logs the download and sends the bundle.
func (s *Server) sendZip(w http.ResponseWriter, r *http.Request, room *rooms.Room, actor, who string) error {
	if err := s.limit(r.Context(), limitDownloads, actor); err != nil {
		return err
	}
	prefix := bundleOf(room)
	if _, err := evidence.OpenBundle(r.Context(), s.cfg.Evidence, prefix); err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	entry := rooms.LogDownload{Who: who, What: "bundle.zip"}
	if _, err := s.cfg.Rooms.Do(r.Context(), room.ID, actor, entry); err != nil {
		return err
	}
	s.tellCustody(room.ID, actor, entry)
	allowLongDownload(w)
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Disposition", `attachment; filename="`+room.ID+`.zip"`)
	if err := evidence.ZipBundle(r.Context(), s.cfg.Evidence, prefix, w); err != nil {
		return fmt.Errorf("send the bundle: %w", err)
	}
	return nil
}
