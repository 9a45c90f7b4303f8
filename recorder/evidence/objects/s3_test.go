package objects_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/objects/s3test"
)

// s3Server is one for all tests of the package.
var s3Server = struct {
	once    sync.Once
	err     error
	server  *s3test.Server
	buckets int
}{}

func startS3(t *testing.T) *s3test.Server {
	t.Helper()
	s := &s3Server
	s.once.Do(func() {
		dir := keptFolder(t)
		s.server, s.err = s3test.Start(context.Background(), dir)
	})
	if errors.Is(s.err, s3test.ErrMissing) {
		t.Skip(s.err)
	}
	if s.err != nil {
		t.Fatal(s.err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", s3test.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", s3test.SecretKey)
	return s.server
}

func openS3(t *testing.T, url string) *objects.S3 {
	t.Helper()
	place, err := objects.ParseS3(url)
	if err != nil {
		t.Fatal(err)
	}
	s, err := objects.OpenS3(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// newBucket makes an empty bucket with object lock and gives its name.
func newBucket(t *testing.T, server *s3test.Server) string {
	t.Helper()
	s3Server.buckets++
	name := fmt.Sprintf("bucket-%d", s3Server.buckets)
	if err := server.Bucket(t.Context(), name, true); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestS3Conforms(t *testing.T) {
	server := startS3(t)
	testStore(t, func(t *testing.T) objects.Store { return openS3(t, server.URL(newBucket(t, server))) })
}

func TestS3ConformsWithoutLock(t *testing.T) {
	server := startS3(t)
	testStore(t, func(t *testing.T) objects.Store {
		s3Server.buckets++
		name := fmt.Sprintf("plain-%d", s3Server.buckets)
		if err := server.Bucket(t.Context(), name, false); err != nil {
			t.Fatal(err)
		}
		return openS3(t, server.URL(name)+"&lock=none")
	})
}

func TestS3RefusesABucketWithoutLock(t *testing.T) {
	server := startS3(t)
	if err := server.Bucket(t.Context(), "without-lock", false); err != nil {
		t.Fatal(err)
	}
	for bucket, want := range map[string]error{"without-lock": objects.ErrNoLock, "not-there": objects.ErrNoBucket} {
		place, err := objects.ParseS3(server.URL(bucket))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := objects.OpenS3(t.Context(), place); !errors.Is(err, want) {
			t.Errorf("open %s: %v, want %v", bucket, err, want)
		}
	}
}

// Deleting an object leaves no version and no delete marker of it, also of one
// that was deleted by somebody without an id, and put again.
func TestS3DeletesEveryVersion(t *testing.T) {
	server := startS3(t)
	bucket := newBucket(t, server)
	s := openS3(t, server.URL(bucket))
	client, err := server.Client()
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"one", "two", "three"} { // as nobody but the bucket's owner can write over one
		_, err := client.PutObject(t.Context(), bucket, "evidence/a/b", strings.NewReader(content), int64(len(content)), minio.PutObjectOptions{SendContentMd5: true})
		if err == nil && content != "three" {
			err = client.RemoveObject(t.Context(), bucket, "evidence/a/b", minio.RemoveObjectOptions{})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	put(t, s, "a/b2", "stays")
	if n := versions(t, client, bucket, "evidence/a/b"); n != 6 { // two delete markers, and a/b2
		t.Fatalf("the test has %d versions to begin with", n)
	}
	if err := s.Delete(t.Context(), "a/b"); err != nil {
		t.Fatal(err)
	}
	if n := versions(t, client, bucket, "evidence/a/b"); n != 1 {
		t.Errorf("%d versions are left, want that of a/b2", n)
	}
}

func versions(t *testing.T, client *minio.Client, bucket, prefix string) (n int) {
	t.Helper()
	for info := range client.ListObjectsIter(t.Context(), bucket, minio.ListObjectsOptions{Prefix: prefix, WithVersions: true, Recursive: true}) {
		if info.Err != nil {
			t.Fatal(info.Err)
		}
		n++
	}
	return n
}

// A large object goes in pieces; ranges of it come as they are asked for.
func TestS3LargeObject(t *testing.T) {
	server := startS3(t)
	bucket := newBucket(t, server)
	s := openS3(t, server.URL(bucket))
	content := make([]byte, 20<<20+12345)
	rand.Read(content)
	object, err := s.Put(t.Context(), "large", bytes.NewReader(content))
	if err != nil || object.Size != int64(len(content)) {
		t.Fatalf("Put gave %+v, %v", object, err)
	}
	if again, err := s.Put(t.Context(), "large", bytes.NewReader(content)); err != nil || again != object {
		t.Errorf("the same again: %+v, %v", again, err)
	}
	if _, err := s.Put(t.Context(), "large", io.LimitReader(bytes.NewReader(content), 18<<20)); !errors.Is(err, objects.ErrExists) {
		t.Errorf("other bytes: %v, want ErrExists", err)
	}
	f, _, err := s.Open(t.Context(), "large")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, at := range []int{0, 1<<20 - 7, 17<<20 + 5, len(content) - 3} {
		got := make([]byte, min(70_000, len(content)-at))
		if n, err := f.ReadAt(got, int64(at)); n != len(got) || err != nil || !bytes.Equal(got, content[at:at+n]) {
			t.Errorf("ReadAt %d gave %d bytes, %v", at, n, err)
		}
	}
	if all, err := io.ReadAll(f); err != nil || !bytes.Equal(all, content) {
		t.Errorf("read %d bytes, %v", len(all), err)
	}
	broken := errors.New("broken")
	if _, err := s.Put(t.Context(), "half", io.MultiReader(bytes.NewReader(content[:9<<20]), errorReader{broken})); !errors.Is(err, broken) {
		t.Errorf("a reader that breaks off: %v", err)
	}
	client, err := server.Client()
	if err != nil {
		t.Fatal(err)
	}
	for upload := range client.ListIncompleteUploads(t.Context(), bucket, "", true) {
		t.Errorf("an upload is left: %+v", upload)
	}
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

// A store that is down is an error of its own, and no object is taken for absent.
func TestS3Away(t *testing.T) {
	startS3(t) // for the credentials
	server, err := s3test.Start(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	if err := server.Bucket(t.Context(), "bucket", true); err != nil {
		t.Fatal(err)
	}
	s := openS3(t, server.URL("bucket"))
	put(t, s, "a", "x")
	server.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, putErr := s.Put(ctx, "b", strings.NewReader("y"))
	_, statErr := s.Stat(ctx, "a")
	for what, err := range map[string]error{"Put": putErr, "Stat": statErr} {
		if err == nil || errors.Is(err, objects.ErrNotFound) || errors.Is(err, objects.ErrExists) {
			t.Errorf("%s of a store that is down: %v", what, err)
		}
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if put(t, s, "b", "y"); get(t, s, "a") != "x" {
		t.Error("the store lost an object")
	}
}

func TestParseS3(t *testing.T) {
	good := map[string]objects.S3Place{
		"s3://evidence": {Bucket: "evidence", Endpoint: "s3.amazonaws.com", Lock: "compliance"},
		"s3://evidence/a/b/?endpoint=http://10.0.0.7:9000&region=eu-1&lock=governance": {Bucket: "evidence", Prefix: "a/b/",
			Endpoint: "10.0.0.7:9000", Plain: true, Region: "eu-1", Lock: "governance"},
	}
	for text, want := range good {
		if got, err := objects.ParseS3(text); err != nil || got != want {
			t.Errorf("%s gave %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "s3://", "s3:bucket", "http://bucket", "s3://key:secret@bucket", "s3://BUCKET", "s3://bucket/../x",
		"s3://bucket?lock=maybe", "s3://bucket?secret=x", "s3://bucket?endpoint=ftp://x", "s3://bucket?endpoint=http://u:secret@x", "s3://b u", "s3://bucket#x"} {
		if _, err := objects.ParseS3(text); err == nil || strings.Contains(err.Error(), "secret@") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
