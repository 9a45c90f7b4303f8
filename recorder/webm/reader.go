package webm

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// maxHead bounds each element ahead of the media in bytes; a cue has 27, so
// that is more than 600,000 key frames.
const maxHead = 16 << 20

// Reader reads a file that a Layout wrote, front to back in constant memory. It
// is strict: other elements, another order, longer encodings, positions that
// point elsewhere, bytes missing or left over are all refused.
type Reader struct {
	src     *bufio.Reader
	header  Header
	cues    []cue
	left    int64 // bytes of the Segment not yet read
	segment int64 // its size
	cluster struct {
		left int64
		base int64
		last int64 // time of the last block
	}
	next int // cue that comes next
	buf  []byte
}

// NewReader reads everything ahead of the media. Errors wrap ErrFormat or are
// those of r.
func NewReader(r io.Reader) (*Reader, error) {
	rd := &Reader{src: bufio.NewReaderSize(r, 64<<10)}
	rd.left = math.MaxInt64
	head, err := rd.take(idEBML, 256)
	if err != nil {
		return nil, err
	}
	size, err := rd.open(idSegment)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(fileHead(size), appendHeader(bytes.Clone(head.whole), idSegment, size)) {
		return nil, fmt.Errorf("%w: EBML header", ErrFormat)
	}
	rd.left, rd.segment = size, size
	if err := rd.readHead(); err != nil {
		return nil, err
	}
	return rd, nil
}

// readHead reads SeekHead, Info, Tracks and Cues, and compares them with what a
// Layout would have written of the values in them.
func (rd *Reader) readHead() error {
	var raw []byte
	for _, id := range []uint32{idSeekHead, idInfo, idTracks, idCues} {
		if id == idCues {
			if next, err := rd.peek(); err != nil {
				return err
			} else if next != idCues {
				continue
			}
		}
		e, err := rd.take(id, maxHead)
		if err != nil {
			return err
		}
		raw = append(raw, e.whole...)
		switch id {
		case idInfo:
			err = rd.header.parseInfo(e.element)
		case idTracks:
			err = rd.header.parseTracks(e.element)
		case idCues:
			rd.cues, err = parseCues(e.element)
		}
		if err != nil {
			return err
		}
	}
	if err := rd.header.check(); err != nil {
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if !bytes.Equal(raw, rd.header.encode(rd.cues)) {
		return fmt.Errorf("%w: head", ErrFormat)
	}
	return nil
}

// Header gives what the file says ahead of its media.
func (rd *Reader) Header() Header { return rd.header }

// Tracks gives the file's tracks, video first.
func (rd *Reader) Tracks() []Track { return rd.header.Tracks }

// Duration is the length that the file's header says.
func (rd *Reader) Duration() time.Duration { return rd.header.Duration }

// Next gives the next block; its Data is valid until the next call. After the
// last block, with nothing behind it, the error is io.EOF; other errors wrap
// ErrFormat or are the source's.
func (rd *Reader) Next() (Block, error) {
	if rd.cluster.left == 0 {
		if rd.left == 0 {
			return Block{}, rd.end()
		}
		if err := rd.openCluster(); err != nil {
			return Block{}, err
		}
	}
	before := rd.left
	e, err := rd.take(idSimpleBlock, MaxBlock+blockHeader)
	if err != nil {
		return Block{}, err
	}
	if rd.cluster.left -= before - rd.left; rd.cluster.left < 0 {
		return Block{}, fmt.Errorf("%w: block reaches beyond its cluster", ErrFormat)
	}
	b, err := parseBlock(e.element, rd.cluster.base, rd.cluster.last)
	if err != nil {
		return Block{}, err
	}
	rd.cluster.last = b.MS
	return b, nil
}

// openCluster reads a cluster's beginning and checks the cue for it.
func (rd *Reader) openCluster() error {
	position := rd.segment - rd.left
	size, err := rd.open(idCluster)
	if err != nil {
		return err
	}
	before := rd.left
	stamp, err := rd.take(idTimestamp, 8)
	if err != nil {
		return err
	}
	base, err := stamp.uint(idTimestamp)
	if err != nil {
		return err
	}
	rd.cluster.left = size - (before - rd.left)
	if rd.cluster.left <= 0 || int64(base) < rd.cluster.last || !bytes.Equal(stamp.whole, uintElement(idTimestamp, base)) {
		return fmt.Errorf("%w: cluster at %d ms with %d bytes", ErrFormat, base, size)
	}
	rd.cluster.base, rd.cluster.last = int64(base), int64(base)
	if rd.next < len(rd.cues) && rd.cues[rd.next].position == position {
		if rd.cues[rd.next].ms != int64(base) {
			return fmt.Errorf("%w: cue for %d ms points to %d ms", ErrFormat, rd.cues[rd.next].ms, base)
		}
		rd.next++
	}
	return nil
}

// end checks that nothing is missing and nothing follows.
func (rd *Reader) end() error {
	if rd.next != len(rd.cues) {
		return fmt.Errorf("%w: cue points to no cluster", ErrFormat)
	}
	switch _, err := rd.src.ReadByte(); {
	case err == nil:
		return fmt.Errorf("%w: bytes behind the end", ErrFormat)
	default:
		return err
	}
}

// read is an element together with its header's bytes, in the Reader's buffer.
type read struct {
	element
	whole []byte
}

// peek gives the ID of the element that comes next; 0 at the Segment's end.
func (rd *Reader) peek() (uint32, error) {
	if rd.left == 0 {
		return 0, nil
	}
	id, _, _, err := rd.peekHeader()
	return id, err
}

func (rd *Reader) peekHeader() (id uint32, size int64, n int, err error) {
	ahead, readErr := rd.src.Peek(12)
	id, size, n, err = parseHeader(ahead)
	if err == nil && n == 0 {
		err = cutShort(readErr)
	}
	if err == nil && size > rd.left-int64(n) {
		err = fmt.Errorf("%w: element %X of %d bytes where %d are left", ErrFormat, id, size, rd.left)
	}
	return id, size, n, err
}

// open reads the header of an element that must have the ID.
func (rd *Reader) open(want uint32) (size int64, err error) {
	id, size, n, err := rd.peekHeader()
	if err != nil {
		return 0, err
	}
	if id != want {
		return 0, fmt.Errorf("%w: element %X where %X belongs", ErrFormat, id, want)
	}
	_, _ = rd.src.Discard(n) // they were peeked
	rd.left -= int64(n)
	return size, nil
}

// take reads an element that must have the ID and at most limit bytes.
func (rd *Reader) take(id uint32, limit int64) (read, error) {
	_, _, n, err := rd.peekHeader()
	if err != nil {
		return read{}, err
	}
	head, _ := rd.src.Peek(n)
	rd.buf = append(rd.buf[:0], head...)
	size, err := rd.open(id)
	if err != nil {
		return read{}, err
	}
	if size > limit {
		return read{}, fmt.Errorf("%w: element %X of %d bytes, at most %d", ErrFormat, id, size, limit)
	}
	// In steps, so that memory grows with what is there, not with what is claimed.
	for want := int64(n) + size; int64(len(rd.buf)) < want; {
		at := len(rd.buf)
		step := int(min(want-int64(at), 1<<20))
		rd.buf = append(rd.buf, make([]byte, step)...)
		if _, err := io.ReadFull(rd.src, rd.buf[at:]); err != nil {
			return read{}, cutShort(err)
		}
	}
	rd.left -= size
	return read{element{id, rd.buf[n:]}, rd.buf}, nil
}

// cutShort makes the end of the source an error of format.
func cutShort(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: cut short", ErrFormat)
	}
	return fmt.Errorf("read webm: %w", err)
}
