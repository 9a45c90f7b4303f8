package webm

import (
	"encoding/binary"
	"fmt"
	"math"
)

const (
	blockHeader = 4    // track number, relative time, flags
	flagKey     = 0x80 // of a SimpleBlock; no other flag is used
)

// AppendCluster appends a Cluster of the blocks, which are in order of time and
// span less than 32 s.
func AppendCluster(dst []byte, blocks []Block) ([]byte, error) {
	if len(blocks) == 0 {
		return nil, fmt.Errorf("cluster of no blocks")
	}
	base := blocks[0].MS
	size := int64(len(uintElement(idTimestamp, uint64(base))))
	for i, b := range blocks {
		n := b.Size()
		if err := checkBlock(b.Track, b.MS, n); err != nil {
			return nil, err
		}
		if i > 0 && b.MS < blocks[i-1].MS || b.MS-base > math.MaxInt16 {
			return nil, fmt.Errorf("block at %d ms after %d ms in a cluster from %d ms", b.MS, blocks[max(0, i-1)].MS, base)
		}
		size += blockLength(n)
	}
	dst = appendHeader(dst, idCluster, size)
	dst = append(dst, uintElement(idTimestamp, uint64(base))...)
	for _, b := range blocks {
		dst = appendBlockHeader(dst, b.Track, b.MS-base, b.Key, b.Size())
		dst = append(dst, b.Data...)
		for _, piece := range b.Rest {
			dst = append(dst, piece...)
		}
	}
	return dst, nil
}

// Size of the block's payload in bytes.
func (b Block) Size() int {
	n := len(b.Data)
	for _, piece := range b.Rest {
		n += len(piece)
	}
	return n
}

func checkBlock(track int, ms int64, size int) error {
	switch {
	case track != VideoTrack && track != AudioTrack:
		return fmt.Errorf("block of track %d", track)
	case ms < 0:
		return fmt.Errorf("block at %d ms", ms)
	case size == 0 || size > MaxBlock:
		return fmt.Errorf("block of %d bytes", size)
	}
	return nil
}

func blockLength(size int) int64 {
	return elementLength(idSimpleBlock, blockHeader+int64(size))
}

func appendBlockHeader(dst []byte, track int, relative int64, key bool, size int) []byte {
	dst = appendHeader(dst, idSimpleBlock, blockHeader+int64(size))
	dst = append(dst, 0x80|byte(track))
	dst = binary.BigEndian.AppendUint16(dst, uint16(relative))
	if key {
		return append(dst, flagKey)
	}
	return append(dst, 0)
}

// ParseCluster reads a Cluster that AppendCluster made, with nothing behind it.
// The blocks share its memory.
func ParseCluster(cluster []byte) ([]Block, error) {
	e, rest, err := cut(cluster)
	if err != nil {
		return nil, err
	}
	if e.id != idCluster || len(rest) > 0 {
		return nil, fmt.Errorf("%w: not one cluster", ErrFormat)
	}
	stamp, rest, err := cut(e.content)
	if err != nil {
		return nil, err
	}
	base, err := stamp.uint(idTimestamp)
	if err != nil {
		return nil, err
	}
	var blocks []Block
	for last := int64(base); len(rest) > 0; last = blocks[len(blocks)-1].MS {
		if e, rest, err = cut(rest); err != nil {
			return nil, err
		}
		b, err := parseBlock(e, int64(base), last)
		if err != nil {
			return nil, err
		}
		b.Offset = len(cluster) - len(rest) - len(b.Data)
		blocks = append(blocks, b)
	}
	if len(blocks) == 0 {
		return nil, fmt.Errorf("%w: cluster of no blocks", ErrFormat)
	}
	return blocks, nil
}

// parseBlock reads a SimpleBlock of a cluster from base on, not before last.
func parseBlock(e element, base, last int64) (Block, error) {
	if e.id != idSimpleBlock || len(e.content) <= blockHeader {
		return Block{}, fmt.Errorf("%w: element %X of %d bytes for a block", ErrFormat, e.id, len(e.content))
	}
	head, payload := e.content[:blockHeader], e.content[blockHeader:]
	b := Block{
		Track: int(head[0] & 0x7F), Key: head[3] == flagKey, Data: payload,
		MS: base + int64(int16(binary.BigEndian.Uint16(head[1:]))),
	}
	if head[0]&0x80 == 0 || head[3]&^flagKey != 0 || b.MS < last {
		return Block{}, fmt.Errorf("%w: block header % x after %d ms", ErrFormat, head, last)
	}
	if err := checkBlock(b.Track, b.MS, len(payload)); err != nil {
		return Block{}, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return b, nil
}
