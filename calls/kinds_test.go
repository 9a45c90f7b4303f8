package calls_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"verifycall/calls"
	"verifycall/calls/protocol"
	"verifycall/recorder/evidence"
	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/webm"
)

// TestClipsAndPhotos takes both kinds in a call, and looks at what the sealed
// bundle says of them.
func TestClipsAndPhotos(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	t.Run("call", func(t *testing.T) {
		r := newRig(t)
		room, seller, manager := r.admitted()
		manager.refused(&protocol.Capture{Slot: "DOC_FRONT", Kind: "photo"}, protocol.CodeWrongState) // nobody said it can
		seller.refused(&protocol.Capture{Slot: "DOC_FRONT", Kind: "clip"}, protocol.CodeForbidden)
		manager.refused(&protocol.Device{Photo: true}, protocol.CodeForbidden)
		seller.do(&protocol.Device{Photo: true})
		manager.until("the offer of a photo", func(s *protocol.State) bool { return s.Staff.CanPhoto })

		photo := takePhoto(t, r, room, seller, manager)
		manager.do(&protocol.Capture{Slot: "DOC_FRONT", Kind: "clip"})
		clip := manager.until("the clip", func(s *protocol.State) bool { return len(s.Staff.Clips) == 1 }).Staff.Clips[0]
		if clip.MS < 5000 || clip.MS > 15000 || clip.To <= clip.From {
			t.Errorf("clip %+v", clip)
		}
		manager.do(&protocol.Verdict{Verdict: "fail", Reasons: []string{"D_EXPIRED"}})
		manager.until("the seal", func(s *protocol.State) bool { return s.Outcome != nil && s.Outcome.Digest != "" })
		checkSealed(t, r, room, clip, photo)
	})
}

// slowPhotos is an evidence store that takes photos when it may.
type slowPhotos struct {
	objects.Store
	first   sync.Once
	reached chan struct{} // closed at the first
	pass    chan struct{}
}

func (s *slowPhotos) Put(ctx context.Context, name string, from io.Reader) (objects.Object, error) {
	if strings.Contains(name, "/photos/") {
		s.first.Do(func() { close(s.reached) })
		<-s.pass
	}
	return s.Store.Put(ctx, name, from)
}

// TestPhotoFailedTooLate: a page that says no photo came while the whole one is
// being stored changes nothing: what is in the record is what was announced.
func TestPhotoFailedTooLate(t *testing.T) {
	slow := &slowPhotos{reached: make(chan struct{}), pass: make(chan struct{})}
	r := &rig{t: t, dir: t.TempDir(), harmed: func(s objects.Store) objects.Store { slow.Store = s; return slow }}
	r.start()
	t.Cleanup(r.stop)
	room, seller, manager := r.admitted()
	seller.do(&protocol.Device{Photo: true})
	photo, digest := somePhoto(t)
	manager.do(&protocol.Capture{Slot: "DOC_FRONT", Kind: "photo"})
	asked := seller.asked("DOC_FRONT")
	seller.do(&protocol.PhotoAnnounce{Nonce: asked.Nonce, SHA256: digest, Size: int64(len(photo))})
	if _, err := r.house.Upload(t.Context(), room, calls.Chunk{Nonce: asked.Nonce, Data: photo}); err != nil {
		t.Fatal(err)
	}
	seller.do(&protocol.PhotoFailed{Nonce: asked.Nonce}) // while it is looked at
	wait(t, "the photo to be stored", func() bool {
		select {
		case <-slow.reached:
			return true
		default:
			return false
		}
	})
	seller.do(&protocol.PhotoFailed{Nonce: asked.Nonce}) // while it is written
	close(slow.pass)
	manager.until("the photo", func(s *protocol.State) bool { return len(s.Staff.Photos) == 1 && s.Staff.Photo == nil })
	if bytes.Contains(manager.sent(), []byte(`"phase":"failed"`)) {
		t.Error("a photo that is in the record was said to have failed")
	}
	manager.do(&protocol.Verdict{Verdict: "fail", Reasons: []string{"D_EXPIRED"}})
	sealed := manager.until("the seal", func(s *protocol.State) bool { return s.Outcome != nil && s.Outcome.Digest != "" }).Outcome.Digest
	r.checkRecord(room, sealed)
}

// somePhoto gives a JPEG and its digest.
func somePhoto(t *testing.T) (photo []byte, digest string) {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 400, 300)), nil); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b.Bytes())
	return b.Bytes(), hex.EncodeToString(sum[:])
}

// asked waits for the request of a photo into a slot.
func (p *page) asked(slot string) (photo *protocol.Photo) {
	p.t.Helper()
	wait(p.t, "the request of a photo", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		photo, _ = p.last.(*protocol.Photo)
		return photo != nil && photo.Slot == slot
	})
	return photo
}

// takePhoto goes the way of a photo, with every wrong turn.
func takePhoto(t *testing.T, r *rig, room string, seller, manager *page) []byte {
	t.Helper()
	photo, digest := somePhoto(t)
	manager.do(&protocol.Capture{Slot: "DOC_FRONT", Kind: "photo"})
	manager.refused(&protocol.Capture{Slot: "DOC_FRONT", Kind: "photo"}, protocol.CodeConflict)
	asked := seller.asked("DOC_FRONT")
	send := func(room, nonce string, offset int64, data []byte) (int64, protocol.Code) {
		n, err := r.house.Upload(t.Context(), room, calls.Chunk{Nonce: nonce, Offset: offset, Data: data})
		var f *protocol.Fault
		errors.As(err, &f)
		if f == nil {
			return n, ""
		}
		return n, f.Code
	}
	refused := func(what, room, nonce string, offset int64, data []byte, code protocol.Code) {
		t.Helper()
		if _, got := send(room, nonce, offset, data); got != code {
			t.Errorf("%s: %q, wanted %q", what, got, code)
		}
	}
	refused("before the announcement", room, asked.Nonce, 0, photo, protocol.CodeNotFound)
	seller.refused(&protocol.PhotoAnnounce{Nonce: "00000000000000000000000000000000", SHA256: digest, Size: 9}, protocol.CodeWrongState)
	seller.do(&protocol.PhotoAnnounce{Nonce: asked.Nonce, SHA256: digest, Size: int64(len(photo))})
	seller.refused(&protocol.PhotoAnnounce{Nonce: asked.Nonce, SHA256: digest, Size: 9}, protocol.CodeWrongState)
	refused("another room", r.book(), asked.Nonce, 0, photo, protocol.CodeNotFound)
	refused("another photo", room, "00000000000000000000000000000000", 0, photo, protocol.CodeNotFound)
	refused("from the middle", room, asked.Nonce, 9, photo[9:], protocol.CodeConflict)
	refused("too much", room, asked.Nonce, 0, append(bytes.Clone(photo), 0), protocol.CodeTooLarge)
	if n, code := send(room, asked.Nonce, 0, photo[:100]); n != 100 || code != "" {
		t.Fatalf("%d bytes, %q", n, code)
	}
	if n, code := send(room, asked.Nonce, 0, nil); n != 100 || code != "" { // after a lost connection
		t.Fatalf("%d bytes, %q", n, code)
	}
	if n, code := send(room, asked.Nonce, 100, photo[100:]); n != int64(len(photo)) || code != "" {
		t.Fatalf("%d bytes, %q", n, code)
	}
	v := manager.until("the photo", func(s *protocol.State) bool { return len(s.Staff.Photos) == 1 && s.Staff.Photo == nil }).Staff.Photos[0]
	if v.SHA256 != digest || v.Mime != "image/jpeg" || v.Width != 400 || v.Frame.Frame < 1 || v.Frame.Width != 1280 {
		t.Errorf("photo %+v", v)
	}
	refused("again", room, asked.Nonce, 0, photo, protocol.CodeNotFound)
	altered(t, r, room, seller, manager, photo)
	return photo
}

// altered announces a photo and sends another.
func altered(t *testing.T, r *rig, room string, seller, manager *page, photo []byte) {
	t.Helper()
	manager.do(&protocol.Capture{Slot: "DOC_BACK", Kind: "photo"})
	asked := seller.asked("DOC_BACK")
	sum := sha256.Sum256(photo)
	seller.do(&protocol.PhotoAnnounce{Nonce: asked.Nonce, SHA256: hex.EncodeToString(sum[:]), Size: int64(len(photo))})
	other := bytes.Clone(photo)
	other[50] ^= 1
	_, err := r.house.Upload(t.Context(), room, calls.Chunk{Nonce: asked.Nonce, Data: other})
	if f := (*protocol.Fault)(nil); !errors.As(err, &f) || f.Code != protocol.CodeMalformed {
		t.Errorf("altered: %v", err)
	}
	v := manager.until("the failure", func(s *protocol.State) bool { return s.Staff.Photo != nil && s.Staff.Photo.Phase == "failed" })
	if len(v.Staff.Photos) != 1 || v.Staff.Photo.Why == "" {
		t.Errorf("photos %+v", v.Staff)
	}
}

// checkSealed verifies the bundle, cuts the clip out of it and reads the photo.
func checkSealed(t *testing.T, r *rig, room string, clip protocol.ClipView, photo []byte) {
	t.Helper()
	report, err := evidence.VerifyStore(t.Context(), r.vault, evidence.Prefix(room), []string{string(r.keys.WellKnown())})
	if err != nil || report.ExitCode() != 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	bundle, err := evidence.OpenBundle(t.Context(), r.vault, evidence.Prefix(room))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(photo)
	f, _, err := bundle.Open(t.Context(), "data/photos/"+hex.EncodeToString(sum[:])+".jpg")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if kept, err := io.ReadAll(f); err != nil || !bytes.Equal(kept, photo) {
		t.Errorf("the original isn't in the bundle: %v", err)
	}
	var cut bytes.Buffer
	if err := bundle.WriteClip(t.Context(), &cut, clip.Recording, clip.From, clip.To); err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("VERIFYCALL_KEEP"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, "clip.webm"), cut.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	blocks, err := webm.NewReader(&cut)
	if err != nil {
		t.Fatal(err)
	}
	if d := blocks.Duration(); d < 4*time.Second || d > 15*time.Second {
		t.Errorf("the clip lasts %v", d)
	}
	if err := bundle.WriteClip(t.Context(), io.Discard, clip.Recording, clip.From+1, clip.To); !errors.Is(err, objects.ErrNotFound) {
		t.Errorf("a clip that begins anywhere: %v", err)
	}
	if list, err := r.rooms.Load(t.Context(), room); err != nil || len(list.Clips) != 1 || list.Verdict == "" {
		t.Errorf("%+v, %v", list, err)
	}
}
