package rooms

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// What operators read of all rooms follows what happens in them.
func TestFigures(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		figures := func() Figures {
			t.Helper()
			f, err := s.Figures(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
		if f := figures(); f != (Figures{}) {
			t.Errorf("of no room: %+v", f)
		}
		queued := do(t, s, create(t, s, invited).ID, JoinQueue{})
		do(t, s, create(t, s, invited).ID, JoinQueue{})
		if f := figures(); f.Queue != 2 || !f.Longest.Equal(queued.Queued.Truncate(time.Millisecond)) {
			t.Errorf("of a queue since %v: %+v", queued.Queued, f)
		}
		decided := do(t, s, create(t, s, nil).ID, wholeCall(t)...)
		f := figures()
		if f.Unsealed != 1 || !f.Decided.Equal(decided.Decided.Truncate(time.Millisecond)) || f.Mails == 0 {
			t.Errorf("of a room decided at %v: %+v", decided.Decided, f)
		}
		cancelled := do(t, s, create(t, s, nil).ID, Cancel{By: Seller}) // a room with a verdict is kept until its bundle is known
		if due, next := cancelled.PurgeDue(), figures().NextPurge; due.IsZero() || !next.Equal(due.Truncate(time.Millisecond)) {
			t.Errorf("the next purge is at %v, due %v", next, due)
		}
	})
}

func invited(c *CreateRoom) { c.At, c.Manager = time.Time{}, "" }

// A turn counts how long the seller waited for it, a verdict whether it was the
// first call's.
func TestMetricsOfTurnsAndVerdicts(t *testing.T) {
	reg := prometheus.NewRegistry()
	s := openStore(t, Options{Dir: t.TempDir(), Metrics: NewMetrics(reg)})
	do(t, s, create(t, s, invited).ID, JoinQueue{}, Assign{"m1"})
	do(t, s, create(t, s, nil).ID, wholeCall(t)...)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			name := family.GetName()
			for _, label := range m.GetLabel() {
				name += " " + label.GetValue()
			}
			found[name] = m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	if found["verifycall_queue_wait_seconds"] != 1 || found["verifycall_verdicts_total yes pass"] != 1 {
		t.Errorf("counted %v", found)
	}
}
