// Package outbox keeps which mails are to be sent, and what became of each. What a
// mail says is not its business.
package outbox

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"verifycall/rooms/db"
	"verifycall/rooms/form"
)

// Index is the index of the mails that are to be sent. A mail gets there in the
// commit of the entry that causes it and names that entry, nothing else: what it
// says is made of the record when it is sent.
const Index = "outbox"

// Kinds of mails to a seller.
const (
	Invited   = "invited"
	Booked    = "booked"
	Moved     = "moved"
	Cancelled = "cancelled"
	Missed    = "missed"    // Room.Cause says by whom
	Postponed = "postponed" // a call that was cut off can go on
	Result    = "result"
	Expired   = "expired"
	Code      = "code"     // and "-" with what tells it from others; see SendCode
	Appeal    = "appeal"   // an auditor has answered it, Room.Appeal says how; Seq is of the custody ledger
	Reviewed  = "reviewed" // an auditor's decision replaced the result; Seq is of the custody ledger
)

// Name names a mail in the index.
func Name(room string, seq int64, kind string) string {
	return room + "." + strconv.FormatInt(seq, 10) + "." + kind
}

// Mail is a mail that is to be sent, taken up by one node until Until.
type Mail struct {
	Room  string
	Seq   int64  // of the entry in the room's record that causes it, of custody for Reviewed and Appeal
	Kind  string // Booked and its kin, or a reminder's
	Tries int    // before this one
	Until time.Time
}

// ID names the mail; it is the same at every try.
func (m Mail) ID() string { return Name(m.Room, m.Seq, m.Kind) }

// Outbox is that of all rooms. It is safe for concurrent use.
type Outbox struct {
	db      *db.DB
	settled func(ctx context.Context, m Mail, outcome string)
	log     *slog.Logger
	now     func() time.Time
}

// New gives the one in a DB. settled is called for what was settled here; now
// is the clock by which mails are due.
func New(d *db.DB, settled func(ctx context.Context, m Mail, outcome string), log *slog.Logger, now func() time.Time) *Outbox {
	return &Outbox{d, settled, log, now}
}

// Put has a mail sent at once. One that is in the outbox stays as it is, and is not
// added.
func (s *Outbox) Put(ctx context.Context, m Mail) (added bool, err error) {
	reply, _, err := s.db.Write(ctx, "ZADD", db.Prefix+"index:"+Index, "NX", strconv.FormatInt(s.now().UnixMilli(), 10), m.ID())
	if err != nil {
		return false, fmt.Errorf("outbox: %w", err)
	}
	return reply == "1", nil
}

// ClaimTime is how long a mail belongs to the node that took it up, unless it
// keeps it.
const ClaimTime = time.Minute

// Free lets go of the mails that an earlier run of the only process had
// taken up. One that was put off for less than ClaimTime is tried early by it.
func (s *Outbox) Free(ctx context.Context) error {
	now := s.now()
	taken, err := s.db.Client.ZRangeByScoreWithScores(ctx, db.Prefix+"index:"+Index, &redis.ZRangeBy{
		Min: strconv.FormatInt(now.UnixMilli(), 10), Max: strconv.FormatInt(now.Add(ClaimTime).UnixMilli(), 10)}).Result()
	if err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	for _, z := range taken {
		member, _ := z.Member.(string)
		if _, err := s.db.Shift(ctx, Index, member, int64(z.Score), now.UnixMilli()); err != nil {
			return err
		}
	}
	return nil
}

// Take takes up to count mails whose time has come. A mail that is neither
// settled nor put off comes back after ClaimTime, or when the only process
// starts again: its node is gone.
func (s *Outbox) Take(ctx context.Context, count int) ([]Mail, error) {
	now := s.now()
	list, err := s.db.Client.ZRangeByScoreWithScores(ctx, db.Prefix+"index:"+Index,
		&redis.ZRangeBy{Min: "-inf", Max: strconv.FormatInt(now.UnixMilli(), 10), Count: int64(count)}).Result()
	if err != nil {
		return nil, fmt.Errorf("outbox: %w", err)
	}
	var mails []Mail
	for _, z := range list {
		member, _ := z.Member.(string)
		until := now.Add(ClaimTime)
		mine, err := s.db.Shift(ctx, Index, member, int64(z.Score), until.UnixMilli())
		if err != nil {
			return mails, err
		}
		if !mine {
			continue
		}
		m, ok := parse(member)
		if !ok { // nobody of us has put it there
			s.log.Warn("what is no mail is taken out of the outbox", "member", member)
			if _, err := s.db.Shift(ctx, Index, member, until.UnixMilli(), 0); err != nil {
				return mails, err
			}
			continue
		}
		m.Until = time.UnixMilli(until.UnixMilli())
		if m.Tries, err = s.tries(ctx, m); err != nil {
			return mails, err
		}
		mails = append(mails, m)
	}
	return mails, nil
}

// Keep lets a mail that was taken up belong to its node for ClaimTime from now.
// false: another one has it.
func (s *Outbox) Keep(ctx context.Context, m *Mail) (bool, error) {
	until := s.now().Add(ClaimTime).UnixMilli()
	mine, err := s.db.Shift(ctx, Index, m.ID(), m.Until.UnixMilli(), until)
	if mine {
		m.Until = time.UnixMilli(until)
	}
	return mine, err
}

func parse(member string) (Mail, bool) {
	parts := strings.SplitN(member, ".", 3)
	if len(parts) != 3 || !form.Room.MatchString(parts[0]) {
		return Mail{}, false
	}
	seq, err := strconv.ParseInt(parts[1], 10, 64)
	return Mail{Room: parts[0], Seq: seq, Kind: parts[2]}, err == nil
}

func (m Mail) logKey() string { return db.Prefix + "room:" + m.Room + ":mail" }

func (m Mail) Field() string { return strconv.FormatInt(m.Seq, 10) + "." + m.Kind }

func (s *Outbox) tries(ctx context.Context, m Mail) (int, error) {
	text, err := s.db.Client.HGet(ctx, m.logKey(), m.Field()).Result()
	if errors.Is(err, redis.Nil) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("outbox: %w", err)
	}
	n, tried := strings.CutPrefix(text, "tried ")
	if !tried {
		return 0, nil
	}
	count, err := strconv.Atoi(n)
	if err != nil {
		return 0, fmt.Errorf("outbox: %w", err)
	}
	return count, nil
}

// Settle says what became of a mail: "sent …", "dropped …". It leaves the
// outbox, unless another node has taken it up since.
func (s *Outbox) Settle(ctx context.Context, m Mail, outcome string) error {
	mine, err := s.db.Shift(ctx, Index, m.ID(), m.Until.UnixMilli(), 0, m.logKey(), m.Field(), outcome)
	if err == nil && mine {
		s.settled(ctx, m, outcome)
	}
	return err
}

// PutOff has a mail tried again at a later time.
func (s *Outbox) PutOff(ctx context.Context, m Mail, until time.Time) error {
	_, err := s.db.Shift(ctx, Index, m.ID(), m.Until.UnixMilli(), until.UnixMilli(), m.logKey(), m.Field(), "tried "+strconv.Itoa(m.Tries+1))
	return err
}

// Of gives what became of a room's mails, "SEQ.KIND" → outcome.
func (s *Outbox) Of(ctx context.Context, room string) (map[string]string, error) {
	list, err := s.db.Client.HGetAll(ctx, db.Prefix+"room:"+room+":mail").Result()
	if err != nil {
		return nil, fmt.Errorf("mails of %s: %w", room, err)
	}
	return list, nil
}

// Topic is the mail's kind without what tells codes apart.
func (m Mail) Topic() string {
	if strings.HasPrefix(m.Kind, Code+"-") {
		return Code
	}
	return m.Kind
}
