package main

import (
	"context"
	"errors"
	"io"
	"math"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"verifycall/recorder/evidence/objects"
)

// scrapeTime bounds what is asked of others for one scrape.
const scrapeTime = time.Second

// registerGauges adds what is known of the whole node, read at each scrape.
func (n *node) registerGauges() {
	gauge := func(name, help string, labels prometheus.Labels, read func() float64) {
		n.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "verifycall_" + name, Help: help, ConstLabels: labels}, read))
	}
	gauge("build_info", "1, with what this program was built of.", prometheus.Labels{"version": version(), "go": runtime.Version()},
		func() float64 { return 1 })
	gauge("draining", "1 while this node takes no new calls.", nil, func() float64 { return flagged(n.house.Draining()) })
	gauge("kept_changes", "Changes of live calls that are kept here while Redis is away.", nil, func() float64 { return float64(n.rooms.Kept()) })
	gauge("spool_bytes", "Recorded media on this node's disk that are not sealed yet.", nil, func() float64 { return float64(n.house.Spool().Bytes) })
	gauge("spool_limit_bytes", "How much of them the disk takes, less its reserve.", nil, func() float64 { return float64(n.house.Spool().Limit) })
	gauge("spool_behind_seconds", "For how long the store has not taken what waits; 0 while it has all.", nil,
		func() float64 { return n.house.Spool().Behind.Seconds() })
	gauge("certificate_expires_timestamp_seconds", "When the certificate of the pages ends; NaN without one.", nil, n.certificateEnds)
	gauge("leases", "Rooms that this node holds; 0 where it is alone.", nil, func() float64 { return float64(n.house.Leases()) })
	n.registry.MustRegister(newSharedFigures(n.rooms, n.house))
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
	end, known := n.certificate.ends()
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

// timedStore measures how long the store takes.
type timedStore struct {
	closingStore
	took *prometheus.HistogramVec // seconds; verb, outcome
}

// timedLocker is one that can lock.
type timedLocker struct {
	timedStore
	objects.Locker
}

// timed measures a store.
func timed(s closingStore, reg prometheus.Registerer) closingStore {
	t := timedStore{s, prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "verifycall_store_seconds", Help: "Time that the evidence store took, writing with the reading of what is written.",
		Buckets: []float64{.001, .005, .02, .1, .5, 2, 10, 60}}, []string{"verb", "outcome"})}
	reg.MustRegister(t.took)
	if locker, ok := s.(objects.Locker); ok {
		return timedLocker{t, locker}
	}
	return t
}

func (t timedStore) done(verb string, began time.Time, err error) {
	outcome := "done"
	if err != nil && !errors.Is(err, objects.ErrNotFound) && !errors.Is(err, objects.ErrExists) { // these are answers
		outcome = "failed"
	}
	t.took.WithLabelValues(verb, outcome).Observe(time.Since(began).Seconds())
}

// Put implements objects.Store.
func (t timedStore) Put(ctx context.Context, name string, r io.Reader) (o objects.Object, err error) {
	defer func(began time.Time) { t.done("put", began, err) }(time.Now())
	return t.closingStore.Put(ctx, name, r)
}

// Open implements objects.Store.
func (t timedStore) Open(ctx context.Context, name string) (f objects.File, o objects.Object, err error) {
	defer func(began time.Time) { t.done("open", began, err) }(time.Now())
	return t.closingStore.Open(ctx, name)
}

// Delete implements objects.Store.
func (t timedStore) Delete(ctx context.Context, name string) (err error) {
	defer func(began time.Time) { t.done("delete", began, err) }(time.Now())
	return t.closingStore.Delete(ctx, name)
}
