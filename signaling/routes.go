package signaling

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"time"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/rooms"
	"verifycall/signaling/intake"
)

// handler is an http handler that returns what it couldn't do; the error is
// answered as a problem, and logged if it is ours.
type handler func(http.ResponseWriter, *http.Request) error

func (s *Server) routes() {
	for pattern, name := range pageRoutes {
		s.handle(pattern, public(s.page(name)))
	}
	s.handle("GET /assets/{name}", public(s.asset))
	s.handle("GET /healthz", public(s.health))
	s.handle("GET /readyz", public(s.ready))
	s.handle("GET /.well-known/verifycall-keys.json", public(s.wellKnownKeys))
	s.handle("/", public(func(http.ResponseWriter, *http.Request) error {
		return protocol.Faultf(protocol.CodeNotFound, "There is no such page.")
	}))

	s.handle("POST /api/link", public(s.exchangeLink))
	s.handle("POST /api/signin", public(s.signIn))
	s.handle("POST /api/signout", public(s.signOut))

	s.handle("GET /api/manager/me", s.as(access.ManagerDesk, s.managerMe))
	s.handle("GET /api/manager/rooms", s.as(access.ManagerRooms, s.managerRooms))
	s.handle("POST /api/manager/rooms", s.as(access.ManagerCreate, s.managerCreate))
	s.handle("GET /api/manager/rooms/{id}", s.as(access.ManagerRead, s.managerRoom))
	s.handle("POST /api/manager/rooms/{id}/link", s.as(access.ManagerChange, s.managerLink))
	s.handle("POST /api/manager/rooms/{id}/link/replace", s.as(access.ManagerChange, s.managerReplaceLinks))
	s.handle("POST /api/manager/rooms/{id}/cancel", s.as(access.ManagerChange, s.managerCancel))
	s.handle("POST /api/manager/rooms/{id}/reschedule", s.as(access.ManagerChange, s.managerReschedule))
	s.handle("GET /api/manager/rooms/{id}/documents/{sha}", s.as(access.ManagerRead, s.managerDocument))
	s.handle("GET /api/manager/rooms/{id}/stills/{file}", s.as(access.ManagerRead, s.managerStill))

	s.handle("GET /api/manager/rooms/{id}/photos/{sha}", s.as(access.ManagerRead, s.managerPhoto))

	s.handle("GET /api/seller/photo/{nonce}", s.as(access.SellerPhoto, s.sellerPhoto))
	s.handle("POST /api/seller/photo/{nonce}", s.as(access.SellerPhoto, s.sellerPhoto))

	s.handle("GET /api/audit/me", s.as(access.AuditDesk, s.auditMe))
	s.handle("GET /api/audit/rooms", s.as(access.AuditRooms, s.auditRooms))
	s.handle("GET /api/audit/rooms/{id}", s.as(access.AuditView, s.auditRoom))
	s.handle("GET /api/audit/rooms/{id}/files/{path...}", s.as(access.AuditView, s.auditFile))
	s.handle("GET /api/audit/rooms/{id}/clips/{file}", s.as(access.AuditView, s.auditClip))
	s.handle("GET /api/audit/rooms/{id}/verify", s.as(access.AuditVerify, s.auditVerify))
	s.handle("GET /api/audit/rooms/{id}/bundle.zip", s.as(access.AuditDownload, s.auditZip))
	s.handle("GET /api/audit/rooms/{id}/custody.jsonl", s.as(access.AuditDownload, s.auditCustody))

	for _, routes := range []map[string]door{s.restRoutes(), s.bookingRoutes(), s.queueRoutes(), s.rehearsalRoutes(), s.mailRoutes(), s.lanRoutes(),
		s.reviewRoutes(), s.operateRoutes(), s.documentRoutes(), s.grantRoutes(), s.entranceRoutes(), s.keepingRoutes(), s.retentionRoutes(),
		s.passkeyRoutes(), s.accountRoutes(), s.openidRoutes(), s.codeRoutes(), s.appealRoutes(),
		s.privacyRoutes()} {
		for pattern, d := range routes {
			s.handle(pattern, d)
		}
	}
	s.handle("GET /ws/seller", door{access.SellerJoin, s.sellerSocket})
	s.handle("GET /ws/manager", door{access.ManagerJoin, s.managerSocket})
}

func (s *Server) handle(pattern string, d door) {
	s.doors[pattern] = d.action
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		status := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		if err := d.serve(status, r); err != nil {
			s.countRefusal(d.action, err)
			s.answerError(status, r, pattern, err)
		}
		if status.status != http.StatusSwitchingProtocols { // a connection's life is no answering time
			s.cfg.Metrics.request(pattern, status.status, time.Since(started))
		}
		s.log.Debug("request", "route", pattern, "status", status.status, "took", time.Since(started))
	})
}

// statusGone is what the figures have of a request whose client went away before
// its answer: a page that asks for another list does, and it is nobody's fault. No
// RFC has a number for it; 499 is nginx's.
const statusGone = 499

// answerError answers with the problem, if nothing was sent yet, and logs what
// is our fault. No address, no path: paths hold tokens and ids.
func (s *Server) answerError(w *statusWriter, r *http.Request, pattern string, err error) {
	if !w.began && errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		w.status = statusGone
		return
	}
	if w.began && r.Context().Err() != nil { // it broke a download off
		s.about(w, r).Debug("client gone", "route", pattern, "err", err)
		panic(http.ErrAbortHandler)
	}
	f := faultOf(err)
	if f.Code == protocol.CodeInternal || f.Code == protocol.CodeNotStored {
		s.about(w, r).Error("request failed", "route", pattern, "err", err)
	}
	if w.began {
		// Too late for a problem: cut the answer, so that it can't be taken for whole.
		panic(http.ErrAbortHandler)
	}
	writeProblem(w, f)
}

// about is the log for a request: with the room where it is about one.
func (s *Server) about(w *statusWriter, r *http.Request) *slog.Logger {
	room := w.room
	if id := r.PathValue("id"); room == "" && rooms.IsRoomID(id) {
		room = id
	}
	if room == "" {
		return s.log
	}
	return s.log.With("room", room)
}

// statusWriter notes what was sent, and about which room.
type statusWriter struct {
	http.ResponseWriter
	status int
	began  bool
	room   string // empty until a session is known that is about one
}

// noteRoom tells the request's log which room a session is about.
func noteRoom(w http.ResponseWriter, who session) {
	if noted, ok := w.(*statusWriter); ok && who.at != nil {
		noted.room = who.at.ID
	}
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	w.status, w.began = status, true
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *statusWriter) Write(p []byte) (int, error) {
	w.began = true
	return w.ResponseWriter.Write(p)
}

// Hijack implements http.Hijacker for the WebSocket upgrade.
func (w *statusWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.status, w.began = http.StatusSwitchingProtocols, true
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// readBody reads a JSON body of at most limit bytes.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return nil, malformed("The request's Content-Type must be application/json.")
	}
	return readAll(http.MaxBytesReader(w, r.Body, limit))
}

// readAll reads a bounded body. One that ends too early or is cut wrongly is the
// client's fault.
func readAll(body io.Reader) ([]byte, error) {
	all, err := io.ReadAll(body)
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return all, nil
	case errors.As(err, &tooLarge):
		return nil, fmt.Errorf("read the request: %w", err)
	}
	return nil, &protocol.Fault{Code: protocol.CodeMalformed, Message: "The request's body did not arrive whole.", Err: err}
}

// smallBody bounds the requests that hold a token or a time.
const smallBody = 4 << 10

// maxBody bounds every body.
const maxBody = intake.MaxBody + 1

func readSmall(w http.ResponseWriter, r *http.Request, into any) error {
	return readJSON(w, r, smallBody, into)
}

// readJSON reads a body of at most limit bytes into a value, strictly.
func readJSON(w http.ResponseWriter, r *http.Request, limit int64, into any) error {
	body, err := readBody(w, r, limit)
	if err != nil {
		return err
	}
	return intake.DecodeJSON(body, into)
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the client is gone if this fails
	return nil
}

// health says that the process serves. Redis away is no reason to end it: live
// calls go on.
func (s *Server) health(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, map[string]any{"status": "ok", "calls": s.cfg.House.Live()})
}

// ready says whether new work may be sent here.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) error {
	if s.cfg.House.Draining() {
		return protocol.Faultf(protocol.CodeUnavailable, "This node takes no new calls.")
	}
	if err := s.storeAnswers(r.Context()); err != nil {
		return &protocol.Fault{Code: protocol.CodeUnavailable, Message: "The store of rooms does not answer.", Err: err}
	}
	return writeJSON(w, http.StatusOK, map[string]any{"status": "ready"})
}

func (s *Server) wellKnownKeys(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	w.Header().Set("Access-Control-Allow-Origin", "*")
	_, _ = w.Write(s.cfg.Keys.WellKnown())
	return nil
}
