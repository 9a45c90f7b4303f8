package signaling

import (
	"sync"
	"time"
)

// looks remembers what a session has looked at or begun to play, so that one
// playing, which takes many range requests, is logged once.
type looks struct {
	mu    sync.Mutex // guards began; never held while logging
	began map[string]*look
}

// look is one logging. done is closed when it was tried; logged is set before.
type look struct {
	at     time.Time
	done   chan struct{}
	logged bool
}

func newLooks() *looks { return &looks{began: make(map[string]*look)} }

// once runs log the first time that key is looked at in a session's life. Others
// that come meanwhile wait for it, and try themselves if it failed.
func (l *looks) once(key string, now time.Time, log func() error) error {
	for {
		mine, first := l.claim(key, now)
		if first {
			err := log()
			l.settle(key, mine, err == nil)
			return err
		}
		<-mine.done
		if mine.logged {
			return nil
		}
	}
}

func (l *looks) claim(key string, now time.Time) (*look, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for k, old := range l.began {
		if now.Sub(old.at) > staffSession {
			delete(l.began, k)
		}
	}
	if known := l.began[key]; known != nil {
		return known, false
	}
	fresh := &look{at: now, done: make(chan struct{})}
	l.began[key] = fresh
	return fresh, true
}

// note says that key was looked at and logged by somebody else than once.
func (l *looks) note(key string, now time.Time) {
	if mine, first := l.claim(key, now); first {
		l.settle(key, mine, true)
	}
}

func (l *looks) settle(key string, mine *look, logged bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	mine.logged = logged
	if !logged && l.began[key] == mine {
		delete(l.began, key)
	}
	close(mine.done)
}
