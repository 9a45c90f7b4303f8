package objects

import (
	"context"
	"fmt"
	"time"

	"github.com/minio/minio-go/v7"
)

// Locks implements Locker: not in a bucket of lock=none.
func (s *S3) Locks() bool { return s.place.Lock != LockNone }

// Lock implements Locker with the bucket's object lock, on every version.
func (s *S3) Lock(ctx context.Context, name string, until time.Time) error {
	mode, until := s.place.mode(), until.UTC().Truncate(time.Second).Add(time.Second) // S3 knows seconds
	return s.eachVersion(ctx, "lock", name, func(v minio.ObjectInfo) error {
		there, err := s.lockOf(ctx, v)
		if err != nil || !until.After(there.Until) || !until.After(time.Now()) {
			return err
		}
		return s.client.PutObjectRetention(ctx, s.place.Bucket, v.Key,
			minio.PutObjectRetentionOptions{Mode: &mode, RetainUntilDate: &until, VersionID: v.VersionID})
	})
}

// Hold implements Locker with S3's legal hold, on every version.
func (s *S3) Hold(ctx context.Context, name string, on bool) error {
	status := minio.LegalHoldDisabled
	if on {
		status = minio.LegalHoldEnabled
	}
	return s.eachVersion(ctx, "hold", name, func(v minio.ObjectInfo) error {
		return s.client.PutObjectLegalHold(ctx, s.place.Bucket, v.Key, minio.PutObjectLegalHoldOptions{Status: &status, VersionID: v.VersionID})
	})
}

func (s *S3) eachVersion(ctx context.Context, what, name string, do func(minio.ObjectInfo) error) error {
	if _, err := s.Stat(ctx, name); err != nil {
		return err
	}
	if !s.Locks() {
		return nil
	}
	versions, err := s.versions(ctx, name)
	if err != nil {
		return fmt.Errorf("%s %s: %w", what, name, err)
	}
	for _, v := range versions {
		if v.IsDeleteMarker {
			continue
		}
		if err := do(v); err != nil {
			return fmt.Errorf("%s %s: %w", what, name, s.fault(ctx, err))
		}
	}
	return nil
}

// lockOf reads what keeps a version: until when, and whether it is held. It is of
// the head's headers: what servers answer to the questions for it differs.
func (s *S3) lockOf(ctx context.Context, v minio.ObjectInfo) (lock keptBy, err error) {
	info, err := s.client.StatObject(ctx, s.place.Bucket, v.Key, minio.StatObjectOptions{VersionID: v.VersionID})
	if err != nil {
		return lock, err
	}
	lock.Held = info.Headers.Get("X-Amz-Object-Lock-Legal-Hold") == string(minio.LegalHoldEnabled)
	if text := info.Headers.Get("X-Amz-Object-Lock-Retain-Until-Date"); text != "" {
		lock.Until, err = time.Parse(time.RFC3339, text)
	}
	return lock, err
}
