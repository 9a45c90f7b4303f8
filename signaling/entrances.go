package signaling

import (
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"sort"
	"strings"
	"time"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/rooms"
	"verifycall/rooms/accesslog"
	"verifycall/rooms/ledger"
	"verifycall/rooms/tickets"
)

//go:embed entrances.html
var entrancesText string

var entrancesPage = template.Must(template.New("entrances").Parse(entrancesText))

func (s *Server) entranceRoutes() map[string]door {
	return map[string]door{"GET /operate/access/log": s.as(access.OperateAccess, s.entrances)}
}

// actorOfRole names who did something as the access ledger does.
func actorOfRole(role access.Role, id string) string {
	switch {
	case role == access.Nobody:
		return "nobody"
	case role == access.Seller || id == "":
		return string(role)
	case role == access.Integrator:
		return "key:" + id
	}
	return string(role) + ":" + id
}

// noteSignIn has a sign-in in the access ledger before its cookie is sent.
func (s *Server) noteSignIn(ctx context.Context, t tickets.Ticket) error {
	role := access.Role(t.Role)
	e := accesslog.Event{Type: accesslog.SignedIn, Actor: actorOfRole(role, t.Subject), Body: accesslog.Body{Role: t.Role, Room: t.Room,
		Session: t.Browser, By: t.How}}
	return s.noted(ctx, e)
}

// noted has an event in the access ledger before it comes about.
func (s *Server) noted(ctx context.Context, e accesslog.Event) error {
	if err := s.cfg.Access.Note(ctx, e); err != nil {
		return &protocol.Fault{Code: protocol.CodeUnavailable, Message: "This could not be written down, so it was not done. Try again.", Err: err}
	}
	return nil
}

// noteView has in the access ledger, once for each session, that somebody looks at
// pictures or values of a person which no room's custody ledger tells of.
func (s *Server) noteView(ctx context.Context, who session, what string) error {
	return s.looked.once(who.Browser+"/"+who.at.ID+"/"+what, s.now(), func() error {
		return s.noted(ctx, accesslog.Event{Type: accesslog.Viewed, Actor: actorOfRole(who.Role, who.Subject), Body: accesslog.Body{Room: who.at.ID, What: what}})
	})
}

// refusedCodes are the faults that keep somebody out.
var refusedCodes = []protocol.Code{protocol.CodeUnauthorized, protocol.CodeForbidden, protocol.CodeLinkUnknown, protocol.CodeLinkExpired,
	protocol.CodeRoomCancelled, protocol.CodeTooMany, protocol.CodeCodeWrong, protocol.CodeCodeOver}

// countRefusal counts for the access ledger what was refused at a door.
func (s *Server) countRefusal(a access.Action, err error) {
	f := faultOf(err)
	e := accesslog.Event{Type: accesslog.Refused, Actor: "nobody", Body: accesslog.Body{Action: string(a), Code: string(f.Code)}}
	if r := access.Refused(err); r != nil {
		e = RefusedInCall(r)
		e.Body.Code = string(f.Code)
	} else if !slices.Contains(refusedCodes, f.Code) {
		return
	}
	s.cfg.Access.Count(e)
}

// RefusedInCall is what the access ledger counts where the table refuses a message of
// a call.
func RefusedInCall(r *access.Refusal) accesslog.Event {
	return accesslog.Event{Type: accesslog.Refused, Actor: actorOfRole(r.Role, r.ID),
		Body: accesslog.Body{Role: string(r.Role), Action: string(r.Action), Code: string(protocol.CodeForbidden)}}
}

// tellCustody tells the access ledger what the room's custody ledger has.
func (s *Server) tellCustody(room, actor string, cmd rooms.Command) {
	e := accesslog.Event{Actor: actor, Body: accesslog.Body{Room: room}}
	switch c := cmd.(type) {
	case rooms.LogView:
		e.Type, e.Body.What = accesslog.Viewed, c.What
	case rooms.LogPlay:
		e.Type, e.Body.What = accesslog.Played, c.What
	case rooms.LogDownload:
		e.Type, e.Body.What = accesslog.Downloaded, c.What
	case rooms.LogReason:
		e.Type, e.Body.Reason = accesslog.Reasoned, c.Reason
	default:
		return
	}
	s.cfg.Access.Tell(e)
}

// shownEntries of a day are the newest.
const shownEntries = 300

// entryLine is one entry as the page shows it.
type entryLine struct {
	At, Actor, Type, Body string
}

// entrances shows a day of the access ledger, and whether it holds.
func (s *Server) entrances(w http.ResponseWriter, r *http.Request, who session) error {
	reader := s.cfg.AccessReader
	days, err := reader.Days(r.Context())
	if err != nil {
		return fmt.Errorf("days of the access ledger: %w", err)
	}
	slices.Reverse(days)
	day := r.URL.Query().Get("day")
	if day == "" && len(days) > 0 {
		day = days[0]
	}
	if day != "" && !slices.Contains(days, day) {
		return protocol.Faultf(protocol.CodeNotFound, "There is no such day in the access ledger.")
	}
	view := map[string]any{"Name": who.Name, "Days": days, "Day": day}
	if day != "" {
		read, err := reader.Read(r.Context(), day)
		if err != nil {
			return fmt.Errorf("access ledger of %s: %w", day, err)
		}
		lines := linesOf(read.Entries)
		view["Fault"], view["Where"], view["Count"], view["Lines"] = read.Fault, read.Where, len(read.Entries), lines
		view["Shown"] = len(lines)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if err := entrancesPage.Execute(w, view); err != nil {
		return fmt.Errorf("page of the access ledger: %w", err)
	}
	return nil
}

// linesOf gives the newest entries first, without the signatures.
func linesOf(entries []ledger.Entry) (lines []entryLine) {
	for _, e := range slices.Backward(entries) {
		if e.Type == ledger.TypeCheckpoint {
			continue
		}
		if len(lines) == shownEntries {
			break
		}
		var words []string
		for name, value := range e.Body {
			words = append(words, fmt.Sprintf("%s %v", name, value))
		}
		sort.Strings(words)
		lines = append(lines, entryLine{e.Time().UTC().Format(time.TimeOnly), e.Actor, strings.ReplaceAll(e.Type, "_", " "), strings.Join(words, " · ")})
	}
	return lines
}
