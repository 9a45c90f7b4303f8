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

	"verifycall/calls/protocol"
	"verifycall/rooms"
	"verifycall/signaling/intake"
)

// Scopes of an API key, in its ticket separated by spaces.
const (
	ScopeRooms    = "rooms"    // make and read rooms
	ScopeEvidence = "evidence" // fetch bundles: a staff record
	ScopeTest     = "test"     // make test rooms
	ScopeCalendar = "calendar" // read and set account managers' hours
)

// RoleIntegrator is the role of an API key's ticket.
const RoleIntegrator = "integrator"

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
	Sealed   bool      `json:"sealed"`
	Bundle   string    `json:"bundle"`
}

// MadeRoom answers the making of a room.
type MadeRoom struct {
	ID          string `json:"id"`
	SellerLink  string `json:"sellerLink"`
	ManagerLink string `json:"managerLink,omitempty"` // of a test room: one use, 15 min, that room alone
}

func (s *Server) restRoutes() map[string]handler {
	return map[string]handler{
		"GET /api/v1/openapi.json":           s.openAPI,
		"POST /api/v1/rooms":                 s.withKey(ScopeRooms, s.restCreate),
		"GET /api/v1/rooms/{id}":             s.withKey(ScopeRooms, s.restRoom),
		"GET /api/v1/rooms/{id}/ledger":      s.withKey(ScopeRooms, s.restLedger),
		"GET /api/v1/rooms/{id}/bundle.zip":  s.withKey(ScopeEvidence, s.restZip),
		"GET /api/v1/managers/{id}/calendar": s.withKey(ScopeCalendar, s.restCalendar),
		"PUT /api/v1/managers/{id}/calendar": s.withKey(ScopeCalendar, s.restSetCalendar),
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

// withKey lets only API keys with a scope through a door.
func (s *Server) withKey(scope string, h func(http.ResponseWriter, *http.Request, apiKey) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		return s.exchanged(r, func() error {
			key, err := s.key(r)
			if err != nil {
				w.Header().Set("WWW-Authenticate", "Bearer") // RFC 6750 section 3
				return err
			}
			if !slices.Contains(key.scopes, scope) {
				return forbidden("This key lacks the scope " + scope + ".")
			}
			return h(w, r, key)
		})
	}
}

func (s *Server) key(r *http.Request) (apiKey, error) {
	secret, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer || secret == "" {
		return apiKey{}, unauthorized("This key is missing: send Authorization: Bearer KEY.")
	}
	t, err := s.cfg.Rooms.Ticket(r.Context(), kindAPIKey, secret)
	if errors.Is(err, rooms.ErrNotFound) {
		return apiKey{}, unauthorized("This key is not known.")
	}
	if err != nil {
		return apiKey{}, fmt.Errorf("api key: %w", err)
	}
	return apiKey{t.Subject, strings.Fields(t.Scope), secret}, nil
}

// NewAPIKey makes a bearer key for an integrator; scopes are of ScopeRooms and
// its kin.
func NewAPIKey(ctx context.Context, store *rooms.Store, name string, scopes []string, life time.Duration) (string, error) {
	secret := rooms.NewToken()
	t := rooms.Ticket{Role: RoleIntegrator, Subject: name, Scope: strings.Join(scopes, " ")}
	if err := store.PutTicket(ctx, kindAPIKey, secret, t, life); err != nil {
		return "", fmt.Errorf("make an api key: %w", err)
	}
	return secret, nil
}

func (s *Server) restCreate(w http.ResponseWriter, r *http.Request, key apiKey) error {
	n, body, err := readRequest(w, r)
	if err != nil {
		return err
	}
	if n.Test && !slices.Contains(key.scopes, ScopeTest) {
		return forbidden("This key may not make test rooms.")
	}
	i, err := s.intend(r.Context(), key, r.Header.Get("Idempotency-Key"), body)
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
		t := rooms.Ticket{Role: string(protocol.RoleManager), Subject: n.Manager, Name: "Robot", Room: i.id}
		if err := s.cfg.Rooms.PutTicket(ctx, kindSignIn, i.manager, t, managerLinkLife); err != nil {
			return MadeRoom{}, fmt.Errorf("manager link: %w", err)
		}
	}
	return made, s.finish(ctx, key, i)
}

func (s *Server) restRoom(w http.ResponseWriter, r *http.Request, _ apiKey) error {
	room, err := s.cfg.Rooms.Load(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, RoomStatus{ID: room.ID, State: room.State, Cause: room.Cause, At: room.At.UTC(), Zone: room.Zone,
		Language: room.Language, Manager: room.Manager, Test: room.Test, Verdict: room.Verdict,
		Reasons: orEmpty(room.Reasons), Repeat: orEmpty(room.Repeat), Sealed: room.Sealed, Bundle: room.Bundle})
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
