package main

import (
	"math"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"verifycall/cmd/verifycall/built"
)

// scrapeTime bounds what is asked of others for one scrape.
const scrapeTime = time.Second

// registerGauges adds what is known of the whole node, read at each scrape.
func (n *node) registerGauges() {
	gauge := func(name, help string, labels prometheus.Labels, read func() float64) {
		n.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "verifycall_" + name, Help: help, ConstLabels: labels}, read))
	}
	gauge("build_info", "1, with what this program was built of.", prometheus.Labels{"version": built.Release(), "go": runtime.Version()},
		func() float64 { return 1 })
	gauge("draining", "1 while this node takes no new calls.", nil, func() float64 { return flagged(n.house.Draining()) })
	gauge("kept_changes", "Changes of live calls that are kept here while Redis is away.", nil, func() float64 { return float64(n.Rooms.Kept()) })
	gauge("redis_away", "1 while Redis doesn't answer.", nil, func() float64 { return flagged(n.Rooms.DB().Away()) })
	gauge("spool_bytes", "Recorded media on this node's disk that are not sealed yet.", nil, func() float64 { return float64(n.house.Spool().Bytes) })
	gauge("spool_limit_bytes", "How much of them the disk takes, less its reserve.", nil, func() float64 { return float64(n.house.Spool().Limit) })
	gauge("spool_behind_seconds", "For how long the store has not taken what waits; 0 while it has all.", nil,
		func() float64 { return n.house.Spool().Behind.Seconds() })
	gauge("certificate_expires_timestamp_seconds", "When the certificate of the pages ends; NaN without one.", nil, n.certificateEnds)
	gauge("leases", "Rooms that this node holds; 0 where it is alone.", nil, func() float64 { return float64(n.house.Leases()) })
	n.registry.MustRegister(newSharedFigures(n.Rooms, n.house))
	for _, state := range []string{"serving", "draining"} {
		gauge("nodes", "Nodes on this Redis, this one among them.", prometheus.Labels{"state": state},
			func() float64 { return float64(n.countNodes(state == "draining")) })
	}
}

func flagged(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// certificateEnds is asked at each scrape: it is renewed while the server runs.
func (n *node) certificateEnds() float64 {
	if n.certificate == nil {
		return math.NaN()
	}
	end, known := n.certificate.Ends()
	if !known {
		return math.NaN()
	}
	return float64(end.Unix())
}

func (n *node) countNodes(draining bool) (count int) {
	if n.cluster.member == nil { // alone
		return int(flagged(n.house.Draining() == draining))
	}
	for _, peer := range n.cluster.member.Peers() {
		if peer.Draining == draining {
			count++
		}
	}
	return count
}
