package tickets

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"verifycall/rooms/db"
)

// endedIndex has the sessions that were ended before their time, by their
// Ticket.Browser, scored by when: whoever came in by one has to go.
const endedIndex = db.Prefix + "index:ended"

// endedKept is how long they are listed: nobody is slower to look.
const endedKept = 24 * time.Hour

// EndSession ends a session at once: all tokens of a kind with this Browser. One
// that isn't there is no error.
func (s *Tickets) EndSession(ctx context.Context, kind, browser string) error {
	if browser == "" {
		return errors.New("end a session: it has no browser")
	}
	// Until none is left: a token may have been followed by another one between the
	// look and its end. None follows one that is gone.
	for ended := false; !ended; {
		grants, err := s.Grants(ctx, kind)
		if err != nil {
			return fmt.Errorf("end a session: %w", err)
		}
		ended = true
		for _, g := range grants {
			if g.Ticket.Browser != browser {
				continue
			}
			ended = false
			if err := s.dropGrant(ctx, g); err != nil {
				return fmt.Errorf("end a session: %w", err)
			}
		}
	}
	return s.noteEnded(ctx, browser)
}

func (s *Tickets) noteEnded(ctx context.Context, member string) error {
	now := s.now()
	if _, _, err := s.db.Write(ctx, "ZREMRANGEBYSCORE", endedIndex, "-inf", millis(now.Add(-endedKept))); err != nil {
		return fmt.Errorf("forget old ends of sessions: %w", err)
	}
	if _, _, err := s.db.Write(ctx, "ZADD", endedIndex, millis(now), member); err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	return nil
}

// EndLinks tells all nodes that the links of a room were replaced: its sellers'
// sessions with lower Ticket.Links are over.
func (s *Tickets) EndLinks(ctx context.Context, room string, from int64) error {
	return s.noteEnded(ctx, linksMember+room+":"+strconv.FormatInt(from, 10))
}

// linksMember begins what endedIndex has of a room's links; no Browser does.
const linksMember = "links:"

// Has says whether a session is among those that Ended gave: by its Browser, or its
// room's links.
func (e Endings) Has(browser, room string, links int64) bool {
	for _, member := range e {
		if member == browser {
			return true
		}
		if rest, is := strings.CutPrefix(member, linksMember+room+":"); is {
			if from, err := strconv.ParseInt(rest, 10, 64); err == nil && links < from {
				return true
			}
		}
	}
	return false
}

// Endings are sessions that were ended.
type Endings []string

// Ended gives the sessions that were ended since then, on any node, of the last 24
// hours.
func (s *Tickets) Ended(ctx context.Context, since time.Time) (Endings, error) {
	browsers, err := s.db.Client.ZRangeArgs(ctx, redis.ZRangeArgs{Key: endedIndex, Start: millis(since), Stop: "+inf", ByScore: true}).Result()
	if err != nil {
		return nil, fmt.Errorf("sessions that were ended: %w", err)
	}
	return browsers, nil
}

func millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
