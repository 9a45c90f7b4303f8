package webm

import (
	"io"
	"time"
)

// Reader reads a file that Layout wrote.
type Reader struct{ r io.Reader }

// NewReader reads everything ahead of the media.
func NewReader(r io.Reader) (*Reader, error) { return &Reader{r}, nil }

// Tracks gives the file's tracks.
func (r *Reader) Tracks() []Track { return nil }

// Duration is the length that the file's header says.
func (r *Reader) Duration() time.Duration { return 0 }

// Next gives the next block; its Data is valid until the next call. After the
// last block and nothing behind it, the error is io.EOF.
func (r *Reader) Next() (Block, error) { return Block{}, io.EOF }
