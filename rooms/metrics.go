package rooms

import (
	"time"

	"verifycall/rooms/db"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics of the store. No label holds a room or a person.
type Metrics struct {
	commits  *db.Metrics
	entered  *prometheus.CounterVec // state, cause
	verdicts *prometheus.CounterVec // verdict, first
	queued   prometheus.Histogram   // seconds
}

// NewMetrics makes the metrics and registers them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		commits: db.NewMetrics(reg),
		entered: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "verifycall_rooms_entered_total", Help: "Rooms that came into a state here, with the cause where the state has one (no_show: by whom)."},
			[]string{"state", "cause"}),
		verdicts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "verifycall_verdicts_total", Help: "Verdicts given here; first is no where the room was booked again after a call."},
			[]string{"verdict", "first"}),
		queued: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "verifycall_queue_wait_seconds", Help: "Time from joining the instant queue until the turn was given here.",
			Buckets: []float64{5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600}}),
	}
	for _, who := range []string{Seller, Manager} { // from 0 on, so that the first is an increase
		m.entered.WithLabelValues(StateNoShow, who)
	}
	reg.MustRegister(m.entered, m.verdicts, m.queued)
	return m
}

// moved counts a room that a command has taken out of state was, and out of the
// instant queue where it was there since queued.
func (m *Metrics) moved(r *Room, was string, queued time.Time) {
	if m == nil || r.State == was {
		return
	}
	if r.State == StateBooked && r.Instant && !queued.IsZero() {
		m.queued.Observe(r.At.Sub(queued).Seconds())
	}
	m.entered.WithLabelValues(r.State, causeOf(r)).Inc()
	if r.State == StateDecided {
		first := "yes"
		if r.Booked.After(r.Admitted) {
			first = "no"
		}
		m.verdicts.WithLabelValues(r.Verdict, first).Inc()
	}
}

// causeOf is a room's cause where it is one of few words, as it is for a no-show.
func causeOf(r *Room) string {
	if r.State == StateNoShow {
		return r.Cause
	}
	return ""
}
