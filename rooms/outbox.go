package rooms

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"verifycall/rooms/ledger"
)

//go:embed lua/shift.lua
var shiftSource string

var shiftScript = redis.NewScript(shiftSource)

// outbox is the index of the mails that are to be sent. A mail gets there in the
// commit of the entry that causes it and names that entry, nothing else: what it
// says is made of the record when it is sent.
const outbox = "outbox"

// Kinds of mails to a seller.
const (
	MailInvited   = "invited"
	MailBooked    = "booked"
	MailMoved     = "moved"
	MailCancelled = "cancelled"
	MailMissed    = "missed"    // Room.Cause says by whom
	MailPostponed = "postponed" // a call that was cut off can go on
	MailResult    = "result"
	MailExpired   = "expired"
	MailCode      = "code"     // and "-" with what tells it from others; see SendCode
	MailAppeal    = "appeal"   // an auditor has answered it, Room.Appeal says how; Seq is of the custody ledger
	MailReviewed  = "reviewed" // an auditor's decision replaced the result; Seq is of the custody ledger
)

// mailOf says which mail an entry causes, by the room as it is after it.
func mailOf(r *Room, e ledger.Entry) string {
	if r.SellerMail == "" {
		return ""
	}
	switch e.Type {
	case typeCreated:
		if r.State == StateInvited {
			return MailInvited
		}
		return MailBooked
	case typeBooked:
		switch {
		case r.Instant:
			return "" // the seller is on the page
		case r.Sequence > 0:
			return MailMoved
		}
		return MailBooked
	case typeReminded:
		if e.Body["late"] == true {
			return ""
		}
		return body(e.Body).text("kind")
	case typeCancelled:
		return MailCancelled
	case typeNoShow:
		return MailMissed
	case typePostponed:
		return MailPostponed
	case typeVerdict:
		return MailResult
	case typeExpired:
		return MailExpired
	case typeAppealAnswered:
		return MailAppeal
	case typeReviewed:
		if v, _, _, _ := r.Outcome(); v != r.Verdict {
			return MailReviewed
		}
	}
	return ""
}

func mailName(room string, seq int64, kind string) string {
	return room + "." + strconv.FormatInt(seq, 10) + "." + kind
}

// Mail is a mail that is to be sent, taken up by one node until Until.
type Mail struct {
	Room  string
	Seq   int64  // of the entry in the room's record that causes it, of custody for MailReviewed and MailAppeal
	Kind  string // MailBooked and its kin, or a reminder's
	Tries int    // before this one
	Until time.Time
}

// ID names the mail; it is the same at every try.
func (m Mail) ID() string { return mailName(m.Room, m.Seq, m.Kind) }

// claimTime is how long a mail belongs to the node that took it up. Sending one
// takes less, or is given up.
const claimTime = time.Minute

// freeMails lets go of the mails that an earlier run of the only process had
// taken up. One that was put off for less than claimTime is tried early by it.
func (s *Store) freeMails(ctx context.Context) error {
	now := s.now()
	taken, err := s.client.ZRangeByScoreWithScores(ctx, prefix+"index:"+outbox, &redis.ZRangeBy{
		Min: strconv.FormatInt(now.UnixMilli(), 10), Max: strconv.FormatInt(now.Add(claimTime).UnixMilli(), 10)}).Result()
	if err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	for _, z := range taken {
		member, _ := z.Member.(string)
		if _, err := s.shift(ctx, outbox, member, int64(z.Score), now.UnixMilli()); err != nil {
			return err
		}
	}
	return nil
}

// TakeMails takes up to count mails whose time has come. A mail that is neither
// Settle'd nor put off comes back after claimTime, or when the only process
// starts again: its node is gone.
func (s *Store) TakeMails(ctx context.Context, count int) ([]Mail, error) {
	now := s.now()
	list, err := s.client.ZRangeByScoreWithScores(ctx, prefix+"index:"+outbox,
		&redis.ZRangeBy{Min: "-inf", Max: strconv.FormatInt(now.UnixMilli(), 10), Count: int64(count)}).Result()
	if err != nil {
		return nil, fmt.Errorf("outbox: %w", err)
	}
	var mails []Mail
	for _, z := range list {
		member, _ := z.Member.(string)
		until := now.Add(claimTime)
		mine, err := s.shift(ctx, outbox, member, int64(z.Score), until.UnixMilli())
		if err != nil {
			return mails, err
		}
		if !mine {
			continue
		}
		m, ok := parseMail(member)
		if !ok { // nobody of us has put it there
			s.log.Warn("what is no mail is taken out of the outbox", "member", member)
			if _, err := s.shift(ctx, outbox, member, until.UnixMilli(), 0); err != nil {
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

func parseMail(member string) (Mail, bool) {
	parts := strings.SplitN(member, ".", 3)
	if len(parts) != 3 || !roomForm.MatchString(parts[0]) {
		return Mail{}, false
	}
	seq, err := strconv.ParseInt(parts[1], 10, 64)
	return Mail{Room: parts[0], Seq: seq, Kind: parts[2]}, err == nil
}

func (m Mail) logKey() string { return prefix + "room:" + m.Room + ":mail" }

func (m Mail) field() string { return strconv.FormatInt(m.Seq, 10) + "." + m.Kind }

func (s *Store) tries(ctx context.Context, m Mail) (int, error) {
	text, err := s.client.HGet(ctx, m.logKey(), m.field()).Result()
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

// SettleMail says what became of a mail: "sent …", "dropped …". It leaves the
// outbox, unless another node has taken it up since.
func (s *Store) SettleMail(ctx context.Context, m Mail, outcome string) error {
	mine, err := s.shift(ctx, outbox, m.ID(), m.Until.UnixMilli(), 0, m.logKey(), m.field(), outcome)
	if err == nil && mine {
		s.keepSettled(ctx, m, outcome)
	}
	return err
}

// PutOffMail has a mail tried again at a later time.
func (s *Store) PutOffMail(ctx context.Context, m Mail, until time.Time) error {
	_, err := s.shift(ctx, outbox, m.ID(), m.Until.UnixMilli(), until.UnixMilli(), m.logKey(), m.field(), "tried "+strconv.Itoa(m.Tries+1))
	return err
}

// Mails gives what became of a room's mails, "SEQ.KIND" → outcome.
func (s *Store) Mails(ctx context.Context, room string) (map[string]string, error) {
	list, err := s.client.HGetAll(ctx, prefix+"room:"+room+":mail").Result()
	if err != nil {
		return nil, fmt.Errorf("mails of %s: %w", room, err)
	}
	return list, nil
}

// shift runs lua/shift.lua; to 0 takes the member out. log is the key of a hash,
// a field and its value.
func (s *Store) shift(ctx context.Context, index, member string, from, to int64, log ...string) (bool, error) {
	keys, args := []string{prefix + "index:" + index}, []string{member, strconv.FormatInt(from, 10), ""}
	if to != 0 {
		args[2] = strconv.FormatInt(to, 10)
	}
	if len(log) == 3 {
		keys, args = append(keys, log[0]), append(args, log[1:]...)
	}
	reply, err := s.script(ctx, shiftScript, shiftSource, keys, args)
	if err != nil {
		return false, fmt.Errorf("%s: %w", index, err)
	}
	return reply == "MINE", nil
}

// AsOf gives a room as it was after an entry of its record, with the personal
// values that are still there: what a mail says is the same at every try.
func (s *Store) AsOf(ctx context.Context, room string, seq int64) (*Room, error) {
	now, err := s.Load(ctx, room)
	if err != nil {
		return nil, err
	}
	entries, err := s.Record(ctx, room)
	if err != nil {
		return nil, err
	}
	if seq < 1 || seq > int64(len(entries)) {
		return nil, fmt.Errorf("entry %d of %s: %w", seq, room, ErrNotFound)
	}
	then, err := Fold(room, entries[:seq], []ledger.Entry{})
	if err != nil {
		return nil, err
	}
	then.Personal = now.Personal
	return then, nil
}
