package recorder

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"verifycall/recorder/webm"
)

// A part is an append-only file: partMagic, then records. A record is written
// with one write and one fsync; it is whole or it is not there:
//
//	u32 length of what follows the checksum, u32 CRC-32C of that,
//	u32 length of the notes, notes (JSON), one WebM Cluster (or nothing)
//
// Integers are big-endian. The notes say of each block of the Cluster which
// frame it is, and hold what else was learnt meanwhile.
const (
	partMagic    = "VCPART1\n"
	partSuffix   = ".part"
	recordHeader = 8
	maxRecord    = 64 << 20 // bytes
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

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
	SHA256 string `json:"sha256"`
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

// encodeRecord gives the bytes of a record.
func encodeRecord(n notes, blocks []webm.Block) ([]byte, error) {
	text, err := json.Marshal(n)
	if err != nil {
		return nil, fmt.Errorf("notes: %w", err)
	}
	size := recordHeader + 4 + len(text)
	for _, b := range blocks {
		size += len(b.Data) + 16
	}
	rec := make([]byte, recordHeader, size+32)
	rec = binary.BigEndian.AppendUint32(rec, uint32(len(text)))
	rec = append(rec, text...)
	if len(blocks) > 0 {
		if rec, err = webm.AppendCluster(rec, blocks); err != nil {
			return nil, err
		}
	}
	payload := rec[recordHeader:]
	if len(payload) > maxRecord {
		return nil, fmt.Errorf("record of %d bytes", len(payload))
	}
	binary.BigEndian.PutUint32(rec[0:], uint32(len(payload)))
	binary.BigEndian.PutUint32(rec[4:], crc32.Checksum(payload, castagnoli))
	return rec, nil
}

// errTorn says that a part ends in something that is no whole record.
var errTorn = errors.New("torn record")

// record is one that was read.
type record struct {
	notes
	blocks []webm.Block // sharing the part's memory
	media  int64        // where their Cluster lies in the part
}

// parsePart reads the records of a part up to its end or the first that isn't
// whole; good is the length up to there.
func parsePart(part []byte) (records []record, good int64) {
	if !strings.HasPrefix(string(part[:min(len(part), len(partMagic))]), partMagic) {
		return nil, 0
	}
	at := len(partMagic)
	for at < len(part) {
		r, n, err := parseRecord(part[at:])
		if err != nil {
			break
		}
		r.media += int64(at)
		records = append(records, r)
		at += n
	}
	return records, int64(at)
}

func parseRecord(data []byte) (r record, n int, err error) {
	if len(data) < recordHeader+4 {
		return r, 0, errTorn
	}
	length := int64(binary.BigEndian.Uint32(data))
	if length < 4 || length > maxRecord || length > int64(len(data)-recordHeader) {
		return r, 0, errTorn
	}
	n = recordHeader + int(length)
	payload := data[recordHeader:n]
	if crc32.Checksum(payload, castagnoli) != binary.BigEndian.Uint32(data[4:]) {
		return r, 0, errTorn
	}
	text := int64(binary.BigEndian.Uint32(payload))
	if text > length-4 {
		return r, 0, errTorn
	}
	if err := json.Unmarshal(payload[4:4+text], &r.notes); err != nil {
		return r, 0, fmt.Errorf("%w: notes: %w", errTorn, err)
	}
	r.media = recordHeader + 4 + text
	if cluster := payload[4+text:]; len(cluster) > 0 {
		if r.blocks, err = webm.ParseCluster(cluster); err != nil {
			return r, 0, fmt.Errorf("%w: %w", errTorn, err)
		}
	}
	if len(r.blocks) != len(r.Frames) {
		return r, 0, fmt.Errorf("%w: %d blocks, notes of %d", errTorn, len(r.blocks), len(r.Frames))
	}
	return r, n, nil
}

// partPaths lists a recording's parts in the order of writing.
func partPaths(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), partSuffix) {
			paths = append(paths, filepath.Join(folder, e.Name()))
		}
	}
	slices.Sort(paths)
	return paths, nil
}

// partPath is the name of part number n, from 1.
func partPath(folder string, n int) string {
	return filepath.Join(folder, fmt.Sprintf("%06d%s", n, partSuffix))
}
