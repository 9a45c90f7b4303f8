package relay

import (
	"container/list"
	"net"
	"sync"
)

// queue holds connections that have not shown yet what they want, the oldest
// first. It never makes a new one wait for those that say nothing.
type queue struct {
	most int

	mu    sync.Mutex // guards conns
	conns list.List  // of net.Conn
}

// enter adds a connection, and closes the oldest where there are too many. The
// one who has it calls leave once it has shown itself, or failed.
func (q *queue) enter(conn net.Conn) (leave func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.conns.Len() >= q.most {
		oldest := q.conns.Remove(q.conns.Front()).(net.Conn)
		_ = oldest.Close() // its handshake ends by that
	}
	place := q.conns.PushBack(conn)
	return func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.conns.Remove(place) // nothing if it was closed meanwhile
	}
}
