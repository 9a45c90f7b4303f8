package rooms

import (
	"context"
	"fmt"
	"path"
	"strings"
	"time"

	"verifycall/rooms/db"
	"verifycall/rooms/outbox"
)

// What became of a mail also lies in the mirror, as "rooms/ID/mails/SEQ.KIND", so
// that a lost Redis neither loses a mail nor has all of them sent again.
func settledPrefix(room string) string { return "rooms/" + room + "/mails/" }

// mailsBack is how far back a lost outbox is made anew: a mail that is older and of
// which nothing is known helps nobody any more.
const mailsBack = 3 * 24 * time.Hour

// keepSettled tells the mirror what became of a mail. Where that fails the mail may
// be sent again after a loss of Redis, and then with the same Message-ID.
func (s *Store) keepSettled(ctx context.Context, m outbox.Mail, outcome string) {
	if s.witness == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, mirrorTime)
	defer cancel()
	if err := s.witness.mirror.Put(ctx, settledPrefix(m.Room)+m.Field(), []byte(outcome+"\n")); err != nil {
		s.log.Warn("what became of a mail is not in the mirror", "room", m.Room, "kind", m.Kind, "err", err)
	}
}

// rebuildMails puts the mails of a room back into the outbox of which neither Redis
// nor the mirror knows what became, and counts them.
func (s *Store) rebuildMails(ctx context.Context, r *Room) (count int, err error) {
	oldest := s.now().Add(-mailsBack)
	if r.Text(r.SellerMail) == "" || later(later(r.At, r.Since), later(r.Booked, r.Decided)).Before(oldest) {
		return 0, nil
	}
	causes, err := s.mailCauses(ctx, r)
	if err != nil {
		return 0, err
	}
	var settled map[string]bool
	for _, c := range causes {
		if c.at.Before(oldest) {
			continue
		}
		if settled == nil {
			if settled, err = s.settled(ctx, r.ID); err != nil {
				return count, err
			}
		}
		if settled[c.mail.Field()] {
			continue
		}
		added, err := s.Outbox.Put(ctx, c.mail)
		if err != nil {
			return count, err
		}
		if added {
			count++
		}
	}
	return count, nil
}

// cause is a mail, and when its entry was written.
type cause struct {
	mail outbox.Mail
	at   time.Time
}

// mailCauses gives all mails that a room's ledgers have caused.
func (s *Store) mailCauses(ctx context.Context, r *Room) ([]cause, error) {
	then := &Room{ID: r.ID}
	var list []cause
	for _, name := range []string{ledgerRecord, ledgerCustody} {
		entries, err := s.chain(ctx, "room:"+r.ID, name)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if err := then.apply(name, e); err != nil {
				return nil, err
			}
			if kind := mailOf(then, e); kind != "" {
				list = append(list, cause{outbox.Mail{Room: r.ID, Seq: e.Seq, Kind: kind}, e.Time()})
			}
		}
	}
	return list, nil
}

// settled gives the mails of a room, "SEQ.KIND", that are sent or dropped.
func (s *Store) settled(ctx context.Context, room string) (map[string]bool, error) {
	done := map[string]bool{}
	outcomes, err := s.Outbox.Of(ctx, room)
	if err != nil {
		return nil, err
	}
	for field, outcome := range outcomes {
		if !strings.HasPrefix(outcome, "tried ") {
			done[field] = true
		}
	}
	names, err := s.witness.mirror.List(ctx, settledPrefix(room))
	if err != nil {
		return nil, fmt.Errorf("%w: mirror: %w", db.ErrAway, err)
	}
	for _, name := range names {
		done[path.Base(name)] = true
	}
	return done, nil
}
