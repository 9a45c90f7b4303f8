package rooms

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics of the store. No label holds a room or a person.
type Metrics struct {
	commits  *prometheus.HistogramVec // seconds; outcome
	entered  *prometheus.CounterVec   // state, cause
	verdicts *prometheus.CounterVec   // verdict
}

// NewMetrics makes the metrics and registers them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		commits: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "verifycall_commit_seconds", Help: "Time that Redis took for a commit, by what became of it: done, conflict, fenced, away or failed.",
			Buckets: []float64{.0005, .001, .002, .005, .01, .02, .05, .1, .5, 1}}, []string{"outcome"}),
		entered: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "verifycall_rooms_entered_total", Help: "Rooms that came into a state here, with the cause where the state has one (no_show: by whom)."},
			[]string{"state", "cause"}),
		verdicts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "verifycall_verdicts_total", Help: "Verdicts given here."}, []string{"verdict"}),
	}
	reg.MustRegister(m.commits, m.entered, m.verdicts)
	return m
}

// committed counts a commit. A nil Metrics counts nothing.
func (m *Metrics) committed(began time.Time, err error) {
	if m != nil {
		m.commits.WithLabelValues(outcomeOf(err)).Observe(time.Since(began).Seconds())
	}
}

func outcomeOf(err error) string {
	switch {
	case err == nil:
		return "done"
	case errors.Is(err, ErrConflict):
		return "conflict"
	case errors.Is(err, ErrFenced):
		return "fenced"
	case errors.Is(err, ErrAway), errors.Is(err, ErrUnknown):
		return "away"
	}
	return "failed"
}

// moved counts a room that a command has taken out of state was.
func (m *Metrics) moved(r *Room, was string) {
	if m == nil || r.State == was {
		return
	}
	m.entered.WithLabelValues(r.State, causeOf(r)).Inc()
	if r.State == StateDecided {
		m.verdicts.WithLabelValues(r.Verdict).Inc()
	}
}

// causeOf is a room's cause where it is one of few words, as it is for a no-show.
func causeOf(r *Room) string {
	if r.State == StateNoShow {
		return r.Cause
	}
	return ""
}
