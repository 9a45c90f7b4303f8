package calls_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"verifycall/calls/protocol"
	"verifycall/recorder/evidence"
	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/objects/s3test"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
	"verifycall/rooms/ledger"
)

// evidenceBucket starts a real S3 server with a bucket "evidence" that locks
// objects, until the test's end; where it can't be had the test is skipped.
func evidenceBucket(t *testing.T) *s3test.Server {
	t.Helper()
	server, err := s3test.Start(t.Context(), t.TempDir())
	if errors.Is(err, s3test.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	t.Setenv("AWS_ACCESS_KEY_ID", s3test.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", s3test.SecretKey)
	if err := server.Bucket(t.Context(), "evidence", true); err != nil {
		t.Fatal(err)
	}
	return server
}

// A whole call with its evidence in a real S3 bucket with object lock and its
// ledgers mirrored there; then a hold, then a purge of one class, then of all:
// what was erased can't be read, what remains verifies, and nothing of the person
// is in Redis, the journal, the store, the scratch or the log.
func TestPurgeLeavesNothingOfThePerson(t *testing.T) {
	if testing.Short() {
		t.Skip("a whole call with media")
	}
	server := evidenceBucket(t)
	var logged bytes.Buffer
	r := &rig{t: t, dir: t.TempDir(), url: server.URL("evidence"), out: &logged}
	r.start()
	t.Cleanup(r.stop)
	room, seller, manager := r.admitted()
	seller.do(&protocol.Chat{Text: "Is the light good like this?"})
	manager.do(&protocol.Capture{Slot: protocol.SlotDocFront})
	manager.do(&protocol.Verdict{Verdict: "fail", Reasons: []string{"D_EXPIRED"}, Line: "Thank you, Anna."})
	digest := seller.until("the digest", func(s *protocol.State) bool { return s.Outcome != nil && s.Outcome.Digest != "" }).Outcome.Digest
	r.checkRecord(room, digest)

	prefix := evidence.Prefix(room)
	names, err := r.store.List(t.Context(), prefix+"data/recording/")
	if err != nil || len(names) == 0 {
		t.Fatalf("recordings: %v, %v", names, err)
	}
	if err := r.store.Delete(t.Context(), names[0]); !errors.Is(err, objects.ErrLocked) {
		t.Errorf("a sealed recording can be deleted: %v", err)
	}
	r.operate(room, rooms.PlaceHold{Reason: "litigation"})
	r.operate(room, rooms.ReleaseHold{})
	r.operate(room, rooms.BeginPurge{Classes: []string{rooms.ClassRecording}, Policy: "request"})
	if _, _, err := r.vault.Open(t.Context(), vault.Room(room), vault.Recording, strings.TrimSuffix(names[0], vault.Suffix)); !errors.Is(err, vault.ErrDestroyed) {
		t.Errorf("a purged recording opens: %v", err)
	}
	report, err := evidence.VerifyStore(t.Context(), r.vault, prefix, []string{r.keys.Public()})
	if err != nil || !report.Whole || strings.Join(report.Purged, " ") != "recording" {
		t.Errorf("a record without its recordings: %+v, %v", report, err)
	}
	r.operate(room, rooms.BeginPurge{Classes: rooms.Classes, Policy: "request"})
	report, err = evidence.VerifySealed(t.Context(), r.store, prefix, []string{r.keys.Public()})
	if err != nil || !report.Whole || len(report.Purged) != 4 {
		t.Errorf("what is left in the store: %+v, %v", report, err)
	}
	last := r.custody(room)
	if last.Type != "purged" || last.Body["locked"].(int64) == 0 || last.Body["bundle"] != digest {
		t.Errorf("tombstone %+v", last)
	}
	r.checkNothingOf("Anna", "Eriksson", "anna@example.org", "D23145890", "Is the light good", "Thank you", "WEBPVP8 ", "V_VP8")
	for _, plain := range []string{"Eriksson", "anna@example.org", "D23145890", "light good"} {
		if strings.Contains(logged.String(), plain) {
			t.Errorf("the log holds %q", plain)
		}
	}
	links := 0
	if err := r.rooms.Export(t.Context(), func(item rooms.Item) error {
		for _, key := range item.Keys {
			if strings.HasPrefix(key.Key, "link:") {
				if links++; key.Until == 0 {
					t.Errorf("%s stays for ever", key.Key)
				}
			}
		}
		return nil
	}); err != nil || links == 0 {
		t.Errorf("%d links, %v", links, err)
	}
	if now, err := r.rooms.Load(t.Context(), room); err != nil || len(now.Personal) > 0 || now.Verdict != "fail" || now.State != rooms.StatePurged {
		t.Errorf("what is left of the room: %+v, %v", now, err)
	}
}

// operate does what an operator orders and has it done in the store.
func (r *rig) operate(room string, c rooms.Command) {
	r.t.Helper()
	if _, err := r.rooms.Do(r.t.Context(), room, "operator:o1", c); err != nil {
		r.t.Fatalf("%+v: %v", c, err)
	}
	if err := r.house.Keep(r.t.Context(), room); err != nil {
		r.t.Fatalf("%+v: %v", c, err)
	}
}

// custody gives the last entry of a room's custody ledger that is no checkpoint.
func (r *rig) custody(room string) (last ledger.Entry) {
	r.t.Helper()
	entries, err := r.rooms.CustodyLog(r.t.Context(), room)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, e := range entries {
		if e.Type != "checkpoint" {
			last = e
		}
	}
	return last
}

// checkNothingOf looks for plaintext in every file of the node and of the S3
// server: objects, their old versions and attributes.
func (r *rig) checkNothingOf(plain ...string) {
	r.t.Helper()
	files := 0
	err := filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		files++
		for _, p := range plain {
			if bytes.Contains(content, []byte(p)) {
				r.t.Errorf("%s holds %q", strings.TrimPrefix(path, r.dir), p)
			}
		}
		return err
	})
	if err != nil || files < 3 {
		r.t.Errorf("looked into %d files, %v", files, err)
	}
	names, err := r.store.List(r.t.Context(), "")
	if err != nil {
		r.t.Fatal(err)
	}
	for _, name := range names {
		f, _, err := r.store.Open(r.t.Context(), name)
		if err != nil {
			r.t.Fatal(err)
		}
		content, err := io.ReadAll(f)
		if err := errors.Join(err, f.Close()); err != nil {
			r.t.Fatal(err)
		}
		for _, p := range plain {
			if bytes.Contains(content, []byte(p)) {
				r.t.Errorf("the object %s holds %q", name, p)
			}
		}
	}
}

func textLog(out io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
