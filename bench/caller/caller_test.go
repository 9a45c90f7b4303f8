package caller

import (
	"context"
	"testing"
	"time"

	"verifycall/media"
)

// Two callers hear each other over a media node: what one sends from a key
// frame on, the other gets, and knows when it was sent.
func TestCallers(t *testing.T) {
	node, err := media.NewNode(media.Config{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer node.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	started := make(chan *media.Receiver, 4)
	var sides [2]*media.Transport
	var callers [2]*Caller
	for i := range sides {
		if sides[i], err = node.NewTransport(func(e media.Event) {
			if e, ok := e.(media.TrackStarted); ok {
				started <- e.R
			}
		}); err != nil {
			t.Fatal(err)
		}
		if callers[i], err = New(); err != nil {
			t.Fatal(err)
		}
		defer callers[i].Close()
		if _, err := callers[i].Join(ctx, sides[i].Answer); err != nil {
			t.Fatal(err)
		}
		callers[i].Send(0)
	}
	for range 4 {
		<-started
	}
	for i, side := range sides {
		for _, kind := range []media.Kind{media.Audio, media.Video} {
			side.Play(kind, sides[1-i].Receiver(kind))
		}
	}
	callers[0].Measure(true)
	for {
		if sent, _, _ := callers[0].Counts(); sent > 700 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	callers[0].Measure(false)
	for ctx.Err() == nil {
		sent, _, _ := callers[0].Counts()
		_, received, delays := callers[1].Counts()
		if received > sent/2 && len(delays) == int(received) { // what was sent before the first key frame isn't forwarded
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	sent, _, _ := callers[0].Counts()
	_, received, _ := callers[1].Counts()
	t.Errorf("%d of %d packets arrived", received, sent)
}
