package recorder

import "sync"

// chunkSize of an arena: some 170 ms of video at 1.5 Mbit/s.
const chunkSize = 32 << 10

// chunks are those that no arena holds.
var chunks = sync.Pool{New: func() any { return new([chunkSize]byte) }}

// arena gives memory for the frames of a batch, all of it given back at once:
// frames come and go at the rate of the media, which is too much for the
// garbage collector of a process that is small otherwise. Owned by Recording.run;
// the zero value is ready.
type arena struct {
	held []*[chunkSize]byte
	left []byte // of the newest
}

// alloc gives an empty slice with room for size bytes, valid until free. One that
// is larger than a chunk is the collector's.
func (a *arena) alloc(size int) []byte {
	if size > chunkSize {
		return make([]byte, 0, size)
	}
	if size > len(a.left) {
		c := chunks.Get().(*[chunkSize]byte)
		a.held, a.left = append(a.held, c), c[:]
	}
	b := a.left[:0:size]
	a.left = a.left[size:]
	return b
}

// free takes everything back.
func (a *arena) free() {
	for i, c := range a.held {
		*c = [chunkSize]byte{} // nobody's picture stays in memory
		chunks.Put(c)
		a.held[i] = nil
	}
	a.held, a.left = a.held[:0], nil
}

// buffers are for what lives as long as a record is encoded and written.
var buffers = sync.Pool{New: func() any { return new([]byte) }}
