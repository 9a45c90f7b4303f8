package recorder

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"filippo.io/age"

	"verifycall/recorder/webm"
)

// A part is an append-only file: partMagic, then records. A record is written
// with one write and one fsync; it is whole or it is not there:
//
//	u32 length of what follows the checksum, u32 CRC-32C of that,
//	an age file (age-encryption.org/v1) of its own, in which are
//	u32 length of the notes, notes (JSON), one WebM Cluster (or nothing)
//
// Integers are big-endian. The notes say of each block of the Cluster which
// frame it is, and hold what else was learnt meanwhile. The checksum is of the
// encrypted bytes: it tells a torn record without a key, so that one that can't
// be decrypted is never taken for torn and cut off.
const (
	partMagic    = "VCPART2\n"
	partSuffix   = ".part"
	recordHeader = 8
	maxRecord    = 64 << 20 // bytes
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// encodeRecord gives the bytes of a record, in dst's memory if it has room.
func encodeRecord(dst []byte, n notes, blocks []webm.Block, with *sealer) ([]byte, error) {
	size := 512 + 160*len(n.Frames) + 80*len(n.Reports)
	for _, b := range blocks {
		size += b.Size() + 16
	}
	buffer := buffers.Get().(*[]byte)
	plain := slices.Grow((*buffer)[:0], size)
	defer func() { // what isn't encrypted stays nowhere
		clear(plain)
		*buffer = plain
		buffers.Put(buffer)
	}()
	plain, err := appendPlain(plain, n, blocks)
	if err != nil {
		return nil, err
	}
	sealed := with.size(len(plain))
	if sealed > maxRecord {
		return nil, fmt.Errorf("record of %d bytes", sealed)
	}
	rec := slices.Grow(dst[:0], recordHeader+sealed)[:recordHeader]
	if rec, err = with.append(rec, plain); err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint32(rec, uint32(sealed))
	binary.BigEndian.PutUint32(rec[4:], crc32.Checksum(rec[recordHeader:], castagnoli))
	return rec, nil
}

// appendPlain appends what is encrypted of a record.
func appendPlain(dst []byte, n notes, blocks []webm.Block) ([]byte, error) {
	at := len(dst)
	dst, err := n.appendTo(append(dst, 0, 0, 0, 0))
	if err != nil {
		return nil, fmt.Errorf("notes: %w", err)
	}
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	if len(blocks) == 0 {
		return dst, nil
	}
	return webm.AppendCluster(dst, blocks)
}

// errTorn says that a part ends in something that is no whole record.
var errTorn = errors.New("torn record")

// record is one that was read.
type record struct {
	notes
	blocks  []webm.Block // sharing the record's memory
	at      int64        // where the record's encrypted bytes lie in the part
	size    int          // how many they are
	cluster int          // where the Cluster begins in the decrypted bytes
}

// parsePart reads the records of a part up to its end or the first that isn't
// whole; good is the length up to there. A record that is whole but can't be
// decrypted or understood is an error.
func parsePart(part []byte, with age.Identity) (records []record, good int64, err error) {
	if !strings.HasPrefix(string(part[:min(len(part), len(partMagic))]), partMagic) {
		return nil, 0, nil
	}
	at := len(partMagic)
	for at < len(part) {
		sealed, err := cutRecord(part[at:])
		if errors.Is(err, errTorn) {
			break
		}
		r, err := openRecord(sealed, with)
		if err != nil {
			return nil, 0, fmt.Errorf("record at %d: %w", at, err)
		}
		r.at, r.size = int64(at+recordHeader), len(sealed)
		records = append(records, r)
		at += recordHeader + len(sealed)
	}
	return records, int64(at), nil
}

// cutRecord gives the encrypted bytes of the record that data begins with.
func cutRecord(data []byte) ([]byte, error) {
	if len(data) < recordHeader {
		return nil, errTorn
	}
	length := int64(binary.BigEndian.Uint32(data))
	if length == 0 || length > maxRecord || length > int64(len(data)-recordHeader) {
		return nil, errTorn
	}
	sealed := data[recordHeader : recordHeader+length]
	if crc32.Checksum(sealed, castagnoli) != binary.BigEndian.Uint32(data[4:]) {
		return nil, errTorn
	}
	return sealed, nil
}

// decrypt gives the bytes in a record.
func decrypt(sealed []byte, with age.Identity) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(sealed), with)
	if err != nil {
		return nil, fmt.Errorf("decrypt: %w", err)
	}
	plain := bytes.NewBuffer(make([]byte, 0, len(sealed)+bytes.MinRead)) // io.Copy grows what has less room at its end
	if _, err := io.Copy(plain, r); err != nil {
		return nil, fmt.Errorf("decrypt: %w", err)
	}
	return plain.Bytes(), nil
}

func openRecord(sealed []byte, with age.Identity) (r record, err error) {
	plain, err := decrypt(sealed, with)
	if err != nil {
		return r, err
	}
	return r, r.parse(plain)
}

// parse reads what was decrypted.
func (r *record) parse(plain []byte) error {
	if len(plain) < 4 {
		return fmt.Errorf("%d bytes long", len(plain))
	}
	text := int64(binary.BigEndian.Uint32(plain))
	if text > int64(len(plain)-4) {
		return fmt.Errorf("notes of %d bytes", text)
	}
	if err := json.Unmarshal(plain[4:4+text], &r.notes); err != nil {
		return fmt.Errorf("notes: %w", err)
	}
	r.cluster = int(4 + text)
	if cluster := plain[r.cluster:]; len(cluster) > 0 {
		var err error
		if r.blocks, err = webm.ParseCluster(cluster); err != nil {
			return err
		}
	}
	if len(r.blocks) != len(r.Frames) {
		return fmt.Errorf("%d blocks, notes of %d", len(r.blocks), len(r.Frames))
	}
	return nil
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
