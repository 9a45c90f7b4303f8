package loss

import (
	"slices"
	"testing"
	"time"
)

// start of the simulated time.
var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func TestNACKs(t *testing.T) {
	const ms = time.Millisecond
	type ask struct {
		at       time.Duration
		numbers  []uint16
		hopeless bool
	}
	tests := []struct {
		name string
		rtt  time.Duration
		feed map[time.Duration]func(n *NACKs, now time.Time)
		want []ask
	}{
		{"nothing is missing", 0, nil, nil},
		{"overtaken", 0, map[time.Duration]func(*NACKs, time.Time){
			0:      func(n *NACKs, now time.Time) { n.Skipped(5, 5, now) },
			9 * ms: func(n *NACKs, _ time.Time) { n.Arrived(5) },
		}, nil},
		{"repaired after the first request", 80 * ms, map[time.Duration]func(*NACKs, time.Time){
			0:       func(n *NACKs, now time.Time) { n.Skipped(65535, 65537, now) },
			91 * ms: func(n *NACKs, _ time.Time) { n.Arrived(65535); n.Arrived(65536); n.Arrived(65537) },
		}, []ask{{10 * ms, []uint16{65535, 0, 1}, false}, {30 * ms, []uint16{65535, 0, 1}, false}}},
		{"one of two repaired", 80 * ms, map[time.Duration]func(*NACKs, time.Time){
			0:       func(n *NACKs, now time.Time) { n.Skipped(7, 8, now) },
			91 * ms: func(n *NACKs, _ time.Time) { n.Arrived(7) },
		}, []ask{{10 * ms, []uint16{7, 8}, false}, {30 * ms, []uint16{7, 8}, false}, {130 * ms, []uint16{8}, false}, {150 * ms, []uint16{8}, false},
			{250 * ms, []uint16{8}, false}, {270 * ms, []uint16{8}, false}, {370 * ms, nil, true}}},
		{"a publisher that answers copies", 80 * ms, map[time.Duration]func(*NACKs, time.Time){
			0:        func(n *NACKs, now time.Time) { n.Skipped(7, 8, now) },
			91 * ms:  func(n *NACKs, _ time.Time) { n.Arrived(7); n.Arrived(8) },
			111 * ms: func(n *NACKs, _ time.Time) { n.CameAgain(7); n.CameAgain(8) },
			200 * ms: func(n *NACKs, now time.Time) { n.Skipped(10, 10, now) },
			331 * ms: func(n *NACKs, _ time.Time) { n.Arrived(10) },
			400 * ms: func(n *NACKs, now time.Time) { n.answered += 7; n.Skipped(12, 12, now) },
			431 * ms: func(n *NACKs, _ time.Time) { n.Arrived(12) },
		}, []ask{{10 * ms, []uint16{7, 8}, false}, {30 * ms, []uint16{7, 8}, false}, {210 * ms, []uint16{10}, false}, {330 * ms, []uint16{10}, false},
			{410 * ms, []uint16{12}, false}, {430 * ms, []uint16{12}, false}}},
		{"overtaken, and a copy of it", 80 * ms, map[time.Duration]func(*NACKs, time.Time){
			0:        func(n *NACKs, now time.Time) { n.Skipped(7, 7, now) },
			9 * ms:   func(n *NACKs, _ time.Time) { n.Arrived(7) },
			11 * ms:  func(n *NACKs, _ time.Time) { n.CameAgain(7) },
			100 * ms: func(n *NACKs, now time.Time) { n.Skipped(9, 9, now) },
			191 * ms: func(n *NACKs, _ time.Time) { n.Arrived(9) },
		}, []ask{{110 * ms, []uint16{9}, false}, {130 * ms, []uint16{9}, false}}},
		{"unknown round trip", 0, map[time.Duration]func(*NACKs, time.Time){
			0: func(n *NACKs, now time.Time) { n.Skipped(7, 7, now); n.extra = 1 },
		}, []ask{{10 * ms, []uint16{7}, false}, {110 * ms, []uint16{7}, false}, {110*ms + nackSpacing/nackCopyShare, []uint16{7}, false},
			{210 * ms, []uint16{7}, false}, {210*ms + nackSpacing/nackCopyShare, []uint16{7}, false}, {310 * ms, nil, true}}},
		{"two losses", 40 * ms, map[time.Duration]func(*NACKs, time.Time){
			0:       func(n *NACKs, now time.Time) { n.Skipped(7, 7, now) },
			5 * ms:  func(n *NACKs, now time.Time) { n.Skipped(9, 9, now) },
			60 * ms: func(n *NACKs, _ time.Time) { n.Arrived(9); n.Arrived(7) },
		}, []ask{{10 * ms, []uint16{7}, false}, {15 * ms, []uint16{9}, false}, {10*ms + 70*ms/nackCopyShare, []uint16{7}, false}, {15*ms + 70*ms/nackCopyShare, []uint16{9}, false}}},
		{"a jump", 40 * ms, map[time.Duration]func(*NACKs, time.Time){
			0:      func(n *NACKs, now time.Time) { n.Skipped(7, 7, now) },
			5 * ms: func(n *NACKs, now time.Time) { n.Skipped(9, 9+nackMost, now) },
		}, []ask{{5 * ms, nil, true}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var n NACKs
			var got []ask
			due := time.Duration(-1)
			for at, after := time.Duration(0), time.Duration(0); at < time.Second; at = after {
				after = at.Truncate(ms) + ms
				if due > at && due < after {
					after = due
				}
				now := start.Add(at)
				f := test.feed[at]
				if f != nil {
					f(&n, now)
				}
				if f == nil && at != due { // it is called when it said so, and after news
					continue
				}
				numbers, hopeless, wait := n.Next(now, test.rtt, nil)
				if len(numbers) > 0 || hopeless {
					got = append(got, ask{at, numbers, hopeless})
				}
				due = -1
				if wait >= 0 {
					due = at + wait
				}
			}
			if !slices.EqualFunc(got, test.want, func(a, b ask) bool {
				return a.at == b.at && a.hopeless == b.hopeless && slices.Equal(a.numbers, b.numbers)
			}) {
				t.Errorf("asked %v\nwanted %v", got, test.want)
			}
			if len(n.missing) > 0 {
				t.Errorf("still %v", n.missing)
			}
		})
	}
}

// Whatever is lost, no packet is asked for more than three times and by as many
// copies, and what is remembered stays bounded.
func FuzzNACKs(f *testing.F) {
	f.Add([]byte{1, 0, 2, 200, 255, 3})
	f.Fuzz(func(t *testing.T, steps []byte) {
		var n NACKs
		asked := map[uint16]int{}
		now, highest := start, int64(0)
		for _, step := range steps {
			switch {
			case step < 100:
				n.Skipped(highest+1, highest+int64(step)+1, now)
				highest += int64(step) + 2
			case step < 200:
				n.Arrived(highest - int64(step-100))
			default:
				now = now.Add(time.Duration(step-200) * time.Millisecond)
			}
			numbers, _, wait := n.Next(now, 30*time.Millisecond, nil)
			for _, number := range numbers {
				if asked[number]++; asked[number] > 2*nackTries && highest < 1<<16 {
					t.Fatalf("%d asked for %d times", number, asked[number])
				}
			}
			if len(n.missing) > nackMost || (wait < 0) != (len(n.missing) == 0) || wait == 0 {
				t.Fatalf("%d missing, wait %v", len(n.missing), wait)
			}
		}
	})
}
