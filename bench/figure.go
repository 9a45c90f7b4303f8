package main

import (
	"math"
	"slices"
	"time"
)

// figure is one line of output.
type figure struct {
	Name  string  `json:"name"`
	P50   float64 `json:"p50"`
	P95   float64 `json:"p95"`
	N     int     `json:"n"`
	On    string  `json:"on,omitempty"`    // what it was measured on, where there are several
	Vs    string  `json:"vs,omitempty"`    // what it is compared with
	Ratio float64 `json:"ratio,omitempty"` // p50 of vs ÷ own p50: above 1 is faster than vs
}

// summarise gives the figure of samples in a unit.
func summarise(name string, samples []time.Duration, unit time.Duration) figure {
	sorted := slices.Clone(samples)
	slices.Sort(sorted)
	return figure{Name: name, P50: in(quantile(sorted, 0.50), unit), P95: in(quantile(sorted, 0.95), unit), N: len(sorted)}
}

// quantile by the nearest rank: the smallest sample that at least q of all don't
// exceed.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}

func in(d, unit time.Duration) float64 {
	return math.Round(float64(d)/float64(unit)*10) / 10
}

// compare adds the comparison with another figure.
func (f figure) compare(other figure) figure {
	f.Vs = other.On
	if f.P50 > 0 {
		f.Ratio = math.Round(other.P50/f.P50*100) / 100
	}
	return f
}
