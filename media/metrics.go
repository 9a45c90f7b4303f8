package media

import (
	"fmt"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"verifycall/media/lean"
)

// Register adds the Node's metrics to reg: the path that media take and, on the
// lean path, what its port counted. Error: reg's.
func (n *Node) Register(reg prometheus.Registerer) error {
	path := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "verifycall_media_path", Help: "1 for the path that media take.",
		ConstLabels: prometheus.Labels{"path": string(n.cfg.Path)},
	}, func() float64 { return 1 })
	all := []prometheus.Collector{path, refusals("stranger", &n.door.strange), refusals("excess", &n.door.excess)}
	if n.port != nil {
		all = append(all, n.counters()...)
	}
	for _, c := range all {
		if err := reg.Register(c); err != nil {
			return fmt.Errorf("media: metrics: %w", err)
		}
	}
	return nil
}

// refusals reads one of the door's counts.
func refusals(cause string, of *atomic.Uint64) prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "verifycall_media_refused_total", Help: "Datagrams refused before they were looked into, by cause.",
		ConstLabels: prometheus.Labels{"cause": cause},
	}, func() float64 { return float64(of.Load()) })
}

// counters read the port's counts.
func (n *Node) counters() (all []prometheus.Collector) {
	for _, c := range []struct {
		name, result string
		of           func(lean.Counts) uint64
	}{
		{"received", "taken", func(c lean.Counts) uint64 { return c.Received }},
		{"received", "refused", func(c lean.Counts) uint64 { return c.Refused }},
		{"received", "strange", func(c lean.Counts) uint64 { return c.Strange }},
		{"received", "excess", func(c lean.Counts) uint64 { return c.Excess }},
		{"received", "crowded", func(c lean.Counts) uint64 { return c.Crowded }},
		{"sent", "sent", func(c lean.Counts) uint64 { return c.Sent }},
		{"sent", "dropped", func(c lean.Counts) uint64 { return c.Dropped }},
	} {
		all = append(all, prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "verifycall_media_packets_" + c.name + "_total", Help: "Datagrams of the media port by what became of them.",
			ConstLabels: prometheus.Labels{"result": c.result},
		}, func() float64 { return float64(c.of(n.port.Counts())) }))
	}
	return all
}
