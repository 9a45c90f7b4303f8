package webm

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// Element IDs (RFC 8794 section 11, RFC 9559 section 5).
const (
	idEBML               = 0x1A45DFA3
	idEBMLVersion        = 0x4286
	idEBMLReadVersion    = 0x42F7
	idEBMLMaxIDLength    = 0x42F2
	idEBMLMaxSizeLength  = 0x42F3
	idDocType            = 0x4282
	idDocTypeVersion     = 0x4287
	idDocTypeReadVersion = 0x4285

	idSegment = 0x18538067

	idSeekHead     = 0x114D9B74
	idSeek         = 0x4DBB
	idSeekID       = 0x53AB
	idSeekPosition = 0x53AC

	idInfo           = 0x1549A966
	idTimestampScale = 0x2AD7B1
	idDuration       = 0x4489
	idDateUTC        = 0x4461
	idMuxingApp      = 0x4D80
	idWritingApp     = 0x5741

	idTracks            = 0x1654AE6B
	idTrackEntry        = 0xAE
	idTrackNumber       = 0xD7
	idTrackUID          = 0x73C5
	idTrackType         = 0x83
	idFlagLacing        = 0x9C
	idCodecID           = 0x86
	idCodecPrivate      = 0x63A2
	idCodecDelay        = 0x56AA
	idSeekPreRoll       = 0x56BB
	idVideo             = 0xE0
	idPixelWidth        = 0xB0
	idPixelHeight       = 0xBA
	idAudio             = 0xE1
	idSamplingFrequency = 0xB5
	idChannels          = 0x9F

	idCues               = 0x1C53BB6B
	idCuePoint           = 0xBB
	idCueTime            = 0xB3
	idCueTrackPositions  = 0xB7
	idCueTrack           = 0xF7
	idCueClusterPosition = 0xF1

	idCluster     = 0x1F43B675
	idTimestamp   = 0xE7
	idSimpleBlock = 0xA3
)

// idLength is the number of bytes of an element ID; its marker bit is part of it.
func idLength(id uint32) int { return (bits.Len32(id) + 7) / 8 }

// sizeLength is the number of bytes of the shortest element data size (RFC 8794
// section 6). The all-ones value of each length means "unknown" and is avoided.
func sizeLength(n int64) int { return (bits.Len64(uint64(n)+1) + 6) / 7 }

// elementLength is the number of bytes of an element around n bytes.
func elementLength(id uint32, n int64) int64 {
	return int64(idLength(id)+sizeLength(n)) + n
}

func appendID(dst []byte, id uint32) []byte {
	for i := idLength(id) - 1; i >= 0; i-- {
		dst = append(dst, byte(id>>(8*i)))
	}
	return dst
}

func appendSize(dst []byte, n int64) []byte {
	length := sizeLength(n)
	v := uint64(n) | 1<<(7*length)
	for i := length - 1; i >= 0; i-- {
		dst = append(dst, byte(v>>(8*i)))
	}
	return dst
}

func appendHeader(dst []byte, id uint32, n int64) []byte {
	return appendSize(appendID(dst, id), n)
}

func appendElement(dst []byte, id uint32, content []byte) []byte {
	return append(appendHeader(dst, id, int64(len(content))), content...)
}

// appendMaster appends an element of which parts are the whole elements within.
func appendMaster(dst []byte, id uint32, parts ...[]byte) []byte {
	var n int64
	for _, p := range parts {
		n += int64(len(p))
	}
	dst = appendHeader(dst, id, n)
	for _, p := range parts {
		dst = append(dst, p...)
	}
	return dst
}

// uintElement holds v in as few bytes as it needs.
func uintElement(id uint32, v uint64) []byte {
	n := max(1, (bits.Len64(v)+7)/8)
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], v)
	return appendElement(nil, id, b[8-n:])
}

// fixedElement holds v in eight bytes, so that its size doesn't depend on v.
func fixedElement(id uint32, v uint64) []byte {
	return appendElement(nil, id, binary.BigEndian.AppendUint64(nil, v))
}

func floatElement(id uint32, v float64) []byte {
	return fixedElement(id, math.Float64bits(v))
}

func stringElement(id uint32, s string) []byte { return appendElement(nil, id, []byte(s)) }
