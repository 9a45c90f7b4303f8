package signaling

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/recorder/evidence"
	"verifycall/rooms"
	"verifycall/rooms/ledger"
)

// AuditRow is a decided room in the auditor's list.
type AuditRow struct {
	RoomRow
	ManagerName string    `json:"managerName"`
	Decided     time.Time `json:"decided"`
	Bundle      string    `json:"bundle"` // digest, hex
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
	Facts    json.RawMessage                       `json:"facts"`    // the bundle's room.json
	Timeline []Event                               `json:"timeline"` // the record
	Personal map[ledger.Commitment]json.RawMessage `json:"personal"` // opened values
	Custody  []Event                               `json:"custody"`  // this view included
}

// NamedManager is a choice of the list's filter.
type NamedManager struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (s *Server) auditMe(w http.ResponseWriter, _ *http.Request, who session) error {
	return writeJSON(w, http.StatusOK, map[string]string{"id": who.Subject, "name": who.Name, "zone": who.Zone})
}

func (s *Server) auditRooms(w http.ResponseWriter, r *http.Request, who session) error {
	query, err := listQuery(r)
	if err != nil {
		return err
	}
	query.DecidedOnly, query.Manager, query.Verdict = true, r.FormValue("manager"), r.FormValue("verdict")
	if query.Verdict != "" && !slices.Contains(protocol.Verdicts, query.Verdict) {
		return malformed("There is no such verdict.")
	}
	page, err := s.cfg.Rooms.List(r.Context(), query)
	if err != nil {
		return fmt.Errorf("list decided rooms: %w", err)
	}
	accounts, err := s.cfg.Rooms.ListStaff(r.Context(), string(access.Manager))
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
		if room.Test || access.Check(who.person(), access.AuditView, access.Place{Room: room.ID, Manager: room.Manager}) != nil {
			continue // a test, or a call that this account has held
		}
		name := orElse(names[room.Manager], room.Manager) // the id where the account is gone
		rows = append(rows, AuditRow{rowOf(room), name, room.Decided.UTC(), room.Bundle})
	}
	return writeJSON(w, http.StatusOK, map[string]any{"rooms": rows, "next": page.Next, "managers": managers})
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
	if err := s.logCustody(r.Context(), room.ID, who, rooms.LogView{Who: who.Subject, What: "room"}); err != nil {
		return err
	}
	s.looked.note(lookedInto(who, room), time.Now())
	view := AuditRoom{Room: detailOf(room), Personal: map[ledger.Commitment]json.RawMessage{}}
	if view.Facts, err = s.facts(r.Context(), room.ID); err != nil {
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
	view.Timeline, view.Custody = eventsOf(record), eventsOf(custody)
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

// facts gives the bundle's room.json.
func (s *Server) facts(ctx context.Context, id string) (json.RawMessage, error) {
	bundle, err := evidence.OpenBundle(ctx, s.cfg.Evidence, evidence.Prefix(id))
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
	bundle, err := evidence.OpenBundle(r.Context(), s.cfg.Evidence, evidence.Prefix(room.ID))
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
	if strings.HasPrefix(name, "data/photos/") || strings.HasPrefix(name, "data/documents/") {
		return servePhoto(w, r, name, object.SHA256, f)
	}
	w.Header().Set("Cache-Control", "private, max-age=3600")
	serveFile(w, r, name, object.SHA256, f)
	return nil
}

// lookedInto names a session's looking into a room.
func lookedInto(who session, room *rooms.Room) string { return who.Browser + "/" + room.ID }

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
	report, err := evidence.VerifyStore(r.Context(), s.cfg.Evidence, evidence.Prefix(room.ID), trusted)
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
	return s.sendZip(w, r, room, actorOf(who), who.Subject)
}

// auditCustody sends the custody ledger as it is signed, this download included.
func (s *Server) auditCustody(w http.ResponseWriter, r *http.Request, who session) error {
	room, err := s.decided(r.Context(), who)
	if err != nil {
		return err
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
	prefix := evidence.Prefix(room.ID)
	if _, err := evidence.OpenBundle(r.Context(), s.cfg.Evidence, prefix); err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	if _, err := s.cfg.Rooms.Do(r.Context(), room.ID, actor, rooms.LogDownload{Who: who, What: "bundle.zip"}); err != nil {
		return err
	}
	allowLongDownload(w)
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Disposition", `attachment; filename="`+room.ID+`.zip"`)
	if err := evidence.ZipBundle(r.Context(), s.cfg.Evidence, prefix, w); err != nil {
		return fmt.Errorf("send the bundle: %w", err)
	}
	return nil
}
