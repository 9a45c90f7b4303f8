package tickets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"verifycall/rooms/db"

	"github.com/redis/go-redis/v9"
)

// Grant is a ticket that staff or a program holds, as an operator sees it: never
// the token.
type Grant struct {
	Kind    string // "signin", "session", "apikey"
	ID      string // names it for Revoke: the first 16 digits of its token's hash
	Ticket  Ticket
	Expires time.Time // UTC
	hash    string    // of the token
}

// grantID is how much of a token's hash names it.
const grantID = 16

func grantIndex(kind string) string { return db.Prefix + "index:grants:" + kind }

// PutGrant is Put for what must be listed and can be revoked.
func (s *Tickets) PutGrant(ctx context.Context, kind, token string, t Ticket, ttl time.Duration) error {
	if ttl <= 0 {
		return errors.New("a grant needs an end")
	}
	now := s.now()
	if _, _, err := s.db.Write(ctx, "ZREMRANGEBYSCORE", grantIndex(kind), "-inf", millis(now)); err != nil {
		return fmt.Errorf("forget old grants: %w", err)
	}
	// The index first: what is listed and not there is passed over, what is there
	// and not listed could not be revoked.
	_, _, err := s.db.Write(ctx, "ZADD", grantIndex(kind), millis(now.Add(ttl)), HashToken(token))
	if err != nil {
		return fmt.Errorf("list a grant: %w", err)
	}
	return s.Put(ctx, kind, token, t, ttl)
}

// Grants lists what was granted and has not ended, by its end.
func (s *Tickets) Grants(ctx context.Context, kind string) ([]Grant, error) {
	hashes, err := s.db.Client.ZRangeByScoreWithScores(ctx, grantIndex(kind), &redis.ZRangeBy{
		Min: millis(s.now()), Max: "+inf"}).Result()
	if err != nil {
		return nil, fmt.Errorf("list grants: %w", err)
	}
	grants := make([]Grant, 0, len(hashes))
	for _, z := range hashes {
		hash, _ := z.Member.(string)
		text, err := s.db.Client.Get(ctx, hashKey(kind, hash)).Result()
		if errors.Is(err, redis.Nil) || len(hash) < grantID {
			continue // used, or ended early
		}
		if err != nil {
			return nil, fmt.Errorf("list grants: %w", err)
		}
		g := Grant{hash: hash, Kind: kind, ID: hash[:grantID], Expires: time.UnixMilli(int64(z.Score)).UTC()}
		if err := json.Unmarshal([]byte(text), &g.Ticket); err != nil {
			return nil, fmt.Errorf("grant %s: %w", g.ID, err)
		}
		grants = append(grants, g)
	}
	return grants, nil
}

// Revoke ends a grant at once, of a session also the tokens that came before and
// after, see Ended. Errors: db.ErrNotFound.
func (s *Tickets) Revoke(ctx context.Context, kind, id string) error {
	grants, err := s.Grants(ctx, kind)
	if err != nil {
		return fmt.Errorf("revoke %s: %w", kind, err)
	}
	i := slices.IndexFunc(grants, func(g Grant) bool { return g.ID == id })
	if i < 0 {
		return fmt.Errorf("%s %.20q: %w", kind, id, db.ErrNotFound)
	}
	if browser := grants[i].Ticket.Browser; browser != "" {
		return s.EndSession(ctx, kind, browser)
	}
	if err := s.dropGrant(ctx, grants[i]); err != nil {
		return fmt.Errorf("revoke %s: %w", kind, err)
	}
	return nil
}

func (s *Tickets) dropGrant(ctx context.Context, g Grant) error {
	if _, _, err := s.db.Write(ctx, "DEL", hashKey(g.Kind, g.hash)); err != nil {
		return err
	}
	_, _, err := s.db.Write(ctx, "ZREM", grantIndex(g.Kind), g.hash)
	return err
}
