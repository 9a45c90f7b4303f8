package rooms

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"verifycall/rooms/db"
	"verifycall/rooms/outbox"
	"verifycall/rooms/plan"
)

// TestNoShowsToldApart misses appointments in each way, by a profile that gives a
// seller 10 minutes and a manager 15.
func TestNoShowsToldApart(t *testing.T) {
	strict, err := plan.Default().Profile("bafin_like-1")
	if err != nil {
		t.Fatal(err)
	}
	minute := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }
	type step struct {
		at int // minutes after the appointment
		Command
	}
	for name, test := range map[string]struct {
		steps  []step
		missed int // minutes after the appointment
		who    string
	}{
		"nobody":                         {nil, 10, Seller},
		"the seller left in time":        {[]step{{-9, agree[0]}, {-8, EnterWaiting{}}, {-2, LeaveWaiting{}}}, 10, Seller},
		"the seller waits":               {[]step{{-9, agree[0]}, {-8, EnterWaiting{}}}, 15, Manager},
		"the seller waits, being late":   {[]step{{8, agree[0]}, {9, EnterWaiting{}}}, 24, Manager},
		"the seller waited in vain":      {[]step{{-9, agree[0]}, {-8, EnterWaiting{}}, {4, LeaveWaiting{}}}, 15, Manager},
		"the manager was there":          {[]step{{-9, agree[0]}, {-8, EnterWaiting{}}, {1, agree[1]}, {4, LeaveWaiting{}}}, 10, Seller},
		"the manager let nobody in":      {[]step{{-9, agree[0]}, {-8, EnterWaiting{}}, {1, agree[1]}, {16, LeaveWaiting{}}}, 16, Manager},
		"agreed to another appointment":  {[]step{{-90, agree[1]}, {-80, Reschedule{noon}}, {-9, agree[0]}, {-8, EnterWaiting{}}}, 15, Manager},
		"agreed to another, seller left": {[]step{{-90, agree[1]}, {-80, Reschedule{noon}}, {-9, agree[0]}, {-8, EnterWaiting{}}, {4, LeaveWaiting{}}}, 15, Manager},
	} {
		c := newRoom
		c.Profile = strict
		r := run(t, &Room{ID: "R-7K3M9QXD"}, minute(-100), c)
		for _, s := range test.steps {
			run(t, r, minute(s.at), s.Command)
		}
		var early *TransitionError
		if _, err := decide(r, Miss{}, minute(test.missed).Add(-time.Second)); !errors.As(err, &early) {
			t.Errorf("%s: missed already: %v", name, err)
		}
		if run(t, r, minute(test.missed), Miss{}); r.State != StateNoShow || r.Cause != test.who {
			t.Errorf("%s: %s of the %s", name, r.State, r.Cause)
		}
	}
	both := run(t, &Room{ID: "R-7K3M9QXD"}, minute(-100), newRoom)
	run(t, both, noon, agree[0], agree[1], EnterWaiting{})
	if _, waits := deadlines(both)["missed"]; waits {
		t.Error("an appointment that both have come to can be missed")
	}
}

// TestAfterDowntime has nobody serve until 5 minutes before the appointment: one
// reminder goes out, and what stands in the index without a cause goes.
func TestAfterDowntime(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		at(s, thursday.Add(-48*time.Hour))
		r := create(t, s, func(c *CreateRoom) { c.At, c.Manager = thursday, "" })
		for _, member := range []string{r.ID + "/grace", r.ID + "/nothing", "R-00000000/missed"} {
			if err := s.db.Client.ZAdd(t.Context(), db.Prefix+"index:"+due, redis.Z{Score: 1, Member: member}).Err(); err != nil {
				t.Fatal(err)
			}
		}
		at(s, thursday.Add(-5*time.Minute))
		for range 2 {
			if _, err := s.FireDue(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		mails, err := s.Outbox.Take(t.Context(), 10)
		var kinds []string
		for _, m := range mails {
			kinds = append(kinds, m.Kind)
		}
		if slices.Sort(kinds); err != nil || !slices.Equal(kinds, []string{outbox.Booked, "reminder_10m"}) {
			t.Errorf("%v: mails %v", err, kinds)
		}
		left, err := s.db.Client.ZRange(t.Context(), db.Prefix+"index:"+due, 0, -1).Result()
		if err != nil || !slices.Equal(left, []string{r.ID + "/missed"}) {
			t.Errorf("%v: still due: %v", err, left)
		}
	})
}

func TestReminderOver(t *testing.T) {
	for kind, before := range map[string]time.Duration{"reminder_24h": time.Hour, "reminder_1h": 10 * time.Minute, "reminder_10m": 0} {
		if over := ReminderOver(kind, noon); !over.Equal(noon.Add(-before)) {
			t.Errorf("%s is over at %s", kind, over)
		}
	}
}

// TestStrangeMail has something in the outbox that is no mail: the others go out.
func TestStrangeMail(t *testing.T) {
	s := openEmbedded(t)
	at(s, noon)
	r := create(t, s, func(c *CreateRoom) { c.Manager = "" })
	if err := s.db.Client.ZAdd(t.Context(), db.Prefix+"index:"+outbox.Index, redis.Z{Score: 1, Member: "nonsense"}).Err(); err != nil {
		t.Fatal(err)
	}
	mails, err := s.Outbox.Take(t.Context(), 10)
	if left, _ := s.Figures(t.Context()); err != nil || len(mails) != 1 || mails[0].Room != r.ID || left.Mails != 1 {
		t.Errorf("%v: %v, %d in the outbox", err, mails, left.Mails)
	}
}

// TestCreateUnderContention makes rooms with given ids in one manager's calendar
// at the same time.
func TestCreateUnderContention(t *testing.T) {
	s := openEmbedded(t)
	at(s, thursday.Add(-48*time.Hour))
	open(t, s, "m1")
	var done sync.WaitGroup
	for i := range 20 {
		done.Go(func() {
			c := newRoom
			c.ID, c.At, c.Link = NewRoomID(), thursday.Add(time.Duration(i)*time.Hour), Link{}
			if _, err := s.Create(t.Context(), "system", c); err != nil {
				t.Error(err)
			}
			if _, err := s.Create(t.Context(), "system", c); !errors.Is(err, ErrConflict) {
				t.Errorf("made twice: %v", err)
			}
		})
	}
	done.Wait()
}
