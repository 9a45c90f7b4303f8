package rooms

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"verifycall/rooms/limits"
	"verifycall/rooms/outbox"
	"verifycall/rooms/tickets"
)

// CodeLife is how long a code that was mailed can be entered; NIST SP 800-63B-4
// section 3.1.3.2 allows ten minutes.
const CodeLife = 10 * time.Minute

// CodeTries is how often one code can be entered wrongly.
const CodeTries = 5

// Limits of codes, by room and on all nodes: of each at most 5 tries are left (NIST
// SP 800-63B-4 section 3.2.2 wants less than 100 in a row). They hold for codes
// before, in and after the call together.
var (
	LimitCodes     = limits.Limit{Name: "code", Every: 2 * time.Minute, Burst: 5}
	LimitCodeTries = limits.Limit{Name: "codetry", Every: 5 * time.Minute, Burst: 20}
)

// Errors of codes, by errors.Is.
var (
	ErrNoMail    = errors.New("there is no address to mail a code to")
	ErrCodeOver  = errors.New("there is no code that could be entered") // none sent, too late, used, or too many tries
	ErrCodeWrong = errors.New("this is another code")
)

// kindCode are tickets of codes that were sent; their token is the room.
const kindCode = "code"

// sentCode is what Redis has of a code: it can't be told from that without the
// deployment's key, which six digits alone, hashed, could be at once.
type sentCode struct {
	Nonce string `json:"nonce"`
	Wrong int    `json:"wrong"` // tries
}

// codeOf gives the six digits that follow from the deployment's key, the room and
// a nonce.
func (s *Store) codeOf(room, nonce string) string {
	mac := hmac.New(sha256.New, s.hiddenKey[:])
	mac.Write([]byte("mail code\n" + room + "\n" + nonce))
	return fmt.Sprintf("%06d", binary.BigEndian.Uint64(mac.Sum(nil))%1e6)
}

// SendCode has a code mailed to a room's seller and gives until when it can be
// entered. An earlier one can't be any more. Errors: ErrNoMail.
func (s *Store) SendCode(ctx context.Context, r *Room) (time.Time, error) {
	if r.SellerMail == "" || r.Text(r.SellerMail) == "" || s.hiddenKey == [sha256.Size]byte{} {
		return time.Time{}, ErrNoMail
	}
	code := sentCode{Nonce: tickets.NewToken()}
	until := s.now().Add(CodeLife)
	if err := s.putCode(ctx, r.ID, code, until, true); err != nil {
		return time.Time{}, err
	}
	if _, err := s.Outbox.Put(ctx, outbox.Mail{Room: r.ID, Seq: r.Record.Seq, Kind: outbox.Code + "-" + code.Nonce}); err != nil {
		return time.Time{}, fmt.Errorf("mail a code: %w", err)
	}
	return until, nil
}

// putCode keeps a code until its time is over; over says that it may take another's
// place.
func (s *Store) putCode(ctx context.Context, room string, code sentCode, until time.Time, over bool) error {
	text, err := json.Marshal(code)
	if err != nil {
		return fmt.Errorf("code: %w", err)
	}
	t, ttl := tickets.Ticket{Room: room, Kept: string(text), Until: until}, max(time.Millisecond, until.Sub(s.now()))
	if over {
		return s.Tickets.Put(ctx, kindCode, room, t, ttl)
	}
	_, _, err = s.Tickets.Claim(ctx, kindCode, room, t, ttl)
	return err
}

// CheckCode takes a code that a seller enters: the right one works once. Of two
// tries at the same moment one is refused unseen. Errors: ErrCodeWrong, ErrCodeOver.
func (s *Store) CheckCode(ctx context.Context, room, entered string) error {
	t, err := s.Tickets.Take(ctx, kindCode, room)
	if errors.Is(err, ErrNotFound) || err == nil && !s.now().Before(t.Until) {
		return ErrCodeOver
	}
	if err != nil {
		return fmt.Errorf("code: %w", err)
	}
	var code sentCode
	if err := json.Unmarshal([]byte(t.Kept), &code); err != nil {
		return fmt.Errorf("code: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(s.codeOf(room, code.Nonce)), []byte(entered)) == 1 {
		return nil
	}
	if code.Wrong++; code.Wrong >= CodeTries {
		return ErrCodeOver
	}
	// Not over one that was sent meanwhile.
	if err := s.putCode(ctx, room, code, t.Until, false); err != nil {
		return err
	}
	return ErrCodeWrong
}

// CodeUntil gives until when the code that was sent can be entered; the zero time
// where there is none.
func (s *Store) CodeUntil(ctx context.Context, room string) (time.Time, error) {
	t, err := s.Tickets.Get(ctx, kindCode, room)
	if errors.Is(err, ErrNotFound) {
		return time.Time{}, nil
	}
	return t.Until, err
}

// MailedCode gives the code that a mail brings; false where the mail is none of those or
// the code can't be entered any more.
func (s *Store) MailedCode(ctx context.Context, m outbox.Mail) (string, bool, error) {
	nonce, is := strings.CutPrefix(m.Kind, outbox.Code+"-")
	if !is {
		return "", false, nil
	}
	t, err := s.Tickets.Get(ctx, kindCode, m.Room)
	if errors.Is(err, ErrNotFound) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("code: %w", err)
	}
	var code sentCode
	if err := json.Unmarshal([]byte(t.Kept), &code); err != nil {
		return "", false, fmt.Errorf("code: %w", err)
	}
	return s.codeOf(m.Room, nonce), code.Nonce == nonce, nil
}

// Over says that a room's call is behind it: its link then opens what is written
// of it, never the call.
func (r *Room) Over() bool {
	switch r.State {
	case StateEnded, StateDecided, StateInReview, StateClosed, StatePurged, StateAborted:
		return true
	}
	return false
}
