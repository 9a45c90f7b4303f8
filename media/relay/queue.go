package relay

import (
	"container/list"
	"crypto/tls"
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

// cut closes a connection without a word, which could wait for the other side.
func cut(conn net.Conn) {
	switch c := conn.(type) {
	case *begun:
		cut(c.Conn)
	case *tls.Conn:
		cut(c.NetConn())
	default:
		_ = conn.Close()
	}
}

// enter adds a connection, and closes the oldest where there are too many. The
// one who has it calls leave once it has shown itself, or failed.
func (q *queue) enter(conn net.Conn) (leave func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.conns.Len() >= q.most {
		oldest := q.conns.Remove(q.conns.Front()).(net.Conn)
		cut(oldest) // its reader ends by that
	}
	place := q.conns.PushBack(conn)
	return func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.conns.Remove(place) // nothing if it was closed meanwhile
	}
}
