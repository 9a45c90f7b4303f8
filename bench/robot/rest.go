package robot

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"time"

	"verifycall/calls/protocol"
)

// Room is a test room as POST /api/v1/rooms answers it.
type Room struct {
	ID          string `json:"id"`
	SellerLink  string `json:"sellerLink"`
	ManagerLink string `json:"managerLink"`
}

// NewRoom makes a test room for now.
func (s *Server) NewRoom(ctx context.Context) (Room, error) {
	var room Room
	err := s.call(ctx, s.Place.client(nil), http.MethodPost, "/api/v1/rooms", testRoom(), &room)
	return room, err
}

func testRoom() map[string]any {
	return map[string]any{
		"seller":   map[string]string{"name": "Anna Maria Eriksson", "mail": "anna@example.com"},
		"language": "en", "zone": "America/Toronto", "test": true,
		"application": map[string]string{"surname": "ERIKSSON", "given_names": "ANNA MARIA", "birth_date": "1974-08-12",
			"document_number": "D23145890", "document_type": "ID card"},
	}
}

// Book makes a test room for a time, once for each Idempotency-Key.
func (s *Server) Book(ctx context.Context, key string, at time.Time) (Room, error) {
	body := testRoom()
	body["at"] = at.UTC().Format(time.RFC3339)
	client := s.Place.client(nil)
	client = &http.Client{Transport: keyed{key, client.Transport}}
	var room Room
	err := s.call(ctx, client, http.MethodPost, "/api/v1/rooms", body, &room)
	return room, err
}

// keyed sends an Idempotency-Key with each request.
type keyed struct {
	key string
	by  http.RoundTripper // nil: the default one
}

// RoundTrip implements http.RoundTripper.
func (k keyed) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Idempotency-Key", k.key)
	if k.by == nil {
		return http.DefaultTransport.RoundTrip(r)
	}
	return k.by.RoundTrip(r)
}

// State asks for the state of a room.
func (s *Server) State(ctx context.Context, room string) (string, error) {
	status, err := s.status(ctx, room)
	return status.State, err
}

// Sealed asks whether a room has its evidence bundle.
func (s *Server) Sealed(ctx context.Context, room string) (bool, error) {
	status, err := s.status(ctx, room)
	return status.Sealed, err
}

type status struct {
	State  string `json:"state"`
	Sealed bool   `json:"sealed"`
}

func (s *Server) status(ctx context.Context, room string) (found status, err error) {
	body, err := s.Get(ctx, "/api/v1/rooms/"+room)
	if err != nil {
		return found, err
	}
	defer body.Close()
	return found, json.NewDecoder(body).Decode(&found)
}

// Get opens a path of the REST API with the key; the caller closes the body.
func (s *Server) Get(ctx context.Context, path string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+s.Key)
	res, err := s.Place.client(nil).Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		defer res.Body.Close()
		return nil, refusal(path, res)
	}
	return res.Body, nil
}

// Session is one browser's worth of cookies for one role in one room. It can be
// used for one connection after the other.
type Session struct {
	server *Server
	role   protocol.Role
	path   string // of the WebSocket
	client *http.Client
	tab    string
}

// SignIn exchanges a seller's or a manager's link for a session.
func (s *Server) SignIn(ctx context.Context, role protocol.Role, room Room) (*Session, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	session := &Session{server: s, role: role, client: s.Place.client(jar), tab: "robot-" + string(role) + "-" + room.ID}
	link, exchange := room.SellerLink, "/api/link"
	session.path = "/ws/seller"
	if role == protocol.RoleManager {
		link, exchange = room.ManagerLink, "/api/signin"
		session.path = "/ws/manager?room=" + room.ID
	}
	token := link[strings.LastIndexByte(link, '/')+1:]
	return session, s.call(ctx, session.client, http.MethodPost, exchange, map[string]string{"token": token}, nil)
}

// At is the session's browser at another node's door.
func (s *Session) At(node *Server) *Session {
	other := *s
	other.server = node
	return &other
}

// In is the session's browser at another room's door.
func (s *Session) In(room Room) *Session {
	other := *s
	if s.role == protocol.RoleManager {
		other.path = "/ws/manager?room=" + room.ID
	}
	return &other
}

// Stranger is a browser without any session.
func (s *Server) Stranger(role protocol.Role) *Session {
	return &Session{server: s, role: role, client: s.Place.client(nil), path: "/ws/" + string(role), tab: "stranger"}
}

// call sends JSON and decodes the answer's JSON into it, if not nil. Errors are
// a *protocol.Fault where the server said which.
func (s *Server) call(ctx context.Context, client *http.Client, method, path string, body, answer any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, s.URL+path, bytes.NewReader(data))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", s.URL)
	if strings.HasPrefix(path, "/api/v1/") {
		req.Header.Set("Authorization", "Bearer "+s.Key)
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		return refusal(path, res)
	}
	if answer == nil {
		return nil
	}
	if err := json.NewDecoder(res.Body).Decode(answer); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func refusal(path string, res *http.Response) error {
	var problem struct {
		Code   protocol.Code `json:"code"`
		Detail string        `json:"detail"`
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err == nil && json.Unmarshal(text, &problem) == nil && problem.Code != "" {
		return fmt.Errorf("%s: %w", path, protocol.Faultf(problem.Code, problem.Detail))
	}
	return fmt.Errorf("%s: %s: %.200s", path, res.Status, text)
}
