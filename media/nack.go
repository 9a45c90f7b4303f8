package media

import (
	"slices"
	"time"
)

// How lost packets are asked for. At 5 % loss each way three tries leave one
// packet in 20,000 missing.
const (
	// nackDelay is what an overtaken packet gets to arrive by itself.
	nackDelay = 10 * time.Millisecond
	nackTries = 3
	// nackMargin is what a publisher may take to answer, beside the round trip
	// and a quarter of it for jitter; asking earlier brings copies.
	nackMargin = 20 * time.Millisecond
	// nackSpacing between tries while the round trip is unknown, and at most.
	nackSpacing, nackSpacingMost = 100 * time.Millisecond, time.Second
	// nackMost packets are missing at once. More are a stream that stood still
	// or jumped: a key frame is cheaper than what they would bring.
	nackMost = 256
)

// nacks says which packets of one track to ask for again and when (RFC 4585
// section 6.2.1). It sees packets after RTX is unwrapped, so that what has
// been repaired isn't asked for again. Pure: time comes as an argument. The
// zero value is ready; owned by one Receiver.
type nacks struct {
	missing  []missing // in order of ext
	hopeless bool      // packets were given up since next last said so
	again    bool      // next last asked for one that it had asked for before
}

type missing struct {
	ext   int64 // sequence number, unwrapped
	tries int   // requests sent
	due   time.Time
}

// skipped notes that from..to were skipped by a packet that came now.
func (n *nacks) skipped(from, to int64, now time.Time) {
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

// arrived notes a packet that came late or by repair.
func (n *nacks) arrived(ext int64) {
	i, found := slices.BinarySearchFunc(n.missing, ext, func(m missing, ext int64) int { return int(m.ext - ext) })
	if found {
		n.missing = slices.Delete(n.missing, i, i+1)
	}
}

// next appends the numbers to ask for now to ask. hopeless tells that some
// packets are given up, once. wait is the time until the next call, negative
// when there is nothing to wait for. rtt is 0 while unknown.
func (n *nacks) next(now time.Time, rtt time.Duration, ask []uint16) (_ []uint16, hopeless bool, wait time.Duration) {
	spacing := nackSpacing
	if rtt > 0 {
		spacing = min(rtt+rtt/4+nackMargin, nackSpacingMost)
	}
	n.missing = slices.DeleteFunc(n.missing, func(m missing) bool {
		spent := m.tries == nackTries && !m.due.After(now)
		n.hopeless = n.hopeless || spent
		return spent
	})
	wait, n.again = -1, false
	for i := range n.missing {
		m := &n.missing[i]
		if !m.due.After(now) {
			ask = append(ask, uint16(m.ext))
			n.again = n.again || m.tries > 0
			m.tries++
			m.due = now.Add(spacing)
		}
		if left := m.due.Sub(now); wait < 0 || left < wait {
			wait = left
		}
	}
	hopeless, n.hopeless = n.hopeless, false
	return ask, hopeless, wait
}
