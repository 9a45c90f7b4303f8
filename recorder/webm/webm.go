// Package webm writes and reads WebM files (RFC 9559, a subset of Matroska) of
// one VP8 and one Opus track. It is pure: no files, no clock, no goroutine.
//
// A file is written in two steps. During a call AppendCluster makes clusters,
// which stand for themselves; when all frames and their final times are known,
// a Layout places them into one seekable file with SeekHead, Cues and Duration
// ahead of the media. Reader reads what Layout writes, and nothing else.
package webm

import "errors"

// Numbers of the two tracks in each file.
const (
	VideoTrack = 1 // V_VP8
	AudioTrack = 2 // A_OPUS, 48 kHz, two channels (RFC 7587 section 4.1)
)

// MaxBlock bounds the payload of one block in bytes.
const MaxBlock = 8 << 20

// ErrFormat is wrapped by each error that concerns the bytes read, as opposed
// to reading them.
var ErrFormat = errors.New("no WebM file of the kind written here")

// Track describes one track of a file.
type Track struct {
	Number        int    // VideoTrack or AudioTrack
	Codec         string // "V_VP8" or "A_OPUS"
	Width, Height int    // in pixels, of the largest key frame; zero for audio
}

// Block is one frame.
type Block struct {
	Track int   // VideoTrack or AudioTrack
	MS    int64 // time from the start of the file in milliseconds
	Key   bool  // VP8 key frame; true for each Opus packet
	Data  []byte
	Rest  [][]byte // what follows Data in a block that lies in pieces, for AppendCluster

	Offset int // of Data in a cluster that ParseCluster read; otherwise zero
}
