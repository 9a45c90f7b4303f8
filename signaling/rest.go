package signaling

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"verifycall/access"
	"verifycall/rooms"
	"verifycall/rooms/accesslog"
	"verifycall/rooms/tickets"
	"verifycall/signaling/intake"
)

// robotManager is the manager of a test room for which none was named. It is no
// staff account, so nobody's calendar shows the room.
const robotManager = "robot"

const managerLinkLife = 15 * time.Minute

//go:embed openapi.json
var openAPI []byte

// RoomStatus is a room as an integrator sees it: no personal values and nothing
// that is for staff alone.
type RoomStatus struct {
	ID       string    `json:"id"`
	State    string    `json:"state"`
	Cause    string    `json:"cause"`
	At       time.Time `json:"at,omitzero"` // absent while the seller has not booked
	Zone     string    `json:"zone"`
	Language string    `json:"language"`
	Manager  string    `json:"manager"`
	Test     bool      `json:"test"`
	Verdict  string    `json:"verdict"`
	Reasons  []string  `json:"reasons"`
	Repeat   []string  `json:"repeat"`
	Outcome  Outcome   `json:"outcome"`
	Appeal   string    `json:"appeal"` // "open", "upheld", "overturned"; empty without one
	Prev     string    `json:"prev"`   // id of the room that this one goes on from
	Next     string    `json:"next"`   // id of the room that goes on from this one
	Sealed   bool      `json:"sealed"`
	Bundle   string    `json:"bundle"`
}

// Outcome is what counts: the account manager's verdict, or what an auditor's
// decision replaced it by.
type Outcome struct {
	Verdict string   `json:"verdict"` // empty before there is one
	Reasons []string `json:"reasons"`
	Repeat  []string `json:"repeat"`
	By      string   `json:"by"` // "manager", "auditor", empty before
}

func outcomeOf(room *rooms.Room) Outcome {
	verdict, reasons, repeat, _ := room.Outcome()
	by := ""
	switch {
	case verdict != room.Verdict || room.Opinion() != nil && !room.Reviewing():
		by = "auditor"
	case verdict != "":
		by = "manager"
	}
	return Outcome{verdict, orEmpty(reasons), orEmpty(repeat), by}
}

// MadeRoom answers the making of a room.
type MadeRoom struct {
	ID          string `json:"id"`
	SellerLink  string `json:"sellerLink"`
	ManagerLink string `json:"managerLink,omitempty"` // of a test room: one use, 15 min, that room alone
}

func (s *Server) restRoutes() map[string]door {
	return map[string]door{
		"GET /api/v1/openapi.json":           public(s.openAPI),
		"POST /api/v1/rooms":                 s.withKey(access.KeyCreate, s.restCreate),
		"GET /api/v1/rooms":                  s.withKey(access.KeyList, s.restList),
		"POST /api/v1/rooms/find":            s.withKey(access.KeyList, s.restFind),
		"GET /api/v1/rooms/{id}":             s.withKey(access.KeyRead, s.restRoom),
		"GET /api/v1/rooms/{id}/ledger":      s.withKey(access.KeyRead, s.restLedger),
		"GET /api/v1/rooms/{id}/bundle.zip":  s.withKey(access.KeyEvidence, s.restZip),
		"GET /api/v1/managers/{id}/calendar": s.withKey(access.KeyHoursRead, s.restCalendar),
		"PUT /api/v1/managers/{id}/calendar": s.withKey(access.KeyHoursSet, s.restSetCalendar),
	}
}

func (s *Server) openAPI(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(openAPI)
	return nil
}

// apiKey is the integrator that makes a request.
type apiKey struct {
	name   string
	scopes []string
	secret string // what the bearer sent
}

func (k apiKey) actor() string { return "key:" + k.name }

func (k apiKey) maker() maker { return maker{access.Integrator, k.name, k.secret} }

// withKey lets only API keys through that the table lets do the action.
func (s *Server) withKey(a access.Action, h func(http.ResponseWriter, *http.Request, apiKey) error) door {
	return door{a, func(w http.ResponseWriter, r *http.Request) error {
		secret, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !bearer || secret == "" { // no guess: any site's page can have a browser ask so
			w.Header().Set("WWW-Authenticate", "Bearer")
			return unauthorized("This key is missing: send Authorization: Bearer KEY.")
		}
		return s.exchanged(r, func() error {
			key, err := s.key(r.Context(), secret)
			if err != nil {
				w.Header().Set("WWW-Authenticate", "Bearer") // RFC 6750 section 3
				return err
			}
			if err := access.Check(access.Person{Role: access.Integrator, ID: key.name, Scopes: key.scopes}, a, keyPlace(r)); err != nil {
				return err
			}
			s.cfg.Access.Count(accesslog.Event{Type: accesslog.KeyUsed, Actor: key.actor(), Body: accesslog.Body{Action: string(a)}})
			return h(w, r, key)
		})
	}}
}

// keyPlace is the room that a key's request is about. Whether it is there says
// the handler.
func keyPlace(r *http.Request) access.Place {
	if r.PathValue("id") != "" && strings.HasPrefix(r.URL.Path, "/api/v1/rooms/") {
		return access.Place{Room: r.PathValue("id")}
	}
	return access.Place{}
}

func (s *Server) key(ctx context.Context, secret string) (apiKey, error) {
	t, err := s.cfg.Rooms.Tickets.Get(ctx, kindAPIKey, secret)
	if errors.Is(err, rooms.ErrNotFound) {
		return apiKey{}, unauthorized("This key is not known.")
	}
	if err != nil {
		return apiKey{}, fmt.Errorf("api key: %w", err)
	}
	return apiKey{t.Subject, strings.Fields(t.Scope), secret}, nil
}

// NewAPIKey makes a bearer key for an integrator; scopes are of
// access.Scopes.
func NewAPIKey(ctx context.Context, store *rooms.Store, name string, scopes []string, life time.Duration) (string, error) {
	secret := tickets.NewToken()
	t := tickets.Ticket{Role: string(access.Integrator), Subject: name, Scope: strings.Join(scopes, " ")}
	if err := store.Tickets.PutGrant(ctx, kindAPIKey, secret, t, life); err != nil {
		return "", fmt.Errorf("make an api key: %w", err)
	}
	return secret, nil
}

func (s *Server) restCreate(w http.ResponseWriter, r *http.Request, key apiKey) error {
	if err := s.limit(r.Context(), limitMakes, key.actor()); err != nil {
		return err
	}
	n, body, err := readRequest(w, r)
	if err != nil {
		return err
	}
	if n.Test && !slices.Contains(key.scopes, access.ScopeTest) {
		return forbidden("This key may not make test rooms.")
	}
	i, err := s.intend(r.Context(), key.maker(), r.Header.Get("Idempotency-Key"), body)
	if err != nil {
		return err
	}
	made, err := s.makeRoom(r.Context(), key, n, i)
	if err != nil {
		return s.forget(r.Context(), i, err)
	}
	if i.done {
		w.Header().Set("Idempotent-Replayed", "true")
	}
	return writeJSON(w, http.StatusCreated, made)
}

// makeRoom makes what of the intent isn't there yet.
func (s *Server) makeRoom(ctx context.Context, key apiKey, n intake.Request, i intent) (MadeRoom, error) {
	made := MadeRoom{ID: i.id, SellerLink: s.link("/j/" + i.seller)}
	if n.Test {
		made.ManagerLink = s.link("/in/" + i.manager)
	}
	if i.done {
		return made, nil
	}
	if err := s.pickManager(ctx, &n); err != nil {
		return MadeRoom{}, err
	}
	_, err := s.cfg.Rooms.Load(ctx, i.id)
	if errors.Is(err, rooms.ErrNotFound) {
		_, err = s.createRoom(ctx, key.actor(), n, i.id, i.seller)
	}
	if err != nil {
		return MadeRoom{}, err
	}
	if n.Test {
		t := tickets.Ticket{Role: string(access.Manager), Subject: n.Manager, Name: "Robot", Room: i.id}
		if err := s.cfg.Rooms.Tickets.Put(ctx, kindSignIn, i.manager, t, managerLinkLife); err != nil {
			return MadeRoom{}, fmt.Errorf("manager link: %w", err)
		}
	}
	return made, s.finish(ctx, key.maker(), i)
}

func (s *Server) restRoom(w http.ResponseWriter, r *http.Request, _ apiKey) error {
	room, err := s.cfg.Rooms.Load(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, statusOf(room))
}

func statusOf(room *rooms.Room) RoomStatus {
	if room.Damaged {
		return RoomStatus{ID: room.ID, State: stateDamaged, At: room.At.UTC(), Zone: "UTC", Language: "und", Reasons: []string{}, Repeat: []string{}}
	}
	return RoomStatus{ID: room.ID, State: room.State, Cause: room.Cause, At: room.At.UTC(), Zone: room.Zone,
		Language: room.Language, Manager: room.Manager, Test: room.Test, Verdict: room.Verdict,
		Reasons: orEmpty(room.Reasons), Repeat: orEmpty(room.Repeat), Outcome: outcomeOf(room),
		Appeal: appealWord(room), Prev: room.Prev, Next: room.Next, Sealed: room.Sealed, Bundle: room.Bundle}
}

// restLedger gives the hashed entries of the record, one a line.
func (s *Server) restLedger(w http.ResponseWriter, r *http.Request, _ apiKey) error {
	entries, err := s.cfg.Rooms.Record(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		return fmt.Errorf("ledger: %w", rooms.ErrNotFound)
	}
	var lines bytes.Buffer
	for _, e := range entries {
		line, err := e.Line()
		if err != nil {
			return fmt.Errorf("ledger: %w", err)
		}
		lines.Write(append(line, '\n'))
	}
	w.Header().Set("Content-Type", "application/jsonl")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(lines.Bytes())
	return nil
}

func (s *Server) restZip(w http.ResponseWriter, r *http.Request, key apiKey) error {
	room, err := s.cfg.Rooms.Load(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.sendZip(w, r, room, key.actor(), key.name)
}
