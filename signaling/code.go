package signaling

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	"verifycall/access"
	"verifycall/calls/depot"
	"verifycall/calls/protocol"
	"verifycall/calls/views"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
	"verifycall/rooms/tickets"
)

// provedLife is how long after a code a seller sees what is kept of the own
// person; within the session the code opens the call.
const provedLife = 30 * time.Minute

var codeForm = regexp.MustCompile(`^[0-9]{6}$`)

func (s *Server) codeRoutes() map[string]door {
	return map[string]door{
		"GET /api/seller/code":                 s.as(access.SellerCode, s.sellerCode),
		"POST /api/seller/code/send":           s.as(access.SellerCode, s.sellerSendCode),
		"POST /api/seller/code/check":          s.as(access.SellerCode, s.sellerCheckCode),
		"GET /api/seller/kept":                 s.as(access.SellerKept, s.sellerKept),
		"GET /api/seller/kept/stills/{file}":   s.as(access.SellerKept, s.sellerStill),
		"GET /api/seller/kept/documents/{sha}": s.as(access.SellerKept, s.sellerDocument),
	}
}

// CodeView is how it stands with a seller's code.
type CodeView struct {
	Now    time.Time  `json:"now"`             // by the server's clock
	Able   bool       `json:"able"`            // there is an address that one can be mailed to
	Until  *time.Time `json:"until,omitempty"` // a code was sent, and can be entered until then
	Proved bool       `json:"proved"`          // one was entered a short time ago
	Wanted bool       `json:"wanted"`          // the call wants one, and none was entered in this session
}

// proved says whether a seller entered a code within the time.
func (s *Server) proved(who session, within time.Duration) bool {
	at := who.ticket.Proved
	return !at.IsZero() && s.now().Sub(at) < within
}

// needsCode is the refusal of what a code opens.
func needsCode() *protocol.Fault {
	return protocol.Faultf(protocol.CodeNeedsCode, "That opens by the six-digit code that is sent to the mail address.")
}

func (s *Server) sellerCode(w http.ResponseWriter, r *http.Request, who session) error {
	return s.writeCode(w, r, who)
}

func (s *Server) writeCode(w http.ResponseWriter, r *http.Request, who session) error {
	until, err := s.cfg.Rooms.CodeUntil(r.Context(), who.at.ID)
	if err != nil {
		return err
	}
	view := CodeView{Now: s.now().UTC(), Able: who.at.SellerMail != "", Proved: s.proved(who, provedLife),
		Wanted: s.cfg.House.WantsCode(who.at) && who.ticket.Proved.IsZero()}
	if !until.IsZero() {
		view.Until = &until
	}
	return writeJSON(w, http.StatusOK, view)
}

// sellerSendCode mails a code.
func (s *Server) sellerSendCode(w http.ResponseWriter, r *http.Request, who session) error {
	var req struct{}
	if err := readSmall(w, r, &req); err != nil {
		return err
	}
	if _, err := sellerRoom(who); err != nil {
		return err
	}
	if err := s.limit(r.Context(), rooms.LimitCodes, who.Room); err != nil {
		return err
	}
	_, err := s.cfg.Rooms.SendCode(r.Context(), who.at)
	if errors.Is(err, rooms.ErrNoMail) {
		return protocol.Faultf(protocol.CodeWrongState, "There is no mail address that a code could go to.")
	}
	if err != nil {
		return err
	}
	s.log.Info("code sent", "room", who.Room)
	return s.writeCode(w, r, who)
}

// sellerCheckCode takes the code that a seller enters.
func (s *Server) sellerCheckCode(w http.ResponseWriter, r *http.Request, who session) error {
	var req struct {
		Code string `json:"code"`
	}
	if err := readSmall(w, r, &req); err != nil {
		return err
	}
	if !codeForm.MatchString(req.Code) {
		return malformed("A code has six digits.")
	}
	if err := s.limit(r.Context(), rooms.LimitCodeTries, who.Room); err != nil {
		return err
	}
	switch err := s.cfg.Rooms.CheckCode(r.Context(), who.Room, req.Code); {
	case errors.Is(err, rooms.ErrCodeWrong):
		return protocol.Faultf(protocol.CodeCodeWrong, "This is not the code that was sent. Look at the latest mail.")
	case errors.Is(err, rooms.ErrCodeOver):
		return protocol.Faultf(protocol.CodeCodeOver, "This code can't be entered any more. Ask for another one.")
	case err != nil:
		return err
	}
	s.log.Info("code entered", "room", who.Room)
	if err := s.prove(r.Context(), w, &who); err != nil {
		return err
	}
	return s.writeCode(w, r, who)
}

// prove marks a session as its seller's, under a new token: who had the old one
// has not entered the code.
func (s *Server) prove(ctx context.Context, w http.ResponseWriter, who *session) error {
	who.ticket.How = howCode
	if err := s.noteSignIn(ctx, who.ticket); err != nil {
		return err
	}
	if err := s.cfg.Rooms.Tickets.Drop(ctx, kindSession, who.token); err != nil {
		return err
	}
	who.ticket.Proved = s.now()
	who.token = tickets.NewToken()
	return s.putSession(ctx, w, who.token, who.ticket)
}

// KeptView is what is kept of a seller, as he or she sees it after the call.
type KeptView struct {
	SellerName  string            `json:"sellerName"`
	ManagerName string            `json:"managerName"`
	Fields      map[string]string `json:"fields"`
	Documents   []KeptPicture     `json:"documents"`
	Stills      []KeptPicture     `json:"stills"`
	Compared    []string          `json:"compared"`        // items that a person compared; not what came of it
	Until       *time.Time        `json:"until,omitempty"` // when all of it is erased
}

// KeptPicture is a picture that can be looked at.
type KeptPicture struct {
	Name   string `json:"name"` // kind of a document, slot of a still
	URL    string `json:"url"`
	Width  int    `json:"width"` // 0 of a PDF
	Height int    `json:"height"`
}

// keptRoom wants the call to be over and a code of a moment ago.
func (s *Server) keptRoom(ctx context.Context, who session) (*rooms.Room, error) {
	room, err := sellerRoom(who)
	switch {
	case err != nil:
		return nil, err
	case !room.Over():
		return nil, protocol.Faultf(protocol.CodeWrongState, "That is there after the call.")
	case !s.proved(who, provedLife):
		return nil, needsCode()
	}
	return room, s.noteView(ctx, who, "kept")
}

func (s *Server) sellerKept(w http.ResponseWriter, r *http.Request, who session) error {
	room, err := s.keptRoom(r.Context(), who)
	if err != nil {
		return err
	}
	view := KeptView{SellerName: room.Text(room.SellerName), Fields: views.Application(room), Documents: []KeptPicture{}, Stills: []KeptPicture{}, Compared: []string{}}
	if room.Manager != "" {
		account, err := s.cfg.Rooms.Accounts.Get(r.Context(), room.Manager)
		if err != nil && !errors.Is(err, rooms.ErrNotFound) { // a robot's room has none
			return err
		}
		view.ManagerName = account.Name
	}
	for _, item := range room.Items {
		if room.Compares[item].Decision != "" {
			view.Compared = append(view.Compared, item)
		}
	}
	if until := room.KeptUntil(rooms.ClassRecord); !until.IsZero() {
		until = until.UTC()
		view.Until = &until
	}
	for _, d := range newestDocuments(room) {
		view.Documents = append(view.Documents, KeptPicture{d.Kind, "/api/seller/kept/documents/" + d.SHA256, d.Width, d.Height})
	}
	for _, c := range views.Captures(room) {
		view.Stills = append(view.Stills, KeptPicture{c.Slot, "/api/seller/kept/stills/" + c.SHA256 + ".webp", c.Width, c.Height})
	}
	return writeJSON(w, http.StatusOK, view)
}

func (s *Server) sellerStill(w http.ResponseWriter, r *http.Request, who session) error {
	room, err := s.keptRoom(r.Context(), who)
	if err != nil {
		return err
	}
	digest, webp := strings.CutSuffix(r.PathValue("file"), ".webp")
	for _, c := range room.Captures {
		if webp && c.SHA256 == digest {
			return s.serveObject(uncached{w}, r, vault.Stills, room.ID, depot.StillName(room.ID, digest), digest)
		}
	}
	return protocol.Faultf(protocol.CodeNotFound, "There is no such still.")
}

func (s *Server) sellerDocument(w http.ResponseWriter, r *http.Request, who session) error {
	room, err := s.keptRoom(r.Context(), who)
	if err != nil {
		return err
	}
	for _, d := range room.Documents {
		if d.SHA256 == r.PathValue("sha") {
			return s.serveDocument(uncached{w}, r, room.ID, d)
		}
	}
	return protocol.Faultf(protocol.CodeNotFound, "There is no such document.")
}

// uncached keeps pictures out of the browser's cache: a phone may be lent.
type uncached struct{ http.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (u uncached) WriteHeader(status int) {
	u.Header().Set("Cache-Control", "no-store")
	u.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (u uncached) Unwrap() http.ResponseWriter { return u.ResponseWriter }
