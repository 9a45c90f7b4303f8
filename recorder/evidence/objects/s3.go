package objects

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// What OpenS3 answers, to be compared with errors.Is.
var (
	// ErrNoLock: the bucket has no object lock, and nobody said that it needs none.
	ErrNoLock = errors.New("the bucket has no object lock: make one that has, or say lock=none")
	// ErrNoBucket: there is no such bucket, or these credentials may not see it.
	ErrNoBucket = errors.New("there is no such bucket, or these credentials may not see it")
)

// S3 is a Store in a bucket. Objects are put with If-None-Match, so of two writers
// one wins; a large one comes in pieces and is visible once it is whole. Deleting
// takes every version away by its id.
type S3 struct {
	client *minio.Core
	place  S3Place
	http   *http.Transport
}

const (
	// stall is how long a connection may take or give nothing.
	stall = 30 * time.Second
	// tries of one request, with a pause between.
	tries = 3
)

// OpenS3 opens a store in S3 with the credentials in AWS_ACCESS_KEY_ID and
// AWS_SECRET_ACCESS_KEY (AWS_SESSION_TOKEN). Errors: ErrNoBucket, ErrNoLock.
func OpenS3(ctx context.Context, place S3Place) (*S3, error) {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: dialWithStall, MaxIdleConnsPerHost: 16,
		IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: stall, DisableCompression: true}
	client, err := minio.NewCore(place.Endpoint, &minio.Options{Creds: credentials.NewEnvAWS(), Secure: !place.Plain,
		Region: place.Region, Transport: transport, MaxRetries: tries})
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	s := &S3{client: client, place: place, http: transport}
	if err := s.check(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("store s3://%s: %w", place.Bucket, err), s.Close())
	}
	return s, nil
}

// check looks that the bucket is there and can lock, and sweeps what broken
// uploads left.
func (s *S3) check(ctx context.Context) error {
	there, err := s.client.BucketExists(ctx, s.place.Bucket)
	if err != nil {
		return err
	}
	if !there {
		return ErrNoBucket
	}
	if s.place.Lock != LockNone {
		enabled, _, _, _, err := s.client.GetObjectLockConfig(ctx, s.place.Bucket)
		if answerOf(err).StatusCode == http.StatusNotFound || err == nil && enabled != "Enabled" {
			return ErrNoLock
		}
		if err != nil {
			return err
		}
	}
	return s.sweep(ctx, time.Now().Add(-tempLife))
}

// sweep gives up uploads that were begun before the given time and never ended.
func (s *S3) sweep(ctx context.Context, before time.Time) error {
	for upload := range s.client.ListIncompleteUploads(ctx, s.place.Bucket, s.place.Prefix, true) {
		if upload.Err != nil {
			return fmt.Errorf("uploads left: %w", upload.Err)
		}
		if upload.Initiated.Before(before) {
			err := s.client.AbortMultipartUpload(ctx, s.place.Bucket, upload.Key, upload.UploadID)
			if err != nil && !isAbsent(err) {
				return fmt.Errorf("uploads left: %w", err)
			}
		}
	}
	return nil
}

// Close lets go of idle connections. Objects that are open stay readable.
func (s *S3) Close() error {
	s.http.CloseIdleConnections()
	return nil
}

func (s *S3) key(name string) string { return s.place.Prefix + name }

// Open implements Store.
func (s *S3) Open(ctx context.Context, name string) (File, Object, error) {
	object, err := s.Stat(ctx, name)
	if err != nil {
		return nil, Object{}, err
	}
	return &s3File{ctx: ctx, store: s, name: name, size: object.Size}, object, nil
}

// Stat implements Store.
func (s *S3) Stat(ctx context.Context, name string) (Object, error) {
	info, err := s.stat(ctx, name)
	if err != nil {
		return Object{}, err
	}
	return Object{Name: name, Size: info.Size}, nil
}

// Written implements Dated.
func (s *S3) Written(ctx context.Context, name string) (time.Time, error) {
	info, err := s.stat(ctx, name)
	return info.LastModified, err
}

func (s *S3) stat(ctx context.Context, name string) (minio.ObjectInfo, error) {
	if err := CheckName(name); err != nil {
		return minio.ObjectInfo{}, err
	}
	info, err := s.client.StatObject(ctx, s.place.Bucket, s.key(name), minio.StatObjectOptions{})
	if err != nil {
		return minio.ObjectInfo{}, fmt.Errorf("stat %s: %w", name, s.fault(ctx, err))
	}
	return info, nil
}

// List implements Store.
func (s *S3) List(ctx context.Context, prefix string) ([]string, error) {
	if err := checkPrefix(prefix); err != nil {
		return nil, err
	}
	names := []string{}
	for info := range s.client.ListObjectsIter(ctx, s.place.Bucket, minio.ListObjectsOptions{Prefix: s.key(prefix), Recursive: true}) {
		if info.Err != nil {
			return nil, fmt.Errorf("list %s: %w", prefix, s.fault(ctx, info.Err))
		}
		if name := strings.TrimPrefix(info.Key, s.place.Prefix); CheckName(name) == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// Delete implements Store. A bucket with versions keeps what is deleted without an
// id; so every version is deleted by its own.
func (s *S3) Delete(ctx context.Context, name string) error {
	versions, err := s.versions(ctx, name)
	if err != nil {
		return fmt.Errorf("delete %s: %w", name, err)
	}
	there := false
	var faults []error
	for _, v := range versions {
		there = there || !v.IsDeleteMarker
		if err := s.remove(ctx, v); err != nil {
			faults = append(faults, fmt.Errorf("delete %s: %w", name, err))
		}
	}
	if !there {
		faults = append(faults, fmt.Errorf("delete %s: %w", name, ErrNotFound))
	}
	return errors.Join(faults...)
}

// versions gives every version of an object, those of deleted ones too.
func (s *S3) versions(ctx context.Context, name string) ([]minio.ObjectInfo, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	var list []minio.ObjectInfo
	options := minio.ListObjectsOptions{Prefix: s.key(name), WithVersions: true, Recursive: true}
	for info := range s.client.ListObjectsIter(ctx, s.place.Bucket, options) {
		if info.Err != nil {
			return nil, s.fault(ctx, info.Err)
		}
		if info.Key == s.key(name) {
			list = append(list, info)
		}
	}
	return list, nil
}

func (s *S3) remove(ctx context.Context, v minio.ObjectInfo) error {
	asked := time.Now() // a lock that ends meanwhile was what refused
	err := s.client.RemoveObject(ctx, s.place.Bucket, v.Key, minio.RemoveObjectOptions{VersionID: v.VersionID})
	if err == nil || isAbsent(err) {
		return nil
	}
	lock, e := s.lockOf(ctx, v)
	if lock.holds(asked) {
		return ErrLocked
	}
	return errors.Join(s.fault(ctx, err), e)
}

// fault turns what S3 answers into what a Store does.
func (s *S3) fault(ctx context.Context, err error) error {
	switch {
	case isAbsent(err):
		return ErrNotFound
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return err
}

// answerOf gives what S3 answered, empty where it didn't.
func answerOf(err error) (answer minio.ErrorResponse) {
	errors.As(err, &answer)
	return answer
}

func isAbsent(err error) bool {
	answer := answerOf(err)
	return answer.StatusCode == http.StatusNotFound || answer.Code == minio.NoSuchKey || answer.Code == "ObjectParentIsFile"
}

// isTaken says that there is an object of that name already.
func isTaken(err error) bool {
	answer := answerOf(err)
	return answer.StatusCode == http.StatusPreconditionFailed || answer.Code == "ConditionalRequestConflict"
}

// dialWithStall gives connections that fail when nothing moves for a while: a
// store that hangs is a store that is away.
func dialWithStall(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return stallConn{c}, nil
}

type stallConn struct{ net.Conn }

// Read implements net.Conn. What waits between requests is closed by it too.
func (c stallConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(2 * stall)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// Write implements net.Conn.
func (c stallConn) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(stall)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}
