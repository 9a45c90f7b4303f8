package rooms

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"

	"verifycall/rooms/tickets"
)

// MailLink gives the token of the link that stands in a room's mails, and makes
// the link work. The token follows from the deployment's key, the room and what
// ended its links last, so that it needs to be kept nowhere. It is empty where there is no such key, or
// where the room takes no link any more. Errors: ErrElsewhere and ErrAway, to be
// tried again.
func (s *Store) MailLink(ctx context.Context, room string) (string, error) {
	if s.hiddenKey == [sha256.Size]byte{} {
		return "", nil
	}
	r, err := s.Load(ctx, room)
	if err != nil {
		return "", err
	}
	named := "mail link\n" + room
	if r.LinksFrom > 0 {
		named += "\n" + strconv.FormatInt(r.LinksFrom, 10)
	}
	mac := hmac.New(sha256.New, s.hiddenKey[:])
	mac.Write([]byte(named))
	token := base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
	_, err = s.RoomByLink(ctx, token)
	if err == nil {
		return token, nil
	}
	if !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrLinkExpired) {
		return "", fmt.Errorf("link of %s: %w", room, err)
	}
	mine, err := s.yield(ctx, r)
	if err != nil {
		return "", err
	}
	expires := later(s.now(), r.At).Add(2 * InvitationLife)
	_, err = s.Do(ctx, room, "system", addMailLink{Link{tickets.HashToken(token), expires}, r.LinksFrom}, mine)
	var illegal *TransitionError
	if errors.As(err, &illegal) {
		return "", nil
	}
	return token, err
}
