package db

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics of commits.
type Metrics struct {
	commits *prometheus.HistogramVec // seconds; outcome
}

// NewMetrics makes the metrics and registers them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		commits: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "verifycall_commit_seconds", Help: "Time that Redis took for a commit, by what became of it: done, conflict, fenced, away or failed.",
			Buckets: []float64{.0005, .001, .002, .005, .01, .02, .05, .1, .5, 1}}, []string{"outcome"}),
	}
	reg.MustRegister(m.commits)
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
