package signaling

import (
	"errors"
	"net/http"
	"time"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/rooms"
)

// AppealView is what a seller can do about an outcome, and what came of it.
type AppealView struct {
	Able     bool       `json:"able"`               // another look can be asked for now
	Until    *time.Time `json:"until,omitempty"`    // of Able
	Asked    *time.Time `json:"asked,omitempty"`    // another look was asked for
	Answer   string     `json:"answer"`             // "upheld", "overturned"; empty while there is none
	Answered *time.Time `json:"answered,omitempty"` //
	Line     string     `json:"line"`               // the auditor's words to the seller
	Again    bool       `json:"again"`              // another call can be had
	Next     *time.Time `json:"next,omitempty"`     // appointment of that call, once there is one
}

// AuditAppeal is a seller's appeal as an auditor sees it.
type AuditAppeal struct {
	At       time.Time `json:"at"`
	Text     string    `json:"text"`   // the seller's words
	Open     bool      `json:"open"`   // who asks can answer
	Why      string    `json:"why"`    // who asks can't: "review", "own", "over"; empty where Open or answered
	By       string    `json:"by"`     // staff id
	Answer   string    `json:"answer"` // "upheld", "overturned"; empty while there is none
	Answered time.Time `json:"answered,omitzero"`
	Line     string    `json:"line"`
}

func (s *Server) appealRoutes() map[string]door {
	return map[string]door{
		"GET /api/seller/appeal":            s.as(access.SellerAppeal, s.sellerAppeal),
		"POST /api/seller/appeal":           s.as(access.SellerAppeal, s.sellerAsksAgain),
		"POST /api/seller/again":            s.as(access.SellerAppeal, s.sellerAgain),
		"POST /api/audit/rooms/{id}/appeal": s.as(access.AuditAppeal, s.auditAppeal),
	}
}

func (s *Server) sellerAppeal(w http.ResponseWriter, r *http.Request, who session) error {
	room, err := sellerRoom(who)
	if err != nil {
		return err
	}
	return s.writeAppeal(w, r, room, http.StatusOK)
}

func (s *Server) writeAppeal(w http.ResponseWriter, r *http.Request, room *rooms.Room, status int) error {
	view := AppealView{Again: room.Follows()}
	if until := room.AppealUntil(); !until.IsZero() && room.Appeal == nil {
		until = until.UTC()
		view.Able, view.Until = s.now().Before(until), &until
	}
	if a := room.Appeal; a != nil {
		at := a.At.UTC()
		view.Asked = &at
		if a.Answer != "" {
			answered := a.Answered.UTC()
			view.Answer, view.Answered, view.Line = a.Answer, &answered, room.Text(a.Line)
		}
	}
	if room.Next != "" {
		next, err := s.cfg.Rooms.Load(r.Context(), room.Next)
		if err != nil && !errors.Is(err, rooms.ErrNotFound) { // named, and not made yet
			return err
		}
		if err == nil && !next.At.IsZero() {
			at := next.At.UTC()
			view.Next = &at
		}
	}
	return writeJSON(w, status, view)
}

// sellerAsksAgain takes a seller's appeal into the custody ledger.
func (s *Server) sellerAsksAgain(w http.ResponseWriter, r *http.Request, who session) error {
	var body struct {
		Text string `json:"text"`
	}
	if err := readJSON(w, r, maxDecision, &body); err != nil {
		return err
	}
	room, err := sellerRoom(who)
	if err != nil {
		return err
	}
	if err := s.limit(r.Context(), limitAppeals, who.Room); err != nil {
		return err
	}
	room, err = s.cfg.Rooms.Do(r.Context(), room.ID, "seller", rooms.AskAgain{Text: body.Text})
	var illegal *rooms.TransitionError
	if errors.As(err, &illegal) {
		return &protocol.Fault{Code: protocol.CodeWrongState, Message: "Another look can't be asked for now: " + illegal.Why + ".", Err: err}
	}
	if err != nil {
		return err
	}
	s.log.Info("another look is asked for", "room", room.ID)
	return s.writeAppeal(w, r, room, http.StatusCreated)
}

// sellerAgain gives the link of the room that goes on from a decided one. The name
// stands on its page, so that it opens by a code as all that is personal after a call.
func (s *Server) sellerAgain(w http.ResponseWriter, r *http.Request, who session) error {
	var req struct{}
	if err := readSmall(w, r, &req); err != nil {
		return err
	}
	room, err := sellerRoom(who)
	switch {
	case err != nil:
		return err
	case !room.Follows():
		return protocol.Faultf(protocol.CodeWrongState, "There is no other call to be had.")
	case room.SellerMail != "" && !s.proved(who, provedLife):
		return needsCode()
	}
	if err := s.limit(r.Context(), limitAppeals, who.Room); err != nil {
		return err
	}
	profile, err := s.cfg.House.Plans().Profile(room.Profile)
	if err != nil {
		return err
	}
	next, err := s.cfg.Rooms.Follow(r.Context(), room, profile)
	if err != nil {
		return err
	}
	token, err := s.cfg.Rooms.MailLink(r.Context(), next.ID)
	if err != nil {
		return err
	}
	if token != "" {
		return writeJSON(w, http.StatusOK, map[string]string{"link": s.link("/j/" + token)})
	}
	link, err := s.SellerLink(r.Context(), "seller", next)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, map[string]string{"link": link})
}

// auditAppeal takes an auditor's answer to an appeal into the custody ledger.
func (s *Server) auditAppeal(w http.ResponseWriter, r *http.Request, who session) error {
	room, err := s.decided(r.Context(), who)
	if err != nil {
		return err
	}
	if blindFor(who, room) {
		return errBlind()
	}
	var body struct {
		Answer string `json:"answer"`
		Line   string `json:"line"`
	}
	if err := readJSON(w, r, maxDecision, &body); err != nil {
		return err
	}
	room, err = s.cfg.Rooms.Do(r.Context(), room.ID, actorOf(who), rooms.AnswerAppeal{Who: who.Subject, Answer: body.Answer, Line: body.Line})
	var illegal *rooms.TransitionError
	if errors.As(err, &illegal) {
		return &protocol.Fault{Code: protocol.CodeWrongState, Message: "This can't be answered now: " + illegal.Why + ".", Err: err}
	}
	if err != nil {
		return err
	}
	s.cfg.House.Refresh(room.ID) // a seller who looks sees the answer
	return writeJSON(w, http.StatusOK, reviewOf(room, who))
}

// appealWord is how a room's appeal stands, in the auditors' list.
func appealWord(room *rooms.Room) string {
	switch {
	case room.Appeal == nil:
		return ""
	case room.Appealing():
		return "open"
	}
	return room.Appeal.Answer
}

func auditAppealOf(room *rooms.Room, who session) *AuditAppeal {
	a := room.Appeal
	if a == nil {
		return nil
	}
	view := AuditAppeal{At: a.At.UTC(), Text: room.Text(a.Text), By: a.By, Answer: a.Answer, Answered: a.Answered.UTC(), Line: room.Text(a.Line)}
	own := room.OpinionOf(who.Subject)
	switch {
	case a.Answer != "":
	case !room.Appealing():
		view.Why = "over"
	case room.Reviewing():
		view.Why = "review"
	case who.Role != access.Auditor, who.Subject == room.Manager, own != nil && own.Decision == rooms.ReviewReject:
		view.Why = "own"
	default:
		view.Open = true
	}
	return &view
}
