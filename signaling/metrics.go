package signaling

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics of the edge. No label holds a room or a person.
type Metrics struct {
	requests *prometheus.CounterVec   // route, status
	took     *prometheus.HistogramVec // seconds; route
	sockets  prometheus.Gauge
	refusals *prometheus.CounterVec // code
}

// NewMetrics makes the metrics and registers them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "verifycall_http_requests_total", Help: "HTTP requests by route and status."}, []string{"route", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "verifycall_http_seconds", Help: "Time to answer a request.",
			Buckets: []float64{.001, .005, .02, .1, .5, 2, 10, 60}}, []string{"route"}),
		sockets: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "verifycall_sockets", Help: "Open WebSockets."}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "verifycall_socket_refusals_total", Help: "WebSockets refused or closed for a fault, by code."}, []string{"code"}),
	}
	reg.MustRegister(m.requests, m.took, m.sockets, m.refusals)
	return m
}

func (m *Metrics) request(route string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.took.WithLabelValues(route).Observe(took.Seconds())
}
