package evidence

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"

	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
)

// ZipBundle writes the sealed bundle under prefix as a ZIP: all its files and
// nothing else, in one folder named after the room (RFC 8493 section 4.1),
// sorted, stored without compression, without times. The same bundle gives the
// same bytes. What is erased, since the key of its class is destroyed, is left out;
// the custody ledger says so (see VerifyWithCustody).
func ZipBundle(ctx context.Context, v *vault.Vault, prefix string, w io.Writer) error {
	bundle, err := OpenBundle(ctx, v, prefix)
	if err != nil {
		return err
	}
	room, err := roomOf(prefix)
	if err != nil {
		return err
	}
	erased, err := bundle.erased(ctx)
	if err != nil {
		return err
	}
	z := zip.NewWriter(w)
	for _, name := range bundle.Names() {
		if erased.has(name) {
			continue
		}
		if err := zipFile(ctx, z, bundle, room+"/"+name, name); err != nil {
			return fmt.Errorf("zip %s: %w", name, err)
		}
	}
	return z.Close()
}

// zipFile adds one file. It is read twice, first for its checksum: sizes and
// checksum then stand in front of the data, where every reader finds them.
func zipFile(ctx context.Context, z *zip.Writer, bundle *Bundle, member, name string) error {
	f, _, err := bundle.Open(ctx, name)
	if err != nil {
		return err
	}
	err = func() error {
		sum := crc32.NewIEEE()
		size, err := io.Copy(sum, objects.Until(ctx, f))
		if err != nil {
			return err
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		data, err := z.CreateRaw(zipHeader(member, size, sum.Sum32()))
		if err != nil {
			return err
		}
		n, err := io.Copy(data, objects.Until(ctx, f))
		if err == nil && n != size {
			err = fmt.Errorf("changed its size from %d to %d while it was read", size, n)
		}
		return err
	}()
	return errors.Join(err, f.Close())
}

// zipHeader is the one form of a member's header: stored, made on Unix, read
// only, no time. From 4 GiB on the sizes follow the data (the descriptor flag),
// since the short header can't hold them.
func zipHeader(member string, size int64, sum uint32) *zip.FileHeader {
	h := &zip.FileHeader{
		Name:               member,
		Method:             zip.Store,
		CreatorVersion:     3<<8 | 20,
		ReaderVersion:      20,
		ExternalAttrs:      0o100444 << 16,
		CRC32:              sum,
		CompressedSize64:   uint64(size),
		UncompressedSize64: uint64(size),
	}
	if size >= math.MaxUint32 {
		h.Flags |= 0x8
	}
	return h
}
