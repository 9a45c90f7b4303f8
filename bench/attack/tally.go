package main

import (
	"fmt"
	"sync"
	"time"
)

// tally is what came of one kind of attack. Its methods may be called from
// several goroutines.
type tally struct {
	took time.Duration

	mu                   sync.Mutex // guards what follows
	tried, refused, harm int
	why                  []string // the harm, at most maxWhy
}

const maxWhy = 8

// want counts a try that was refused, or did harm.
func (t *tally) want(refused bool, format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tried++
	if refused {
		t.refused++
		return
	}
	t.harm++
	if len(t.why) < maxWhy {
		t.why = append(t.why, fmt.Sprintf(format, args...))
	}
}

// harmless counts tries that were let in and did nothing.
func (t *tally) harmless(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tried += n
}

// refusals counts many refused ones.
func (t *tally) refusals(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tried, t.refused = t.tried+n, t.refused+n
}

// failed counts what shows that the attack itself couldn't be made: nothing is
// known then, which is no safety.
func (t *tally) failed(what string, err error) bool {
	if err == nil {
		return false
	}
	t.want(false, "%s: the attack could not be made: %v", what, err)
	return true
}
