package calls_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"verifycall/calls/depot"
	"verifycall/calls/protocol"
	"verifycall/recorder/evidence"
	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
)

// shipped is how many bytes of a room's parts the store has.
func (r *rig) shipped(room string) (bytes int64) {
	r.t.Helper()
	names, err := r.store.List(r.t.Context(), "rooms/"+room+"/parts/")
	if err != nil {
		r.t.Fatal(err)
	}
	for _, name := range names {
		object, err := r.store.Stat(r.t.Context(), name)
		if err != nil {
			r.t.Fatal(err)
		}
		bytes += object.Size
	}
	return bytes
}

// TestStoreAway: a node that is alone ships its parts to a store in S3 during the
// call. While that is away the call goes on, its parts wait and the operator sees
// it; no call begins of which nothing could be recorded. After it, and after a
// start anew in the middle, what waited is sent, and the record has no gap. The
// store stays away for VERIFYCALL_STORE_AWAY, or until something waits; from a
// minute on that is an alarm.
func TestStoreAway(t *testing.T) {
	if testing.Short() {
		t.Skip("a whole call with media")
	}
	server := evidenceBucket(t)
	r := &rig{t: t, dir: t.TempDir(), url: server.URL("evidence")}
	r.start()
	t.Cleanup(r.stop)
	other := r.book()
	room, seller, manager := r.admitted()
	wait(t, "parts in the store", func() bool { return r.shipped(room) > 0 })

	server.Stop()
	waiting := open(t, r.house, other, protocol.RoleSeller, "phone", "tab-other")
	waiting.do(agree)
	host := open(t, r.house, other, protocol.RoleManager, "desk", "tab-host")
	host.do(agree)
	waiting.until("the waiting room", func(s *protocol.State) bool { return s.Room.State == rooms.StateWaiting })
	host.refused(&protocol.Admit{}, protocol.CodeUnavailable)
	before := r.house.Spool().Bytes
	wait(t, "parts that wait", func() bool { use := r.house.Spool(); return use.Behind > 0 && use.Bytes > before+100_000 })
	r.goWithoutStore()
	kept := map[string]bool{r.captured(room, manager, protocol.SlotFace): true, r.captured(room, manager, protocol.SlotDocFront): true}
	manager.until("captures that wait here", func(s *protocol.State) bool { return s.Staff.Unstored == len(kept) })
	for digest := range kept {
		r.checkStill(room, digest)
	}
	if state := seller.until("the call", func(s *protocol.State) bool { return s.Recording }); state.Room.State != rooms.StateLive {
		t.Errorf("the call is %s", state.Room.State)
	}

	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	wait(t, "the store to have all", func() bool { return r.house.Spool().Behind == 0 && r.shipped(room) > before })
	manager.until("nothing that waits here", func(s *protocol.State) bool { return s.Staff.Unstored == 0 })
	for digest := range kept {
		r.checkStored(room, digest)
	}
	host.do(&protocol.Admit{})
	host.do(&protocol.End{})
	manager.do(&protocol.Verdict{Verdict: "fail", Reasons: []string{"D_EXPIRED"}})
	digest := seller.until("the digest", func(s *protocol.State) bool { return s.Outcome != nil && s.Outcome.Digest != "" }).Outcome.Digest
	r.checkRecord(room, digest)
	if n := r.shipped(room); n > 0 {
		t.Errorf("%d bytes of parts of a sealed record are in the store", n)
	}
	if gaps := r.gaps(room); gaps != "" {
		t.Errorf("the record has gaps: %s", gaps)
	}
}

// goWithoutStore lets the call go on for VERIFYCALL_STORE_AWAY, in which what waits
// grows, and raises the alarm.
func (r *rig) goWithoutStore() {
	r.t.Helper()
	text := os.Getenv("VERIFYCALL_STORE_AWAY")
	if text == "" {
		return
	}
	length, err := time.ParseDuration(text)
	if err != nil {
		r.t.Fatal(err)
	}
	last := r.house.Spool()
	for end := time.Now().Add(length); time.Now().Before(end); {
		time.Sleep(min(30*time.Second, time.Until(end)))
		use := r.house.Spool()
		r.t.Logf("away for %s: %d bytes of %d wait, alarm %q", use.Behind.Round(time.Second), use.Bytes, use.Limit, use.Alarm())
		if use.Bytes <= last.Bytes {
			r.t.Errorf("what waits doesn't grow: %d bytes", use.Bytes)
		}
		if use.Behind > time.Minute && use.Alarm() == "" {
			r.t.Errorf("away for %s, and no alarm", use.Behind)
		}
		last = use
	}
}

// TestShippingGoesOnAfterACrash: what a run before has not shipped, the next does,
// without sending again what the store has.
func TestShippingGoesOnAfterACrash(t *testing.T) {
	if testing.Short() {
		t.Skip("a whole call with media")
	}
	server := evidenceBucket(t)
	r := &rig{t: t, dir: t.TempDir(), url: server.URL("evidence"), grace: time.Minute}
	r.start()
	t.Cleanup(func() { r.stop() })
	room, _, manager := r.admitted()
	wait(t, "parts in the store", func() bool { return r.shipped(room) > 0 })
	server.Stop()
	digest := r.captured(room, manager, protocol.SlotFace)
	before := r.house.Spool().Bytes
	wait(t, "parts that wait", func() bool { return r.house.Spool().Bytes > before+100_000 })
	r.stop() // nothing more reaches the store
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.start()
	if use, there := r.house.Spool(), r.shipped(room); there < before+100_000 || use.Behind != 0 {
		t.Errorf("the store has %d bytes of %+v", there, use)
	}
	r.checkStored(room, digest)
}

// captured takes a still into a slot and gives its digest.
func (r *rig) captured(room string, manager *page, slot string) (digest string) {
	r.t.Helper()
	manager.do(&protocol.Capture{Slot: slot})
	at, err := r.rooms.Load(r.t.Context(), room)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, c := range at.Captures {
		if c.Slot == slot {
			digest = c.SHA256
		}
	}
	return digest
}

// checkStill: a still can be looked at, wherever it lies.
func (r *rig) checkStill(room, digest string) {
	r.t.Helper()
	f, err := r.house.OpenEvidence(r.t.Context(), room, vault.Stills, depot.StillName(room, digest))
	if err != nil {
		r.t.Fatal(err)
	}
	defer f.Close()
	if got, _, err := objects.Digest(f); err != nil || got != digest {
		r.t.Errorf("still %.8s reads as %.8s, %v", digest, got, err)
	}
}

// checkStored: a still lies in the store and no longer on this node.
func (r *rig) checkStored(room, digest string) {
	r.t.Helper()
	f, _, err := r.vault.Open(r.t.Context(), vault.Room(room), vault.Stills, depot.StillName(room, digest))
	if err != nil {
		r.t.Fatalf("still %.8s: %v", digest, err)
	}
	defer f.Close()
	if got, _, err := objects.Digest(f); err != nil || got != digest {
		r.t.Errorf("still %.8s is stored as %.8s, %v", digest, got, err)
	}
	if left, err := filepath.Glob(filepath.Join(r.dir, "*", room, "kept", "*")); err != nil || len(left) > 0 {
		r.t.Errorf("still kept here: %v, %v", left, err)
	}
}

// gaps lists what a sealed record lacks of its recordings, but the moment before
// their first picture and what the test's own browsers didn't send in time.
func (r *rig) gaps(room string) string {
	r.t.Helper()
	file, _, err := r.vault.Open(r.t.Context(), vault.Room(room), vault.Record, evidence.Prefix(room)+"data/room.json")
	if err != nil {
		r.t.Fatal(err)
	}
	defer file.Close()
	var facts struct {
		Recordings []struct {
			Gaps []struct {
				Track, Cause string
			}
		}
	}
	if err := json.NewDecoder(file).Decode(&facts); err != nil || len(facts.Recordings) == 0 {
		r.t.Fatalf("%d recordings, %v", len(facts.Recordings), err)
	}
	var list []string
	for _, recording := range facts.Recordings {
		for _, gap := range recording.Gaps {
			if gap.Cause != "lead_in" && gap.Cause != "no_packets" {
				list = append(list, gap.Track+": "+gap.Cause)
			}
		}
	}
	return strings.Join(list, ", ")
}
