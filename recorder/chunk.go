package recorder

import (
	"sync"
	"sync/atomic"
)

// chunkSize of payloads: some 170 ms of video at 1.5 Mbit/s. With what else a chunk
// has it is 32 KiB, the largest that the allocator doesn't round up.
const chunkSize = 32<<10 - 16

// chunk is where packets' payloads lie from their Tap to the record that holds
// them: they are copied in once, and out once. It goes back when nobody holds any of
// them: frames come and go at the rate of the media, which is too much for the
// garbage collector of a process that is small otherwise.
type chunk struct {
	holders atomic.Int32 // a packet in it each, and the queue while it fills it
	used    int          // bytes; the queue's, and of the last holder
	bytes   [chunkSize]byte
}

// chunks are those that nobody holds.
var chunks = sync.Pool{New: func() any { return new(chunk) }}

// newChunk is held once.
func newChunk() *chunk {
	c := chunks.Get().(*chunk)
	c.holders.Store(1)
	return c
}

// release ends a hold. The receiver may be nil, of what is the collector's.
func (c *chunk) release() {
	if c != nil && c.holders.Add(-1) == 0 {
		clear(c.bytes[:c.used]) // nobody's picture stays in memory
		c.used = 0
		chunks.Put(c)
	}
}

// buffers are for what lives as long as a record is encoded and written.
var buffers = sync.Pool{New: func() any { return new([]byte) }}
