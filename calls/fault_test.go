package calls_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"verifycall/calls"
	"verifycall/calls/protocol"
	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
)

// stuck is a connection whose first message does not get through until it may.
type stuck struct {
	got     atomic.Int64
	reached chan struct{}
	pass    chan struct{}
}

func (s *stuck) Send(string, protocol.ServerMessage) bool {
	if s.got.Add(1) == 1 && s.pass != nil {
		close(s.reached)
		<-s.pass
	}
	return true
}

func (s *stuck) Close(int, string) {}

// TestJoinGivenUp: a connection that did not wait for its seat never gets one,
// as it would never be left.
func TestJoinGivenUp(t *testing.T) {
	r := newRig(t)
	room := r.book()
	first := &stuck{reached: make(chan struct{}), pass: make(chan struct{})}
	join := calls.Join{Room: room, Role: protocol.RoleManager, Subject: "jonas", Browser: "desk", Tab: "tab-manager", Out: first}
	seat, err := r.house.Join(t.Context(), join)
	if err != nil {
		t.Fatal(err)
	}
	<-first.reached
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	late := &stuck{}
	join.Out = late
	if _, err := r.house.Join(ctx, join); err == nil {
		t.Fatal("seated without an answer")
	}
	close(first.pass)
	seat.Leave()
	wait(t, "the call to end", func() bool { return r.house.Live() == 0 })
	if n := late.got.Load(); n > 0 {
		t.Errorf("%d messages to a connection without a seat", n)
	}
}

// TestSellerLearnsNothingFromStates: what staff alone may know sends the seller
// no state, not even an empty one.
func TestSellerLearnsNothingFromStates(t *testing.T) {
	r := newRig(t)
	room := r.book()
	seller := open(t, r.house, room, protocol.RoleSeller, "phone", "tab-seller")
	manager := open(t, r.house, room, protocol.RoleManager, "desk", "tab-manager")
	seller.do(agree)
	before := seller.until("the manager", func(s *protocol.State) bool {
		return s.Room.State == rooms.StateWaiting && s.Peer != nil && s.Peer.Connected
	}).Rev
	manager.do(&protocol.Flag{Code: "S_COERCION", Text: "A second voice."})
	manager.until("the flag", func(s *protocol.State) bool { return len(s.Staff.Flags) == 1 })
	manager.do(&protocol.Chat{Text: "One moment."})
	after := seller.until("the chat", func(s *protocol.State) bool { return len(s.Chat) == 1 }).Rev
	if after != before+1 {
		t.Errorf("%d states were sent for a flag and a line of chat, want 1", after-before)
	}
}

// TestWithdrawnWhileTheStoreFails: who withdraws is not recorded on because the
// store could not take it down.
func TestWithdrawnWhileTheStoreFails(t *testing.T) {
	r := newRig(t)
	_, seller, _ := r.admitted()
	if err := r.rooms.Close(); err != nil {
		t.Fatal(err)
	}
	seller.refused(&protocol.Withdraw{}, protocol.CodeInternal)
	seller.until("the recording to stop", func(s *protocol.State) bool { return !s.Recording })
	seller.refused(&protocol.Chat{Text: "Still here?"}, protocol.CodeInternal)
	seller.do(&protocol.Mute{Kind: "video", Off: true}) // a later state
	if s := seller.until("the mute", func(s *protocol.State) bool { return s.You.VideoOff }); s.Recording {
		t.Error("the recording goes on")
	}
	var err error
	if r.rooms, err = rooms.Open(context.Background(), rooms.Options{Dir: t.TempDir(), Keys: r.vault}); err != nil { // for the rig to close
		t.Fatal(err)
	}
}

// fullStore is an evidence store that refuses bundles for a while.
type fullStore struct {
	objects.Store
	refuse atomic.Int64 // this many more
}

var errFull = errors.New("no space left")

func (s *fullStore) Put(ctx context.Context, name string, from io.Reader) (objects.Object, error) {
	if strings.Contains(name, "/bundle/") && s.refuse.Add(-1) >= 0 {
		return objects.Object{}, errFull
	}
	return s.Store.Put(ctx, name, from)
}

// TestSealIsTriedAgain: a record that could not be sealed is, once it can,
// though everybody has left.
func TestSealIsTriedAgain(t *testing.T) {
	r := newRig(t)
	full := &fullStore{Store: r.store}
	full.refuse.Store(2)
	sealed, err := vault.Open(full, filepath.Join(r.dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	house := calls.NewHouse(calls.Config{Rooms: r.rooms, Media: r.media, Evidence: sealed, Keys: r.keys,
		Scratch: filepath.Join(r.dir, "scratch"), Log: r.log, Reseal: time.Millisecond})
	defer func() {
		if err := house.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	room := r.book()
	for _, c := range []rooms.Command{rooms.GiveNotice{Who: rooms.Seller, Version: "2026-11", Language: "en", Agree: true},
		rooms.GiveNotice{Who: rooms.Manager, Version: "2026-11", Language: "en", Agree: true}, rooms.EnterWaiting{}, rooms.Admit{},
		rooms.EndCall{Cause: "hangup_manager"}} {
		if _, err := r.rooms.Do(t.Context(), room, "system", c); err != nil {
			t.Fatal(err)
		}
	}
	manager := open(t, house, room, protocol.RoleManager, "desk", "tab-manager")
	manager.do(&protocol.Verdict{Verdict: "fail", Reasons: []string{"M_NAME"}})
	manager.hangUp()
	wait(t, "the call to end", func() bool { return house.Live() == 0 })
	now, err := r.rooms.Load(t.Context(), room)
	if err != nil {
		t.Fatal(err)
	}
	r.checkRecord(room, now.Bundle)
}

// TestScratchOfASealedRecordIsDeleted: a crash between the bundle and the
// deletion of the parts leaves no second copy of the recordings.
func TestScratchOfASealedRecordIsDeleted(t *testing.T) {
	r := newRig(t)
	room, _, manager := r.admitted()
	manager.do(&protocol.Verdict{Verdict: "fail", Reasons: []string{"M_NAME"}})
	digest := manager.until("the digest", func(s *protocol.State) bool { return s.Outcome != nil && s.Outcome.Digest != "" }).Outcome.Digest
	r.checkRecord(room, digest)
	left := filepath.Join(r.dir, "scratch", room, "seller-c1-1")
	if err := os.MkdirAll(left, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := r.house.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if files := r.scratch(); len(files) > 1 { // the folder of all rooms stays
		t.Errorf("left: %v", files)
	}
}

// TestCancelledWhileWaiting: a waiting seller's media ends with the
// appointment, and another device needs nobody's leave before there is a call.
func TestCancelledWhileWaiting(t *testing.T) {
	r := newRig(t)
	room := r.book()
	laptop := open(t, r.house, room, protocol.RoleSeller, "laptop", "tab-laptop")
	laptop.do(agree)
	phone := open(t, r.house, room, protocol.RoleSeller, "phone", "tab-phone")
	phone.refused(agree, protocol.CodeNeedsAllow)
	laptop.hangUp()
	phone.until("the seat", func(s *protocol.State) bool { return s.Room.State == rooms.StateWaiting })
	phone.connect(film)
	phone.until("media", func(s *protocol.State) bool { return s.You.Media })
	if _, err := r.rooms.Do(t.Context(), room, "manager:jonas", rooms.Cancel{By: "manager"}); err != nil {
		t.Fatal(err)
	}
	r.house.Refresh(room)
	phone.until("the end of media", func(s *protocol.State) bool { return s.Room.State == rooms.StateCancelled && !s.You.Media })
	phone.refused(&protocol.Offer{SDP: "v=0"}, protocol.CodeWrongState)
}

// TestOffersAreBounded: who makes one transport after the other has to wait,
// and others don't notice.
func TestOffersAreBounded(t *testing.T) {
	r := newRig(t)
	room := r.book()
	seller := open(t, r.house, room, protocol.RoleSeller, "phone", "tab-seller")
	manager := open(t, r.house, room, protocol.RoleManager, "desk", "tab-manager")
	seller.do(agree)
	manager.do(agree)
	for range 1000 {
		answer, refused := seller.ask(&protocol.Offer{SDP: "v=0"}).(*protocol.Error)
		if !refused {
			t.Fatal("a wrong offer was taken")
		}
		if answer.Code == protocol.CodeTooMany {
			manager.refused(&protocol.Offer{SDP: "v=0"}, protocol.CodeBadSDP)
			return
		}
	}
	t.Fatal("1000 offers were looked at")
}

// TestCapturesAreBounded: a page that asks for one picture after the other has to
// wait, and is told so.
func TestCapturesAreBounded(t *testing.T) {
	r := newRig(t)
	manager := open(t, r.house, r.book(), protocol.RoleManager, "desk", "tab-manager")
	for i := range 100 {
		answer, refused := manager.ask(&protocol.Capture{Slot: protocol.SlotFace}).(*protocol.Error)
		if !refused {
			t.Fatal("a picture was taken before the call")
		}
		if answer.Code == protocol.CodeTooMany {
			if i < 20 {
				t.Errorf("refused after %d", i)
			}
			return
		}
	}
	t.Fatal("100 captures were looked at")
}

// TestMutesEndWithTheirPage: a reloaded page has all on until it says otherwise.
func TestMutesEndWithTheirPage(t *testing.T) {
	r := newRig(t)
	room := r.book()
	manager := open(t, r.house, room, protocol.RoleManager, "desk", "tab-manager")
	seller := open(t, r.house, room, protocol.RoleSeller, "phone", "tab-seller")
	seller.do(&protocol.Mute{Kind: "audio", Off: true})
	manager.until("the mute", func(s *protocol.State) bool { return s.Peer.AudioOff })
	open(t, r.house, room, protocol.RoleSeller, "phone", "tab-seller")
	manager.until("the end of the mute", func(s *protocol.State) bool { return !s.Peer.AudioOff })
}
