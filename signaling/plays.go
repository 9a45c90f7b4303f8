package signaling

import (
	"sync"
	"time"
)

// plays remembers which recordings a session has begun to play, so that one
// playing, which takes many range requests, is logged once.
type plays struct {
	mu    sync.Mutex // guards began; never held while logging
	began map[string]*play
}

// play is one logging. done is closed when it was tried; logged is set before.
type play struct {
	at     time.Time
	done   chan struct{}
	logged bool
}

func newPlays() *plays { return &plays{began: make(map[string]*play)} }

// once runs log the first time that key is played in a session's life. Others
// that come meanwhile wait for it, and try themselves if it failed.
func (p *plays) once(key string, now time.Time, log func() error) error {
	for {
		mine, first := p.claim(key, now)
		if first {
			err := log()
			p.settle(key, mine, err == nil)
			return err
		}
		<-mine.done
		if mine.logged {
			return nil
		}
	}
}

func (p *plays) claim(key string, now time.Time) (*play, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for k, old := range p.began {
		if now.Sub(old.at) > staffSession {
			delete(p.began, k)
		}
	}
	if known := p.began[key]; known != nil {
		return known, false
	}
	fresh := &play{at: now, done: make(chan struct{})}
	p.began[key] = fresh
	return fresh, true
}

func (p *plays) settle(key string, mine *play, logged bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	mine.logged = logged
	if !logged && p.began[key] == mine {
		delete(p.began, key)
	}
	close(mine.done)
}
