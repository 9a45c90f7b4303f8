package signaling

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/rooms"
	"verifycall/rooms/tickets"
)

const (
	maxIdemKey = 128 // characters of an Idempotency-Key
	idemLife   = 24 * time.Hour
)

// intent is a room that is to be made: its id and the tokens of its links are
// settled before. Of one Idempotency-Key the id is always the same, and so are an
// integrator's tokens: a request that comes again, even after a crash in the
// middle, ends in the same room.
type intent struct {
	id      string
	seller  string // token
	manager string // token, of a test room
	ticket  string // of kindIdem; empty without an Idempotency-Key
	digest  string // SHA-256 of the request, hex
	done    bool   // it was answered before
}

// doneMark in an idempotency ticket's Name says that all was made.
const doneMark = "done"

// maker is who has rooms made.
type maker struct {
	role   access.Role
	id     string // an integrator's name, an account manager's id
	secret string // of an API key: the links' tokens come from it; a manager has none, and gets further links
}

// intend settles what a request is to make. A key that was used for another
// request is a conflict.
func (s *Server) intend(ctx context.Context, by maker, idem string, body []byte) (intent, error) {
	i := intent{id: rooms.NewRoomID(), seller: tickets.NewToken(), manager: tickets.NewToken()}
	if idem == "" {
		return i, nil
	}
	if len(idem) > maxIdemKey {
		return intent{}, malformed("The Idempotency-Key is too long.")
	}
	sum := sha256.Sum256(body)
	i.digest = hex.EncodeToString(sum[:])
	if by.secret != "" {
		i.seller, i.manager = tokenOf(by.secret, idem, "seller"), tokenOf(by.secret, idem, "manager")
		i.ticket = by.secret + "\x00" + idem
	} else {
		i.ticket = string(by.role) + ":" + by.id + "\x00" + idem
	}
	claim := tickets.Ticket{Role: string(by.role), Subject: by.id, Room: i.id, Scope: i.digest}
	claim, _, err := s.cfg.Rooms.Tickets.Claim(ctx, kindIdem, i.ticket, claim, idemLife)
	if err != nil {
		return intent{}, fmt.Errorf("idempotency: %w", err)
	}
	if claim.Scope != i.digest {
		return intent{}, protocol.Faultf(protocol.CodeConflict, "This Idempotency-Key was used for another request.")
	}
	i.id, i.done = claim.Room, claim.Name == doneMark
	return i, nil
}

// tokenOf derives a link's token, 128 bits that only the holder of the API key
// can make.
func tokenOf(secret, idem, use string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(use + "\x00" + idem))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// finish remembers that all was made.
func (s *Server) finish(ctx context.Context, by maker, i intent) error {
	if i.ticket == "" || i.done {
		return nil
	}
	t := tickets.Ticket{Role: string(by.role), Subject: by.id, Room: i.id, Scope: i.digest, Name: doneMark}
	if err := s.cfg.Rooms.Tickets.Put(ctx, kindIdem, i.ticket, t, idemLife); err != nil {
		return fmt.Errorf("idempotency: %w", err)
	}
	return nil
}

// forget frees a key whose request was refused for good, so that the request
// can be mended and sent again with it.
func (s *Server) forget(ctx context.Context, i intent, why error) error {
	if i.ticket == "" || protocol.Table[faultOf(why).Code].Retryable {
		return why
	}
	return errors.Join(why, s.cfg.Rooms.Tickets.Drop(ctx, kindIdem, i.ticket))
}
