package recorder

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
)

// notes are what a record says beside its Cluster.
type notes struct {
	Serial  int64        `json:"serial"` // counts records; one that is written again has the same
	Streams []streamNote `json:"streams,omitempty"`
	Frames  []frameNote  `json:"frames,omitempty"` // of the Cluster's blocks, in order
	Reports []reportNote `json:"reports,omitempty"`
	End     *endNote     `json:"end,omitempty"`
}

// streamNote introduces an RTP stream: one tap's.
type streamNote struct {
	Stream int    `json:"s"` // 1-based within the recording
	Kind   string `json:"kind"`
	Rate   uint32 `json:"rate"` // RTP ticks per second
}

// frameNote describes a frame. Times are microseconds since the start.
type frameNote struct {
	Stream int    `json:"s"`
	RTP    uint32 `json:"rtp"`
	US     int64  `json:"us"` // arrival of the first packet
	Key    bool   `json:"key,omitempty"`
	Width  int    `json:"w,omitempty"` // of a VP8 key frame
	Height int    `json:"h,omitempty"`
	SHA256 digest `json:"sha256"`
	Break  string `json:"break,omitempty"` // cause, if frames are missing before this one
}

// reportNote is an RTCP sender report.
type reportNote struct {
	Stream int    `json:"s"`
	NTP    uint64 `json:"ntp"`
	RTP    uint32 `json:"rtp"`
	US     int64  `json:"us"` // arrival
}

// endNote is the last word of a recording.
type endNote struct {
	US     int64             `json:"us"`
	Cause  string            `json:"cause"`
	Tapped []string          `json:"tapped,omitempty"` // kinds
	Breaks map[string]string `json:"breaks,omitempty"` // kind → cause, if frames are missing at the end
}

// digest is the SHA-256 of a frame, in JSON in hex.
type digest [sha256.Size]byte

// String is the digest in hex.
func (d digest) String() string { return hex.EncodeToString(d[:]) }

// MarshalText implements encoding.TextMarshaler.
func (d digest) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, d[:]), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *digest) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(d)) {
		return fmt.Errorf("digest of %d characters", len(text))
	}
	_, err := hex.Decode(d[:], text)
	return err
}

// appendTo appends the notes as JSON, as json.Marshal has them: a record has some
// 150 frames, and theirs would be what the collector runs for.
func (n notes) appendTo(dst []byte) ([]byte, error) {
	dst = strconv.AppendInt(append(dst, `{"serial":`...), n.Serial, 10)
	var err error
	if len(n.Streams) > 0 {
		if dst, err = appendJSON(append(dst, `,"streams":`...), n.Streams); err != nil {
			return nil, err
		}
	}
	for i, f := range n.Frames {
		if dst, err = f.appendTo(append(dst, opening(i, `,"frames":[`)...)); err != nil {
			return nil, err
		}
	}
	dst = append(dst, closing(len(n.Frames))...)
	for i, r := range n.Reports {
		dst = r.appendTo(append(dst, opening(i, `,"reports":[`)...))
	}
	dst = append(dst, closing(len(n.Reports))...)
	if n.End != nil {
		if dst, err = appendJSON(append(dst, `,"end":`...), n.End); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

// opening is what stands before element i of a list.
func opening(i int, first string) string {
	if i > 0 {
		return ","
	}
	return first
}

// closing is what stands behind a list of n.
func closing(n int) string {
	if n > 0 {
		return "]"
	}
	return ""
}

func (f frameNote) appendTo(dst []byte) ([]byte, error) {
	dst = strconv.AppendInt(append(dst, `{"s":`...), int64(f.Stream), 10)
	dst = strconv.AppendUint(append(dst, `,"rtp":`...), uint64(f.RTP), 10)
	dst = strconv.AppendInt(append(dst, `,"us":`...), f.US, 10)
	if f.Key {
		dst = append(dst, `,"key":true`...)
	}
	if f.Width != 0 {
		dst = strconv.AppendInt(append(dst, `,"w":`...), int64(f.Width), 10)
	}
	if f.Height != 0 {
		dst = strconv.AppendInt(append(dst, `,"h":`...), int64(f.Height), 10)
	}
	dst = append(hex.AppendEncode(append(dst, `,"sha256":"`...), f.SHA256[:]), '"')
	if f.Break != "" {
		var err error
		if dst, err = appendJSON(append(dst, `,"break":`...), f.Break); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

func (r reportNote) appendTo(dst []byte) []byte {
	dst = strconv.AppendInt(append(dst, `{"s":`...), int64(r.Stream), 10)
	dst = strconv.AppendUint(append(dst, `,"ntp":`...), r.NTP, 10)
	dst = strconv.AppendUint(append(dst, `,"rtp":`...), uint64(r.RTP), 10)
	dst = strconv.AppendInt(append(dst, `,"us":`...), r.US, 10)
	return append(dst, '}')
}

// appendJSON appends what is rare enough to be left to encoding/json.
func appendJSON(dst []byte, v any) ([]byte, error) {
	text, err := json.Marshal(v)
	return append(dst, text...), err
}
