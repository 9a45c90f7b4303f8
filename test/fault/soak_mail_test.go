//go:build fault

package fault

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"verifycall/rooms/ledger"
)

// hit is something that was broken.
type hit struct {
	what string
	at   time.Time
}

// causeWithin is how soon after a mail's first delivery something must have been
// broken to be the cause of its second.
const causeWithin = 2 * time.Second

// mailsOf gives the kinds of the mails that a room's record asks for, by the
// sequence number of the entry. It knows the entries alone.
func mailsOf(record []ledger.Entry) map[int64]string {
	kinds := map[int64]string{}
	if len(record) == 0 || record[0].Body["seller_mail"] == nil {
		return kinds
	}
	booked := record[0].Body["appointment"] != nil
	for _, e := range record {
		switch e.Type {
		case "created":
			kinds[e.Seq] = "invited"
			if booked {
				kinds[e.Seq] = "booked"
			}
		case "booked":
			kinds[e.Seq] = "booked"
			if booked {
				kinds[e.Seq] = "moved"
			}
			booked = true
		case "reminded":
			if e.Body["late"] != true {
				kinds[e.Seq] = fmt.Sprint(e.Body["kind"])
			}
		case "cancelled":
			kinds[e.Seq] = "cancelled"
		case "no_show":
			kinds[e.Seq] = "missed"
		case "postponed":
			kinds[e.Seq] = "postponed"
		case "verdict":
			kinds[e.Seq] = "result"
		case "expired":
			kinds[e.Seq] = "expired"
		}
	}
	return kinds
}

// messageID is that of a mail from a node on the loopback interface.
func messageID(room string, seq int64, kind string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "mail\n%s.%d.%s", room, seq, kind))
	return "<" + hex.EncodeToString(sum[:16]) + "@127.0.0.1>"
}

// checkMails waits until nothing is left to be sent, and looks that each mail that
// the records ask for came, and no other; what came twice is listed with its cause.
func (s *soak) checkMails(ctx context.Context, chains map[string][]ledger.Entry) {
	delivered(s.t, ctx, s.any())
	taken, wanted := s.box.taken(), map[string]string{}
	for name, record := range chains {
		room, isRecord := strings.CutSuffix(strings.TrimPrefix(name, "room:"), ":record")
		if !isRecord || !strings.HasPrefix(name, "room:") {
			continue
		}
		for seq, kind := range mailsOf(record) {
			wanted[messageID(room, seq, kind)] = fmt.Sprintf("%s of %s", kind, room)
		}
	}
	for id, what := range wanted {
		if len(taken[id]) == 0 {
			s.t.Errorf("the mail %s was never sent", what)
		}
	}
	repeats := map[string]int{}
	for _, id := range slices.Sorted(maps.Keys(taken)) {
		if wanted[id] == "" {
			s.t.Errorf("a mail %s that no record asks for", id)
		}
		for _, first := range taken[id][:len(taken[id])-1] {
			cause := s.causeOf(first)
			repeats[cause]++
			s.t.Logf("sent again after %s: %s", cause, wanted[id])
			if cause == "" {
				s.t.Errorf("%s was sent again without a cause", wanted[id])
			}
		}
	}
	s.t.Logf("mails: %d distinct Message-IDs of %d asked for; sent again, by cause: %v", len(taken), len(wanted), repeats)
}

// causeOf is what was broken soonest after a time, empty where nothing was.
func (s *soak) causeOf(at time.Time) string {
	for _, h := range s.hits {
		if since := h.at.Sub(at); since > -100*time.Millisecond && since < causeWithin {
			return h.what
		}
	}
	return ""
}

// checkCalendars replays the calendars' ledgers: at no moment two rooms hold
// overlapping times, and what sellers were told stands there and in the records.
func (s *soak) checkCalendars(chains map[string][]ledger.Entry) {
	held, taken, freed := map[string]time.Time{}, 0, 0
	for name, list := range chains {
		if !strings.HasPrefix(name, "calendar:") {
			continue
		}
		now := map[string]span{}
		for _, e := range list {
			room := fmt.Sprint(e.Body["room"])
			switch e.Type {
			case "slot_taken":
				taken++
				delete(now, room)
				fresh := spanOf(s.t, e)
				for other, there := range now {
					if fresh.from.Before(there.to) && there.from.Before(fresh.to) {
						s.t.Errorf("%s: %s and %s hold %s", name, room, other, fresh.from)
					}
				}
				now[room] = fresh
			case "slot_freed":
				freed++
				delete(now, room)
			}
		}
		for room, there := range now {
			if at, twice := held[room]; twice {
				s.t.Errorf("%s holds %s and %s", room, at, there.from)
			}
			held[room] = there.from
		}
	}
	acknowledged, unsure := 0, 0
	for _, c := range s.chosen {
		record := chains["room:"+c.room.ID+":record"]
		acknowledged += c.times
		if c.unsure {
			unsure++
			continue
		}
		s.checkChoice(c, record, held[c.room.ID])
	}
	s.t.Logf("appointments: %d acknowledged of %d rooms, %d times just taken, %d not known at the end; calendars: %d times taken, %d freed, %d held",
		acknowledged, len(s.chosen), s.taken, unsure, taken, freed, len(held))
}

func (s *soak) checkChoice(c *choice, record []ledger.Entry, held time.Time) {
	if n := count(record, "booked", "", ""); n != c.times {
		s.t.Errorf("%s: %d appointments in the record, %d were acknowledged", c.room.ID, n, c.times)
	}
	if n := count(record, "cancelled", "", ""); (n == 1) != c.cancelled || n > 1 {
		s.t.Errorf("%s: cancelled %d times, acknowledged: %t", c.room.ID, n, c.cancelled)
	}
	want := c.at
	if c.cancelled {
		want = time.Time{}
	}
	if !held.Equal(want) {
		s.t.Errorf("%s: the calendar holds %s, the seller was told %s", c.room.ID, held, want)
	}
}

type span struct{ from, to time.Time }

func spanOf(t *testing.T, e ledger.Entry) span {
	t.Helper()
	from, err := time.Parse(time.RFC3339, fmt.Sprint(e.Body["from"]))
	must(t, err)
	to, err := time.Parse(time.RFC3339, fmt.Sprint(e.Body["to"]))
	must(t, err)
	return span{from, to}
}
