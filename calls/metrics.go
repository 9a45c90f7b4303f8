package calls

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"verifycall/calls/protocol"
)

// Metrics of the live calls' tracks, one observation a track and second. No
// label holds a room or a person.
type Metrics struct {
	fps, kbps, loss, rtt, jitter, coverage *prometheus.HistogramVec // role, kind
	frozen                                 *prometheus.CounterVec   // seconds; role
	failing                                prometheus.Counter
	lag                                    prometheus.Histogram // seconds
	leasesLost                             prometheus.Counter

	calls    *prometheus.GaugeVec     // state
	joins    *prometheus.HistogramVec // seconds; role
	captures *prometheus.HistogramVec // seconds; outcome
}

// NewMetrics makes the metrics and registers them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	track := func(name, help string, buckets ...float64) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "verifycall_track_" + name, Help: help, Buckets: buckets}, []string{"role", "kind"})
	}
	m := &Metrics{
		fps:      track("fps", "Frames of a second, pictures only.", 1, 5, 10, 15, 20, 25, 30, 60),
		kbps:     track("kbps", "Bitrate of a second in kbit/s, payload.", 8, 16, 32, 64, 150, 300, 600, 1100, 1500, 2500, 5000),
		loss:     track("loss_ratio", "Packets of a second that neither came nor were repaired.", 0, .001, .005, .01, .02, .05, .1, .2, .5),
		rtt:      track("rtt_seconds", "Round trip to the participant.", .01, .025, .05, .1, .2, .3, .5, 1, 2),
		jitter:   track("jitter_seconds", "Jitter of the arrivals, RFC 3550.", .001, .005, .01, .02, .05, .1, .2, .5),
		coverage: track("coverage_ratio", "Recorded share of the live time so far.", .5, .8, .9, .95, .98, .99, .999, 1),
		frozen: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "verifycall_track_frozen_seconds_total", Help: "Time that pictures stood still."}, []string{"role"}),
		failing: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "verifycall_recordings_failing_total", Help: "Recordings that began to lose frames to the disk, or could not begin."}),
	}
	m.lag = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "verifycall_recorder_lag_seconds", Help: "Age of the oldest frame of a write when it is on the disk; 2 s are gathered for one.",
		Buckets: []float64{.5, 1, 1.5, 2, 2.5, 3, 4, 6, 10, 20}})
	m.leasesLost = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "verifycall_leases_lost_total", Help: "Calls that ended here because another node has their room."})
	m.calls = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "verifycall_calls", Help: "Calls on this node by the state of their room."}, []string{"state"})
	m.joins = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "verifycall_join_seconds", Help: "Time from a participant's offer until its media are connected (ICE and DTLS).",
		Buckets: []float64{.02, .05, .1, .2, .5, 1, 2, 5, 10}}, []string{"role"})
	m.captures = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "verifycall_capture_seconds", Help: "Time from a capture's request until its picture is stored and in the ledger, or is given up.",
		Buckets: []float64{.05, .1, .2, .5, 1, 2, 3, 5, 10, 15}}, []string{"outcome"})
	reg.MustRegister(m.fps, m.kbps, m.loss, m.rtt, m.jitter, m.coverage, m.frozen, m.failing, m.lag, m.leasesLost, m.calls, m.joins, m.captures)
	return m
}

// state moves a call from one state to another in the gauge; empty is none.
func (m *Metrics) state(from, to string) {
	if from == to {
		return
	}
	if from != "" {
		m.calls.WithLabelValues(from).Dec()
	}
	if to != "" {
		m.calls.WithLabelValues(to).Inc()
	}
}

// durable counts a write of a recording.
func (m *Metrics) durable(lag time.Duration) { m.lag.Observe(lag.Seconds()) }

// captured counts a capture that was asked for at a moment.
func (m *Metrics) captured(asked time.Time, err error) {
	outcome := "taken"
	if err != nil {
		outcome = "given_up"
	}
	m.captures.WithLabelValues(outcome).Observe(time.Since(asked).Seconds())
}

func (m *Metrics) observe(t protocol.TrackHealth) {
	role := string(t.Participant)
	m.kbps.WithLabelValues(role, t.Kind).Observe(float64(t.Kbps))
	m.loss.WithLabelValues(role, t.Kind).Observe(float64(t.Loss) / 1000)
	m.jitter.WithLabelValues(role, t.Kind).Observe(float64(t.Jitter) / 1000)
	if t.RTT > 0 {
		m.rtt.WithLabelValues(role, t.Kind).Observe(float64(t.RTT) / 1000)
	}
	if t.Coverage > 0 {
		m.coverage.WithLabelValues(role, t.Kind).Observe(float64(t.Coverage) / 1000)
	}
	if t.Kind == "video" {
		m.fps.WithLabelValues(role, t.Kind).Observe(float64(t.FPS))
		m.frozen.WithLabelValues(role).Add(float64(t.Frozen) / 1000)
	}
}
