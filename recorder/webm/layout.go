package webm

import (
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

// ClusterSpan is the longest time from a cluster's first block to its last.
const ClusterSpan = 5 * time.Second

// Placed is a block that a Layout gives its place, without the payload.
type Placed struct {
	Track int
	MS    int64 // from the start of the file, never less than the one before
	Key   bool
	Size  int // bytes, at most MaxBlock
}

// Layout is the plan of one file: where everything will lie is known before
// the first byte is written, so the file needs no seeking back. The same
// blocks give the same bytes.
type Layout struct {
	blocks   []Placed
	clusters []extent
	head     []byte // everything ahead of the first cluster
	size     int64  // of the file
}

// extent is a cluster: blocks[from:to], size bytes of content.
type extent struct {
	from, to int
	base     int64 // ms
	size     int64
}

// Header is what a file says ahead of its media.
type Header struct {
	Tracks   []Track
	Start    time.Time     // DateUTC: wall time of the file's time zero, 2001 or later
	Duration time.Duration // in whole milliseconds
}

// NewLayout plans a file of the blocks. Each video key frame begins a cluster
// and has a cue; a file without video has one for each cluster.
func NewLayout(h Header, blocks []Placed) (*Layout, error) {
	l := &Layout{blocks: blocks}
	if err := h.check(); err != nil {
		return nil, err
	}
	video := false
	for _, t := range h.Tracks {
		video = video || t.Number == VideoTrack
	}
	var cues []cue
	for i, b := range blocks {
		if err := checkBlock(b.Track, b.MS, b.Size); err != nil {
			return nil, fmt.Errorf("webm: %w", err)
		}
		if i > 0 && b.MS < blocks[i-1].MS {
			return nil, fmt.Errorf("webm: block %d at %d ms after %d ms", i, b.MS, blocks[i-1].MS)
		}
		seekable := b.Key && b.Track == VideoTrack
		if n := len(l.clusters); n == 0 || seekable || b.MS-l.clusters[n-1].base > ClusterSpan.Milliseconds() {
			l.clusters = append(l.clusters, extent{from: i, base: b.MS, size: int64(len(uintElement(idTimestamp, uint64(b.MS))))})
			if seekable || !video {
				cues = append(cues, cue{ms: b.MS, track: b.Track, cluster: len(l.clusters) - 1})
			}
		}
		c := &l.clusters[len(l.clusters)-1]
		c.to, c.size = i+1, c.size+blockLength(b.Size)
	}
	l.place(h, cues)
	return l, nil
}

func (h Header) check() error {
	seen := 0
	for _, t := range h.Tracks {
		known := t.Number == VideoTrack && t.Codec == "V_VP8" && t.Width > 0 && t.Height > 0 ||
			t.Number == AudioTrack && t.Codec == "A_OPUS"
		if !known || t.Number <= seen {
			return fmt.Errorf("webm: track %+v", t)
		}
		seen = t.Number
	}
	if h.Start.Before(epoch) || h.Start.Year() > 2200 || h.Duration < 0 || seen == 0 {
		return fmt.Errorf("webm: header %+v", h)
	}
	return nil
}

// place fixes all positions. Those in the head are of fixed width, so that its
// length is known before they are.
func (l *Layout) place(h Header, cues []cue) {
	var media int64
	starts := make([]int64, len(l.clusters))
	for i, c := range l.clusters {
		starts[i] = media
		media += elementLength(idCluster, c.size)
	}
	ahead := int64(len(h.encode(cues)))
	for i := range cues {
		cues[i].position = ahead + starts[cues[i].cluster]
	}
	l.head = append(fileHead(ahead+media), h.encode(cues)...)
	l.size = int64(len(l.head)) + media
}

// Size is the length of the file in bytes.
func (l *Layout) Size() int64 { return l.size }

// Write writes the file. payload gives block i's bytes, valid until its next
// call; it is called once for each block in order.
func (l *Layout) Write(w io.Writer, payload func(i int) ([]byte, error)) error {
	if _, err := w.Write(l.head); err != nil {
		return fmt.Errorf("webm: %w", err)
	}
	var buf []byte
	for _, c := range l.clusters {
		buf = appendHeader(buf[:0], idCluster, c.size)
		buf = append(buf, uintElement(idTimestamp, uint64(c.base))...)
		for i := c.from; i < c.to; i++ {
			b := l.blocks[i]
			data, err := payload(i)
			if err != nil {
				return err
			}
			if len(data) != b.Size {
				return fmt.Errorf("webm: block %d has %d bytes, planned were %d", i, len(data), b.Size)
			}
			buf = appendBlockHeader(buf, b.Track, b.MS-c.base, b.Key, b.Size)
			buf = append(buf, data...)
			if len(buf) < writeSize && i+1 < c.to {
				continue
			}
			if _, err := w.Write(buf); err != nil {
				return fmt.Errorf("webm: %w", err)
			}
			buf = buf[:0]
		}
	}
	return nil
}

// writeSize is about how many bytes one write has.
const writeSize = 256 << 10

// epoch is time zero of DateUTC (RFC 8794 section 7.6).
var epoch = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)

// cue says that the cluster at a position within the Segment begins at ms.
type cue struct {
	ms       int64
	track    int
	cluster  int
	position int64
}

// fileHead is the EBML header and the beginning of a Segment of size bytes.
func fileHead(size int64) []byte {
	head := appendMaster(nil, idEBML,
		uintElement(idEBMLVersion, 1), uintElement(idEBMLReadVersion, 1),
		uintElement(idEBMLMaxIDLength, 4), uintElement(idEBMLMaxSizeLength, 8),
		stringElement(idDocType, "webm"), uintElement(idDocTypeVersion, 4), uintElement(idDocTypeReadVersion, 2))
	return appendHeader(head, idSegment, size)
}

// encode gives SeekHead, Info, Tracks and Cues. Its length depends on the
// number of cues alone, not on their values.
func (h Header) encode(cues []cue) []byte {
	info, tracks, index := h.info(), h.tracks(), encodeCues(cues)
	seek := func(id uint32, position int) []byte {
		return appendMaster(nil, idSeek, appendElement(nil, idSeekID, appendID(nil, id)), fixedElement(idSeekPosition, uint64(position)))
	}
	seekHead := func(at int) []byte {
		entries := [][]byte{seek(idInfo, at), seek(idTracks, at+len(info))}
		if len(index) > 0 {
			entries = append(entries, seek(idCues, at+len(info)+len(tracks)))
		}
		return appendMaster(nil, idSeekHead, entries...)
	}
	out := seekHead(len(seekHead(0)))
	out = append(append(out, info...), tracks...)
	return append(out, index...)
}

func (h Header) info() []byte {
	date := appendElement(nil, idDateUTC, binary.BigEndian.AppendUint64(nil, uint64(h.Start.Sub(epoch))))
	return appendMaster(nil, idInfo,
		uintElement(idTimestampScale, 1_000_000), floatElement(idDuration, float64(h.Duration.Milliseconds())), date,
		stringElement(idMuxingApp, "verifycall"), stringElement(idWritingApp, "verifycall"))
}

func (h Header) tracks() []byte {
	var entries [][]byte
	for _, t := range h.Tracks {
		common := [][]byte{uintElement(idTrackNumber, uint64(t.Number)), uintElement(idTrackUID, uint64(t.Number)),
			uintElement(idTrackType, uint64(t.Number)), // 1 video, 2 audio: our numbers are the format's types
			uintElement(idFlagLacing, 0), stringElement(idCodecID, t.Codec)}
		if t.Number == VideoTrack {
			common = append(common, appendMaster(nil, idVideo,
				uintElement(idPixelWidth, uint64(t.Width)), uintElement(idPixelHeight, uint64(t.Height))))
		} else {
			common = append(common, appendElement(nil, idCodecPrivate, opusHead), uintElement(idCodecDelay, 0),
				uintElement(idSeekPreRoll, 80_000_000), // ns
				appendMaster(nil, idAudio, floatElement(idSamplingFrequency, 48000), uintElement(idChannels, 2)))
		}
		entries = append(entries, appendMaster(nil, idTrackEntry, common...))
	}
	return appendMaster(nil, idTracks, entries...)
}

// opusHead is the identification header of RFC 7845 section 5.1: version 1, two
// channels, no pre-skip (a tap begins in the middle of a stream), 48 kHz, no
// gain, mapping family 0.
var opusHead = []byte("OpusHead\x01\x02\x00\x00\x80\xbb\x00\x00\x00\x00\x00")

func encodeCues(cues []cue) []byte {
	if len(cues) == 0 {
		return nil
	}
	points := make([][]byte, len(cues))
	for i, c := range cues {
		points[i] = appendMaster(nil, idCuePoint, fixedElement(idCueTime, uint64(c.ms)),
			appendMaster(nil, idCueTrackPositions, uintElement(idCueTrack, uint64(c.track)), fixedElement(idCueClusterPosition, uint64(c.position))))
	}
	return appendMaster(nil, idCues, points...)
}
