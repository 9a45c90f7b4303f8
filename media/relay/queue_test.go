package relay

import (
	"net"
	"testing"
)

// Whoever says nothing is closed first, and nobody waits for them.
func TestTheSilentMakeRoom(t *testing.T) {
	q := queue{most: 2}
	pipe := func() (ours, theirs net.Conn) {
		ours, theirs = net.Pipe()
		t.Cleanup(func() { _, _ = ours.Close(), theirs.Close() }) // closed already in part
		return ours, theirs
	}
	oldest, oldestPeer := pipe()
	second, secondPeer := pipe()
	third, _ := pipe()
	leaveOldest := q.enter(oldest)
	q.enter(second)
	leaveThird := q.enter(third)
	if _, err := oldestPeer.Read(make([]byte, 1)); err == nil {
		t.Error("the oldest was not closed")
	}
	go func() { _, _ = second.Write([]byte{1}) }() // shown by what is read
	if _, err := secondPeer.Read(make([]byte, 1)); err != nil {
		t.Errorf("the second was closed: %v", err)
	}
	leaveOldest() // takes nobody's place
	leaveThird()
	if n := q.conns.Len(); n != 1 {
		t.Errorf("%d are kept, want the second alone", n)
	}
}
