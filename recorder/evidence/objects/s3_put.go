package objects

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/minio/minio-go/v7"
)

// uploadPart is what of a large object is in memory at a time, in bytes. S3 takes
// 10,000 of them: an object has at most 80 GiB.
const uploadPart = 8 << 20

// onlyNew are the options of an upload that never overwrites, RFC 9110 section
// 13.1.2.
func onlyNew() minio.PutObjectOptions {
	options := minio.PutObjectOptions{ContentType: "application/octet-stream", SendContentMd5: true}
	options.SetMatchETagExcept("*")
	return options
}

// Put implements Store.
func (s *S3) Put(ctx context.Context, name string, r io.Reader) (Object, error) {
	if err := CheckName(name); err != nil {
		return Object{}, err
	}
	object, err := s.put(ctx, name, r)
	if err != nil {
		return Object{}, fmt.Errorf("put %s: %w", name, err)
	}
	return object, nil
}

func (s *S3) put(ctx context.Context, name string, r io.Reader) (Object, error) {
	digest := sha256.New()
	read := io.TeeReader(Until(ctx, r), digest)
	var piece bytes.Buffer
	n, err := io.CopyN(&piece, read, uploadPart)
	switch {
	case errors.Is(err, io.EOF):
		_, err = s.client.Client.PutObject(ctx, s.place.Bucket, s.key(name), bytes.NewReader(piece.Bytes()), n, onlyNew())
	case err == nil:
		n, err = s.putLarge(ctx, name, &piece, read)
	default:
		return Object{}, err
	}
	object := Object{name, hex.EncodeToString(digest.Sum(nil)), n}
	switch {
	case isTaken(err):
		return object, same(ctx, s, object)
	case err != nil:
		return Object{}, s.fault(ctx, err)
	}
	return object, nil
}

// putLarge sends an object in pieces, of which the first is read already. It is
// visible when all are there; whatever hinders that, nothing is left.
func (s *S3) putLarge(ctx context.Context, name string, piece *bytes.Buffer, rest io.Reader) (size int64, err error) {
	upload, err := s.client.NewMultipartUpload(ctx, s.place.Bucket, s.key(name), minio.PutObjectOptions{ContentType: onlyNew().ContentType})
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.abort(ctx, name, upload))
		}
	}()
	var parts []minio.CompletePart
	for n := int64(piece.Len()); n > 0; {
		part, err := s.client.PutObjectPart(ctx, s.place.Bucket, s.key(name), upload, len(parts)+1, bytes.NewReader(piece.Bytes()), n,
			minio.PutObjectPartOptions{})
		if err != nil {
			return size, err
		}
		parts = append(parts, minio.CompletePart{PartNumber: part.PartNumber, ETag: part.ETag})
		size += n
		piece.Reset()
		if n, err = io.CopyN(piece, rest, uploadPart); err != nil && !errors.Is(err, io.EOF) {
			return size, err
		}
	}
	_, err = s.client.CompleteMultipartUpload(ctx, s.place.Bucket, s.key(name), upload, parts, onlyNew())
	return size, err
}

// abort gives up an upload, also where ctx has ended. One that can't be given up
// now is swept at a later start.
func (s *S3) abort(ctx context.Context, name, upload string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := s.client.AbortMultipartUpload(ctx, s.place.Bucket, s.key(name), upload)
	if isAbsent(err) {
		return nil
	}
	return err
}
