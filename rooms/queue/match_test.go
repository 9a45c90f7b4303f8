package queue

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// hall makes a queue and desks of a seed: up to 40 sellers of four languages, some
// of whom wait for one manager, and up to 8 desks of one to three languages.
func hall(r *rand.Rand) ([]Seller, []Desk) {
	tongues := []string{"de", "en-GB", "es", "zh-Hans"}
	desks := make([]Desk, r.IntN(9))
	for i := range desks {
		desks[i] = Desk{Manager: fmt.Sprintf("m%d", i), Idle: noon.Add(time.Duration(r.IntN(20)) * time.Minute)}
		for range 1 + r.IntN(3) {
			desks[i].Languages = append(desks[i].Languages, tongues[r.IntN(4)])
		}
		if r.IntN(2) == 0 {
			desks[i].FreeIn = time.Duration(1+r.IntN(9)) * time.Minute
		}
	}
	sellers := make([]Seller, r.IntN(41))
	for i := range sellers {
		sellers[i] = Seller{Room: fmt.Sprintf("R-%d", i), Since: noon.Add(time.Duration(r.IntN(30)) * time.Second),
			Language: tongues[r.IntN(4)], Here: r.IntN(5) > 0}
		if r.IntN(6) == 0 {
			sellers[i].Manager = fmt.Sprintf("m%d", r.IntN(9))
		}
	}
	return sellers, desks
}

func first(a, b Seller) bool {
	return a.Since.Before(b.Since) || a.Since.Equal(b.Since) && a.Room < b.Room
}

// TestNobodyIsPassedOver: whoever waits on has no desk that is left free, nor one
// that somebody got who came later.
func TestNobodyIsPassedOver(t *testing.T) {
	for seed := range uint64(3000) {
		sellers, desks := hall(rand.New(rand.NewPCG(seed, 1)))
		pairs := Match(sellers, desks)
		by, of := map[string]string{}, map[string]Seller{}
		for _, s := range sellers {
			of[s.Room] = s
		}
		for _, p := range pairs {
			d := desks[slices.IndexFunc(desks, func(d Desk) bool { return d.Manager == p.Manager })]
			if by[p.Manager] != "" || !d.Takes(of[p.Room]) || d.FreeIn > 0 || !of[p.Room].Here {
				t.Fatalf("seed %d: %+v given to %+v", seed, of[p.Room], d)
			}
			by[p.Manager] = p.Room
		}
		for _, s := range sellers {
			if !s.Here || slices.ContainsFunc(pairs, func(p Pair) bool { return p.Room == s.Room }) {
				continue
			}
			for _, d := range desks {
				if d.FreeIn > 0 || !d.Takes(s) {
					continue
				}
				if by[d.Manager] == "" {
					t.Fatalf("seed %d: %+v waits while %+v is free", seed, s, d)
				}
				if first(s, of[by[d.Manager]]) {
					t.Fatalf("seed %d: %+v waits, %+v came later and has %s", seed, s, of[by[d.Manager]], d.Manager)
				}
			}
		}
	}
}

// TestEstimateFollowsTheQueue: who is called now is told 0 and nobody else is, of
// two who want the same the first never waits longer, and nobody is told a time
// whom nobody can take.
func TestEstimateFollowsTheQueue(t *testing.T) {
	for seed := range uint64(1000) {
		sellers, desks := hall(rand.New(rand.NewPCG(seed, 2)))
		pairs := Match(sellers, desks)
		waits := map[string]time.Duration{}
		for _, s := range sellers {
			wait, ok := Estimate(sellers, desks, s, 8*time.Minute)
			if takes := slices.ContainsFunc(desks, func(d Desk) bool { return d.Takes(s) }); ok != takes {
				t.Fatalf("seed %d: %+v estimated %t, taken %t", seed, s, ok, takes)
			}
			if !ok || !s.Here {
				continue
			}
			waits[s.Room] = wait
			if called := slices.ContainsFunc(pairs, func(p Pair) bool { return p.Room == s.Room }); called != (wait == 0) {
				t.Fatalf("seed %d: %+v called now %t, told %s", seed, s, called, wait)
			}
		}
		for _, a := range sellers {
			for _, b := range sellers {
				if _, both := waits[a.Room], waits[b.Room]; both == 0 || !a.Here || !same(a, b) || !first(a, b) {
					continue
				}
				if waits[a.Room] > waits[b.Room] {
					t.Fatalf("seed %d: %s came first and is told %s, %s %s", seed, a.Room, waits[a.Room], b.Room, waits[b.Room])
				}
			}
		}
	}
}

func TestPlaceAndEstimate(t *testing.T) {
	at := func(s int) time.Time { return noon.Add(time.Duration(s) * time.Second) }
	sellers := []Seller{
		{Room: "A", Since: at(0), Language: "de", Here: true},
		{Room: "B", Since: at(1), Language: "en", Here: true},
		{Room: "C", Since: at(2), Language: "de-AT", Here: false}, // keeps the place
		{Room: "D", Since: at(3), Language: "de", Here: true},
		{Room: "E", Since: at(4), Language: "de", Manager: "m2", Here: true},
	}
	desks := []Desk{
		{Manager: "m1", Languages: []string{"de"}, FreeIn: 3 * time.Minute},
		{Manager: "m2", Languages: []string{"de", "en"}, FreeIn: 5 * time.Minute},
	}
	for _, want := range []struct {
		room  string
		ahead int
		wait  time.Duration
	}{
		{"A", 0, 3 * time.Minute}, {"B", 0, 5 * time.Minute}, {"C", 1, 11 * time.Minute},
		{"D", 2, 11 * time.Minute}, {"E", 0, 13 * time.Minute},
	} {
		s := sellers[slices.IndexFunc(sellers, func(s Seller) bool { return s.Room == want.room })]
		wait, ok := Estimate(sellers, desks, s, 8*time.Minute)
		if ahead := Ahead(sellers, s); ahead != want.ahead || wait != want.wait || !ok {
			t.Errorf("%s: %d ahead, %s; want %d, %s", want.room, ahead, wait, want.ahead, want.wait)
		}
	}
	if _, ok := Estimate(sellers, desks, Seller{Room: "F", Language: "es", Here: true}, time.Minute); ok {
		t.Error("a time was told to somebody whom nobody can take")
	}
}

func TestTypical(t *testing.T) {
	m := time.Minute
	for _, c := range []struct {
		took []time.Duration
		want time.Duration
	}{
		{nil, usual}, {[]time.Duration{9 * m, 4 * m, 6 * m}, 6 * m}, {[]time.Duration{time.Second}, shortest}, {[]time.Duration{9 * time.Hour}, longest},
	} {
		if got := Typical(c.took); got != c.want {
			t.Errorf("of %v: %s, want %s", c.took, got, c.want)
		}
	}
}
