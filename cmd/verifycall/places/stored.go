package places

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"verifycall/recorder/evidence/objects"
)

// timedStore measures how long the store takes.
type timedStore struct {
	ClosingStore
	took *prometheus.HistogramVec // seconds; verb, outcome
}

// timed measures a store.
func timed(s ClosingStore, reg prometheus.Registerer) ClosingStore {
	t := timedStore{s, prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "verifycall_store_seconds", Help: "Time that the evidence store took, writing with the reading of what is written.",
		Buckets: []float64{.001, .005, .02, .1, .5, 2, 10, 60}}, []string{"verb", "outcome"})}
	reg.MustRegister(t.took)
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
	return t.ClosingStore.Put(ctx, name, r)
}

// Open implements objects.Store.
func (t timedStore) Open(ctx context.Context, name string) (f objects.File, o objects.Object, err error) {
	defer func(began time.Time) { t.done("open", began, err) }(time.Now())
	return t.ClosingStore.Open(ctx, name)
}

// Delete implements objects.Store.
func (t timedStore) Delete(ctx context.Context, name string) (err error) {
	defer func(began time.Time) { t.done("delete", began, err) }(time.Now())
	return t.ClosingStore.Delete(ctx, name)
}
