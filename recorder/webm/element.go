package webm

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// element is one EBML element that was read.
type element struct {
	id      uint32
	content []byte
}

// parseHeader reads an element's ID and size, of which only the shortest forms
// are taken. n is 0 where data holds the beginning of a header only.
func parseHeader(data []byte) (id uint32, size int64, n int, err error) {
	if len(data) == 0 {
		return 0, 0, 0, nil
	}
	idLen := bits.LeadingZeros8(data[0]) + 1
	if idLen > 4 {
		return 0, 0, 0, fmt.Errorf("%w: element ID % x", ErrFormat, data[0])
	}
	if len(data) <= idLen {
		return 0, 0, 0, nil
	}
	for _, b := range data[:idLen] {
		id = id<<8 | uint32(b)
	}
	sizeLen := bits.LeadingZeros8(data[idLen]) + 1
	if sizeLen > 8 {
		return 0, 0, 0, fmt.Errorf("%w: element size % x", ErrFormat, data[idLen])
	}
	if len(data) < idLen+sizeLen {
		return 0, 0, 0, nil
	}
	v := uint64(data[idLen]) &^ (1 << (8 - sizeLen))
	for _, b := range data[idLen+1 : idLen+sizeLen] {
		v = v<<8 | uint64(b)
	}
	if size = int64(v); sizeLength(size) != sizeLen || idLength(id) != idLen {
		return 0, 0, 0, fmt.Errorf("%w: element %X with size %d in %d bytes", ErrFormat, id, size, sizeLen)
	}
	return id, size, idLen + sizeLen, nil
}

// cut takes the first element off data.
func cut(data []byte) (e element, rest []byte, err error) {
	id, size, n, err := parseHeader(data)
	if err != nil {
		return element{}, nil, err
	}
	if n == 0 || size > int64(len(data)-n) {
		return element{}, nil, fmt.Errorf("%w: element cut short", ErrFormat)
	}
	end := n + int(size)
	return element{id, data[n:end:end]}, data[end:], nil
}

// uint gives the number in an element that must have the ID.
func (e element) uint(id uint32) (uint64, error) {
	if e.id != id || len(e.content) == 0 || len(e.content) > 8 {
		return 0, fmt.Errorf("%w: element %X of %d bytes for the number %X", ErrFormat, e.id, len(e.content), id)
	}
	var b [8]byte
	copy(b[8-len(e.content):], e.content)
	v := binary.BigEndian.Uint64(b[:])
	if v >= 1<<63 {
		return 0, fmt.Errorf("%w: number %X is %d", ErrFormat, id, v)
	}
	return v, nil
}

// find gives the first child with the ID.
func (e element) find(id uint32) (element, error) {
	for rest := e.content; len(rest) > 0; {
		child, after, err := cut(rest)
		if err != nil {
			return element{}, err
		}
		if child.id == id {
			return child, nil
		}
		rest = after
	}
	return element{}, fmt.Errorf("%w: no element %X", ErrFormat, id)
}

// number gives the number in the first child with the ID.
func (e element) number(id uint32) (uint64, error) {
	child, err := e.find(id)
	if err != nil {
		return 0, err
	}
	return child.uint(id)
}
