package main

import (
	"context"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"verifycall/calls"
	"verifycall/rooms"
)

// sharedFigures reads what is the same on all nodes, from Redis, at each scrape.
// All are NaN where Redis doesn't answer.
type sharedFigures struct {
	rooms *rooms.Store
	house *calls.House
	descs []*prometheus.Desc // by the order of shown
}

// figures are those of one scrape.
type figures struct {
	rooms.Figures
	unheld int
}

// shown are the figures as they are shown.
var shown = []struct {
	name, help string
	value      func(figures) float64
}{
	{"mails_waiting", "Mails that are not settled yet.", func(f figures) float64 { return float64(f.Mails) }},
	{"queue_places", "Places in the instant queue, those that are kept for who left too.", func(f figures) float64 { return float64(f.Queue) }},
	{"queue_oldest_timestamp_seconds", "Since when the first in the instant queue waits; NaN where nobody does.",
		func(f figures) float64 { return moment(f.Longest) }},
	{"records_unsealed", "Decided rooms whose evidence bundle is not written yet.", func(f figures) float64 { return float64(f.Unsealed) }},
	{"records_unsealed_oldest_timestamp_seconds", "When the oldest of them was decided; NaN where there is none.",
		func(f figures) float64 { return moment(f.Decided) }},
	{"retention_next_timestamp_seconds", "When evidence is to be erased next, in the past where that is late; NaN where none is.",
		func(f figures) float64 { return moment(f.NextPurge) }},
	{"retention_unfinished", "Rooms of which the evidence store has to be told what to erase or to hold.",
		func(f figures) float64 { return float64(f.Keeping) }},
	{"rooms_unheld", "Rooms that some node has to look after and none does; 0 where a node is alone.", func(f figures) float64 { return float64(f.unheld) }},
}

func newSharedFigures(store *rooms.Store, house *calls.House) *sharedFigures {
	s := &sharedFigures{rooms: store, house: house}
	for _, each := range shown {
		s.descs = append(s.descs, prometheus.NewDesc("verifycall_"+each.name, each.help, nil, nil))
	}
	return s
}

// Describe implements prometheus.Collector.
func (s *sharedFigures) Describe(to chan<- *prometheus.Desc) {
	for _, desc := range s.descs {
		to <- desc
	}
}

// Collect implements prometheus.Collector.
func (s *sharedFigures) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	found, err := s.rooms.Figures(ctx)
	f := figures{Figures: found}
	if err == nil {
		f.unheld, err = s.house.Unheld(ctx)
	}
	for i, each := range shown {
		value := math.NaN()
		if err == nil {
			value = each.value(f)
		}
		to <- prometheus.MustNewConstMetric(s.descs[i], prometheus.GaugeValue, value)
	}
}

// moment is a time in seconds, NaN for none.
func moment(at time.Time) float64 {
	if at.IsZero() {
		return math.NaN()
	}
	return float64(at.UnixMilli()) / 1000
}
