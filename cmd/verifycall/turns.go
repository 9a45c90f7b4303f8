package main

import (
	"context"
	"sync"

	"verifycall/rooms/queue"
)

// turns has the instant queue's turns given while the node runs.
type turns struct {
	hall *queue.Hall
	stop context.CancelFunc
	runs sync.WaitGroup
}

func (n *node) openQueue() *queue.Hall {
	n.turns.hall = queue.NewHall(n.Rooms, n.log)
	return n.turns.hall
}

func (n *node) startQueue() {
	ctx, cancel := context.WithCancel(context.Background())
	n.turns.stop = cancel
	n.turns.runs.Go(func() { n.turns.hall.Run(ctx, n.house.Refresh) })
}

// close returns when the turn that is being given is given.
func (t *turns) close() {
	if t.stop != nil {
		t.stop()
	}
	t.runs.Wait()
}
