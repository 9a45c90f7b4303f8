// Package loss follows what is missing of one published stream: which packets came
// already, which to ask for again and when, when to ask for a key frame instead, and
// what the publisher is told of it. Pure: numbers and times come in, nothing is read
// or sent. All is owned by one Receiver of package media.
package loss

import (
	"slices"
	"time"
)

// How lost packets are asked for. At 5 % loss each way three tries leave one
// packet in 7,000 of those lost missing.
const (
	// nackDelay is what an overtaken packet gets to arrive by itself.
	nackDelay = 10 * time.Millisecond
	nackTries = 3
	// nackMargin is what a publisher may take to answer, beside the round trip
	// and a quarter of it for jitter; asking earlier brings copies.
	nackMargin = 20 * time.Millisecond
	// nackSpacing between tries while the round trip is unknown, and at most.
	nackSpacing, nackSpacingMost = 100 * time.Millisecond, time.Second
	// nackCopyShare of the spacing after a request it is sent once more: a lost
	// request costs a round trip. A browser takes no request for a packet that it
	// sent again less than what it thinks the round trip is before; so the copy is
	// ignored where the request came, and is the request where that came too early.
	nackCopyShare = 6
	// nackRemembered repairs are known after their arrival, to see whether a copy
	// of them comes; nackExtra of those that the first request brings may.
	nackRemembered, nackExtra = 16, 8
	// nackMost packets are missing at once. More are a stream that stood still
	// or jumped: a key frame is cheaper than what they would bring.
	nackMost = 256
)

// NACKs says which packets of one track to ask for again and when (RFC 4585
// section 6.2.1). It sees packets after RTX is unwrapped, so that what has
// been repaired isn't asked for again. Pure: time comes as an argument. The
// zero value is ready; owned by one Receiver.
type NACKs struct {
	missing  []missing // in order of ext
	hopeless bool      // packets were given up since next last said so
	// What first requests and their copies bring: repairs, and repairs again from
	// publishers that answer both. Those are sent fewer copies.
	answered, extra int
	repaired        [nackRemembered]int64 // the last of them, ext + 1; a ring
	at              int
}

type missing struct {
	ext   int64 // sequence number, unwrapped
	tries int   // requests sent, without their copies
	due   time.Time
	copy  time.Time // when the last request is sent once more, zero once it was
	twice bool      // it was
}

// Skipped notes that from..to were skipped by a packet that came now.
func (n *NACKs) Skipped(from, to int64, now time.Time) {
	if to-from >= nackMost {
		n.missing, n.hopeless = n.missing[:0], true
		return
	}
	for ext := from; ext <= to; ext++ {
		n.missing = append(n.missing, missing{ext: ext, due: now.Add(nackDelay)})
	}
	if over := len(n.missing) - nackMost; over > 0 {
		n.missing, n.hopeless = slices.Delete(n.missing, 0, over), true
	}
}

// Arrived notes a packet that came late or by repair.
func (n *NACKs) Arrived(ext int64) {
	i, found := slices.BinarySearchFunc(n.missing, ext, func(m missing, ext int64) int { return int(m.ext - ext) })
	if !found {
		return
	}
	if m := &n.missing[i]; m.tries == 1 {
		n.answered++
		if m.twice {
			n.repaired[n.at%nackRemembered] = ext + 1
			n.at++
		}
	}
	n.missing = slices.Delete(n.missing, i, i+1)
}

// CameAgain notes a packet that came before.
func (n *NACKs) CameAgain(ext int64) {
	if slices.Contains(n.repaired[:], ext+1) {
		n.extra++
	}
}

// once says that a first request goes without a copy.
func (n *NACKs) once() bool { return nackExtra*n.extra >= n.answered+nackExtra }

// Next appends the numbers to ask for now to ask. hopeless tells that some
// packets are given up, once. wait is the time until the next call, negative
// when there is nothing to wait for. rtt is 0 while unknown.
func (n *NACKs) Next(now time.Time, rtt time.Duration, ask []uint16) (_ []uint16, hopeless bool, wait time.Duration) {
	spacing := nackSpacing
	if rtt > 0 {
		spacing = min(rtt+rtt/4+nackMargin, nackSpacingMost)
	}
	n.missing = slices.DeleteFunc(n.missing, func(m missing) bool {
		spent := m.tries == nackTries && !m.due.After(now)
		n.hopeless = n.hopeless || spent
		return spent
	})
	wait = -1
	for i := range n.missing {
		m := &n.missing[i]
		if m.ask(now, spacing, n.once()) {
			ask = append(ask, uint16(m.ext))
		}
		if left := m.next().Sub(now); wait < 0 || left < wait {
			wait = left
		}
	}
	hopeless, n.hopeless = n.hopeless, false
	return ask, hopeless, wait
}

// ask says whether to ask for the packet now; once alone the first time.
func (m *missing) ask(now time.Time, spacing time.Duration, once bool) bool {
	switch {
	case !m.due.After(now):
		m.tries++
		m.due, m.copy, m.twice = now.Add(spacing), time.Time{}, false
		if m.tries > 1 || !once {
			m.copy = now.Add(spacing / nackCopyShare)
		}
		return true
	case !m.copy.IsZero() && !m.copy.After(now):
		m.copy, m.twice = time.Time{}, true
		return true
	}
	return false
}

// next is when there is something to do.
func (m *missing) next() time.Time {
	if !m.copy.IsZero() && m.copy.Before(m.due) {
		return m.copy
	}
	return m.due
}
