package rooms

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"verifycall/rooms/calendar"
	"verifycall/rooms/calendars"
	"verifycall/rooms/db"
	"verifycall/rooms/outbox"
	"verifycall/rooms/proof"
	"verifycall/rooms/redistest"
)

// settledCalendar waits for nothing: it has the calendar in the mirror.
func settledCalendar(t testing.TB, s *Store, manager string) {
	t.Helper()
	if err := s.Calendars.Mirror(t.Context(), manager); err != nil {
		t.Fatal(err)
	}
}

func calendarOf(t testing.TB, s *Store, manager string) *calendar.Calendar {
	t.Helper()
	c, err := s.Calendars.Get(t.Context(), manager)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestCalendarAfterALoss: hours come back from the mirror and appointments from the
// rooms, those too that were booked and called off after the mirror's last segment.
func TestCalendarAfterALoss(t *testing.T) {
	server := redistest.Serve(t)
	mirror := &memory{parts: map[string][]byte{}}
	s := openStore(t, Options{URL: server.URL(), Signer: newTestSigner(t), Mirror: mirror})
	at(s, thursday.Add(-48*time.Hour))
	open(t, s, "m1")
	var ids []string
	for i := range 4 {
		id := invite(t, s).ID
		if _, err := s.Book(t.Context(), id, "seller", Wish{At: thursday.Add(time.Duration(i) * 30 * time.Minute)}); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
		if i == 1 {
			settledCalendar(t, s, "m1")
		}
	}
	do(t, s, ids[0], Cancel{By: Seller})
	before := calendarOf(t, s, "m1")
	for _, id := range ids {
		if err := s.mirrorRoom(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.db.Client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	done, err := s.Reindex(t.Context(), Rebuilding{})
	if err != nil || len(done.Refused) != 0 || len(done.Calendars) != 1 || done.Calendars[0] != "m1" {
		t.Fatalf("%+v, %v", done, err)
	}
	after := calendarOf(t, s, "m1")
	if len(after.Holds) != 3 || !reflect.DeepEqual(after.Holds, before.Holds) || !reflect.DeepEqual(after.Availability, before.Availability) {
		t.Errorf("%+v, was %+v", after, before)
	}
	log, err := s.Calendars.Log(t.Context(), "m1")
	if err != nil || log[3].Type != calendar.TypeRestored || body(log[3].Body).text("cause") != proof.CauseLost {
		t.Errorf("%v: %+v", err, log)
	}
	folded, err := calendar.Fold(log)
	if err != nil || !reflect.DeepEqual(folded, after) {
		t.Errorf("%v: the entries tell %+v, Redis has %+v", err, folded, after)
	}
	var taken *calendars.TakenError
	if _, err := s.Book(t.Context(), invite(t, s).ID, "seller", Wish{At: thursday.Add(90 * time.Minute)}); !errors.As(err, &taken) {
		t.Errorf("a time that is held was given away: %v", err)
	}
	if done, err := s.Reindex(t.Context(), Rebuilding{}); err != nil || len(done.Calendars) != 0 || len(done.Refused) != 0 {
		t.Errorf("again: %+v, %v", done, err)
	}
}

// TestCalendarFromAHostileMirror: a calendar whose copy was changed is refused, and
// so is one of which Redis has something else.
func TestCalendarFromAHostileMirror(t *testing.T) {
	server := redistest.Serve(t)
	mirror := &memory{parts: map[string][]byte{}}
	o := Options{URL: server.URL(), Signer: newTestSigner(t), Mirror: mirror}
	s := openStore(t, o)
	open(t, s, "m1")
	settledCalendar(t, s, "m1")
	names, err := mirror.List(t.Context(), "calendars/")
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	good := mirror.parts[names[0]]
	for what, bad := range map[string]string{
		"another hour":   strings.Replace(string(good), "540", "600", 1),
		"no signature":   string(good[:strings.LastIndex(strings.TrimSpace(string(good)), "\n")+1]),
		"another's name": strings.Replace(string(good), `"signature":"`, `"signature":"x`, 1),
	} {
		mirror.mu.Lock()
		mirror.parts[names[0]] = []byte(bad)
		mirror.mu.Unlock()
		if _, err := s.Calendars.Mirrored(t.Context(), "m1"); err == nil {
			t.Errorf("%s: taken", what)
		}
	}
	mirror.parts[names[0]] = good
	if err := s.db.Client.Del(t.Context(), db.Prefix+"calendar:m1", db.Prefix+"calendar:m1:record").Err(); err != nil {
		t.Fatal(err)
	}
	open(t, s, "m1") // another chain
	done, err := s.Reindex(t.Context(), Rebuilding{})
	if err != nil || !errors.Is(done.Refused["calendar:m1"], proof.ErrDiverges) {
		t.Errorf("%+v, %v", done, err)
	}
}

// TestCalendarIsCut: what is over before this month leaves Redis once it is in the
// mirror; the chain stays whole, over a restart and a loss too.
func TestCalendarIsCut(t *testing.T) {
	mirror := &memory{parts: map[string][]byte{}}
	o := Options{Dir: t.TempDir(), Signer: newTestSigner(t), Mirror: mirror, Keys: testKeys(t)}
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 8, 3, 8, 0, 0, 0, time.UTC)
	at(s, now)
	open(t, s, "m1")
	for range 130 { // a call each day, four months long
		at(s, now)
		id := invite(t, s).ID
		offered, err := s.Offers(t.Context(), &Room{ID: id, Language: "de"}, "")
		if err != nil || len(offered) == 0 {
			t.Fatal(err)
		}
		if _, err := s.Book(t.Context(), id, "seller", Wish{At: offered[0].At}); err != nil {
			t.Fatal(err)
		}
		now = now.Add(24 * time.Hour)
	}
	before, err := s.Calendars.Log(t.Context(), "m1")
	if err != nil || len(before) < 131 {
		t.Fatal(len(before), err)
	}
	held := calendarOf(t, s, "m1")
	for range 2 { // the second finds nothing to do
		if err := s.Calendars.Cut(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	check := func(when string) {
		t.Helper()
		tail, err := s.db.Entries(t.Context(), db.Prefix+"calendar:m1:record", "-")
		if err != nil || len(tail) == 0 || len(tail) > 40 || tail[0].Time().Month() != time.December {
			t.Errorf("%s Redis has %d entries from %v, %v", when, len(tail), tail[0].At, err)
		}
		log, err := s.Calendars.Log(t.Context(), "m1")
		if err != nil || !reflect.DeepEqual(log[:len(before)], before) {
			t.Errorf("%s the chain has %d entries, %v", when, len(log), err)
		}
	}
	check("cut,")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, o)
	at(s, now)
	check("after a restart")
	if c := calendarOf(t, s, "m1"); !reflect.DeepEqual(c, held) {
		t.Errorf("%+v, was %+v", c, held)
	}
	var item Item
	if err := s.Export(t.Context(), func(i Item) error {
		if i.Aggregate == "calendar:m1" {
			item = i
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	other := openStore(t, Options{Dir: t.TempDir(), Signer: o.Signer, Mirror: mirror, Keys: o.Keys})
	if err := other.Import(t.Context(), item); err != nil {
		t.Fatalf("a cut calendar's backup: %v", err)
	}
	if c := calendarOf(t, other, "m1"); !reflect.DeepEqual(c, held) {
		t.Errorf("from a backup: %+v, was %+v", c, held)
	}
	empty := openStore(t, Options{Dir: t.TempDir(), Signer: o.Signer, Mirror: mirror, Keys: o.Keys})
	at(empty, now)
	if done, err := empty.Reindex(t.Context(), Rebuilding{}); err != nil || len(done.Calendars) != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	if log, err := empty.Calendars.Log(t.Context(), "m1"); err != nil || !reflect.DeepEqual(log[:len(before)-calendars.Every], before[:len(before)-calendars.Every]) {
		t.Errorf("after a loss the chain has %d entries, %v", len(log), err)
	}
}

// TestOutboxAfterALoss: of two mails one was sent; only the other is sent after the
// loss of Redis, whichever node had it.
func TestOutboxAfterALoss(t *testing.T) {
	server := redistest.Serve(t)
	s := openStore(t, Options{URL: server.URL(), Signer: newTestSigner(t), Mirror: &memory{parts: map[string][]byte{}}})
	now := time.Now()
	r := create(t, s, func(c *CreateRoom) { c.At, c.SellerMail = now.Add(72*time.Hour), "joerg@example.org" })
	mails, err := s.Outbox.Take(t.Context(), 5)
	if err != nil || len(mails) != 1 || mails[0].Kind != outbox.Booked {
		t.Fatalf("%+v, %v", mails, err)
	}
	if err := s.Outbox.Settle(t.Context(), mails[0], "sent x@example.org"); err != nil {
		t.Fatal(err)
	}
	do(t, s, r.ID, Reschedule{At: now.Add(96 * time.Hour)}, Cancel{By: Seller})
	if err := s.mirrorRoom(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.db.Client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	done, err := s.Reindex(t.Context(), Rebuilding{})
	if err != nil || done.Mails != 2 {
		t.Fatalf("%+v, %v", done, err)
	}
	if mails, err = s.Outbox.Take(t.Context(), 5); err != nil || len(mails) != 2 {
		t.Fatalf("%+v, %v", mails, err)
	}
	for _, m := range mails {
		if m.Kind != outbox.Moved && m.Kind != outbox.Cancelled {
			t.Errorf("%s is sent again", m.ID())
		}
		if err := s.Outbox.Settle(t.Context(), m, "sent y@example.org"); err != nil {
			t.Fatal(err)
		}
	}
	if done, err := s.Reindex(t.Context(), Rebuilding{}); err != nil || done.Mails != 0 {
		t.Errorf("again: %+v, %v", done, err)
	}
}
