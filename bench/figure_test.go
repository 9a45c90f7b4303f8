package main

import (
	"testing"
	"time"
)

func TestSummarise(t *testing.T) {
	var samples []time.Duration
	for i := 20; i >= 1; i-- {
		samples = append(samples, time.Duration(i)*time.Millisecond)
	}
	f := summarise("x_ms", samples, time.Millisecond)
	if f.P50 != 10 || f.P95 != 19 || f.N != 20 {
		t.Errorf("got %+v", f)
	}
	f.On = "a"
	g := summarise("x_ms", []time.Duration{20 * time.Millisecond}, time.Millisecond).compare(f)
	if g.Vs != "a" || g.Ratio != 0.5 || g.P95 != 20 {
		t.Errorf("got %+v", g)
	}
}
