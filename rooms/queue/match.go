// Package queue gives sellers who want a call now to account managers who are
// free now: in the order in which they came, among those who share a language and
// a certification.
//
// Who gets whom, and how long it will take, are pure functions of who waits and
// who is there. A Hall has them carried out on whichever node.
package queue

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"verifycall/rooms/calendar"
)

// Seller is one who has a place in the queue.
type Seller struct {
	Room     string
	Since    time.Time
	Language string // BCP 47
	Manager  string // the only one who may hold the call; empty for any
	Here     bool   // can be called now; else the place is kept
}

// Desk is a manager who is there for the queue: online, certified, the shift not
// full.
type Desk struct {
	Manager   string
	Languages []string
	FreeIn    time.Duration // until the call at hand is over, as far as one can tell; 0 = free now
	Idle      time.Time     // since when, at the latest
}

// Takes reports that a desk can hold a seller's call.
func (d Desk) Takes(s Seller) bool {
	if s.Manager != "" {
		return s.Manager == d.Manager
	}
	return calendar.Availability{Languages: d.Languages}.Speaks(s.Language)
}

// Pair is a seller whose turn it is, and the desk that calls.
type Pair struct{ Room, Manager string }

// Sort puts sellers into the order in which they came.
func Sort(sellers []Seller) {
	slices.SortFunc(sellers, func(a, b Seller) int {
		return cmp.Or(a.Since.Compare(b.Since), strings.Compare(a.Room, b.Room))
	})
}

// Match gives free desks to the sellers who are here, the longest waiting first:
// nobody is called while somebody who came before could take that desk. Of the
// desks that take a seller the one with the fewest languages does, so that those
// with many stay free for others; among these the one that was idle longest.
func Match(sellers []Seller, desks []Desk) []Pair {
	free := slices.DeleteFunc(slices.Clone(desks), func(d Desk) bool { return d.FreeIn > 0 })
	order := slices.Clone(sellers)
	Sort(order)
	var pairs []Pair
	for _, s := range order {
		if !s.Here {
			continue
		}
		best := -1
		for i, d := range free {
			if d.Takes(s) && (best < 0 || before(d, free[best])) {
				best = i
			}
		}
		if best >= 0 {
			pairs = append(pairs, Pair{s.Room, free[best].Manager})
			free = slices.Delete(free, best, best+1)
		}
	}
	return pairs
}

func before(a, b Desk) bool {
	return cmp.Or(cmp.Compare(len(a.Languages), len(b.Languages)), a.Idle.Compare(b.Idle), strings.Compare(a.Manager, b.Manager)) < 0
}

// Ahead counts those who came before a seller and want the same: kept places
// too, since they may come back.
func Ahead(sellers []Seller, of Seller) int {
	count := 0
	for _, s := range sellers {
		if s.Room != of.Room && same(s, of) && (s.Since.Before(of.Since) || s.Since.Equal(of.Since) && s.Room < of.Room) {
			count++
		}
	}
	return count
}

// same reports that two sellers wait for the same desks.
func same(a, b Seller) bool {
	return a.Manager == b.Manager && (a.Manager != "" || calendar.Availability{Languages: []string{a.Language}}.Speaks(b.Language))
}

// Estimate is how long a seller will wait: the queue played through, each call
// taking length. The seller may be one who is not in the queue yet, and then
// comes last. ok is false where no desk that is there takes the seller.
func Estimate(sellers []Seller, desks []Desk, of Seller, length time.Duration) (wait time.Duration, ok bool) {
	if !slices.ContainsFunc(desks, func(d Desk) bool { return d.Takes(of) }) {
		return 0, false
	}
	order := slices.DeleteFunc(slices.Clone(sellers), func(s Seller) bool { return s.Room == of.Room || !s.Here })
	of.Here = true
	order = append(order, of)
	Sort(order)
	free := slices.Clone(desks)
	for _, s := range order {
		best := -1
		for i, d := range free {
			if d.Takes(s) && (best < 0 || d.FreeIn < free[best].FreeIn || d.FreeIn == free[best].FreeIn && before(d, free[best])) {
				best = i
			}
		}
		if best < 0 {
			continue
		}
		if s.Room == of.Room {
			return free[best].FreeIn, true
		}
		free[best].FreeIn += length
	}
	return 0, false // not reached: of is in order, and some desk takes it
}
