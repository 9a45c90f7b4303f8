package calls_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"verifycall/calls/protocol"
	"verifycall/recorder"
	"verifycall/rooms"
)

// run gives up on the test, loudly, where the machine doesn't permit it.
func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if text, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Skipf("NOT CHECKED: %s %v: %v\n%s", name, args, err, text)
	}
}

// frozen is a disk that answers nothing until it is thawed.
func frozen(t *testing.T, dir string) (broken, mended func()) {
	image := filepath.Join(t.TempDir(), "disk")
	run(t, "truncate", "-s", "32M", image)
	run(t, "mkfs.ext4", "-q", image)
	run(t, "mount", "-o", "loop", image, dir)
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return func() {
		t.Cleanup(func() { _ = exec.Command("fsfreeze", "-u", dir).Run() }) // before anything that writes is waited for
		run(t, "fsfreeze", "-f", dir)
	}, func() { run(t, "fsfreeze", "-u", dir) }
}

// full is a disk with some room, and without.
func full(t *testing.T, dir string) (broken, mended func()) {
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=16m"); err != nil {
		t.Skipf("NOT CHECKED: mount: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	ballast := filepath.Join(dir, "ballast")
	return func() {
			_ = os.WriteFile(ballast, make([]byte, 16<<20), 0o600) // it fails when the disk is full
		}, func() {
			if err := os.Remove(ballast); err != nil {
				t.Error(err)
			}
		}
}

// sellersPicture is what the recorder's light shows of it.
func (p *page) sellersPicture() (video protocol.TrackStatus) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.light != nil {
		for _, track := range p.light.Tracks {
			if track.Participant == protocol.RoleSeller && track.Kind == "video" {
				video = track
			}
		}
	}
	return video
}

// TestRecorderIsNeverInTheWay: a disk that doesn't answer, or is full, costs the
// other side no packet. The manager is shown it, and that it is over; what is
// missing is a gap with its cause.
func TestRecorderIsNeverInTheWay(t *testing.T) {
	for name, disk := range map[string]struct {
		make          func(t *testing.T, dir string) (broken, mended func())
		failing, lost string // lost: cause of the gap
	}{
		"frozen": {make: frozen, failing: recorder.FailingSilent},
		"full":   {make: full, failing: recorder.FailingFull, lost: "disk"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			scratch := filepath.Join(dir, "scratch")
			if err := os.MkdirAll(scratch, 0o700); err != nil {
				t.Fatal(err)
			}
			broken, mended := disk.make(t, scratch)
			_, _, manager := newRigIn(t, dir).admitted() // closed before the disk is taken away
			light := manager.sellersPicture
			wait(t, "the first seconds on disk", func() bool { return light().Bytes > 0 })
			missed := manager.missed.Load()
			broken()
			wait(t, "the light", func() bool { return light().Failing == disk.failing })
			before, heard := light(), manager.heard["video"].Load()
			wait(t, "pictures meanwhile", func() bool { return manager.heard["video"].Load() > heard+100 })
			mended()
			wait(t, "the recording to go on", func() bool { return light().Failing == "" && light().Bytes > before.Bytes })
			wait(t, "every packet at the manager", func() bool { return manager.missed.Load() <= missed })
			if now := light(); disk.lost != "" && now.Cause != disk.lost || disk.lost == "" && now.Gaps != before.Gaps {
				t.Errorf("the light shows %+v, before %+v", now, before)
			}
		})
	}
}

// TestBeginningIsNeverInTheWay: where the disk doesn't answer when a connection
// begins anew, both people go on, and are recorded as soon as it does.
func TestBeginningIsNeverInTheWay(t *testing.T) {
	dir := t.TempDir()
	scratch := filepath.Join(dir, "scratch")
	if err := os.MkdirAll(scratch, 0o700); err != nil {
		t.Fatal(err)
	}
	broken, mended := frozen(t, scratch)
	_, seller, manager := newRigIn(t, dir).admitted()
	broken()
	seller.connect(film)
	manager.do(&protocol.Chat{Text: "Can you hear me?"})
	heard := manager.heard["video"].Load()
	wait(t, "pictures meanwhile", func() bool { return manager.heard["video"].Load() > heard+50 })
	wait(t, "the light", func() bool { return manager.sellersPicture().Failing == recorder.FailingSilent })
	mended()
	seller.until("the recording", func(s *protocol.State) bool { return s.Recording })
	wait(t, "the first seconds on disk", func() bool { light := manager.sellersPicture(); return light.Failing == "" && light.Bytes > 0 })
}

// TestTimeWithoutRecordingCounts: what a disk keeps from being recorded at all locks
// a pass and is shown, and recording begins by itself when the disk works again. The
// lock outlasts a restart.
func TestTimeWithoutRecordingCounts(t *testing.T) {
	r := newRig(t)
	room, seller, manager := r.admitted()
	locked := func(s *protocol.State) bool {
		return slices.ContainsFunc(s.Staff.Missing, func(m protocol.Missing) bool { return m.Code == "coverage" && m.Item == "seller.video" })
	}
	manager.until("enough to be recorded", func(s *protocol.State) bool { return !locked(s) })
	folder := filepath.Join(r.dir, "scratch", room)
	if err := errors.Join(os.Rename(folder, folder+".away"), os.WriteFile(folder, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	seller.connect(film)
	wait(t, "the light", func() bool { return manager.sellersPicture().Failing == recorder.FailingBroken })
	manager.until("the lock", locked)
	wait(t, "a third to be missing", func() bool { return manager.sellersPicture().Coverage < 670 })
	if err := errors.Join(os.Remove(folder), os.Rename(folder+".away", folder)); err != nil {
		t.Fatal(err)
	}
	seller.until("the recording", func(s *protocol.State) bool { return s.Room.State == rooms.StateLive && s.Recording })
	wait(t, "the end of the light", func() bool { light := manager.sellersPicture(); return light.Failing == "" && light.Bytes > 0 })
	wait(t, "enough, by what was recorded alone", func() bool { return manager.sellersPicture().Coverage > 710 })
	r.stop()
	seller.drop()
	manager.drop()
	r.start()
	manager = open(t, r.house, room, protocol.RoleManager, "desk", "tab-manager")
	if !locked(manager.until("the call, interrupted", func(s *protocol.State) bool { return s.Room.State == rooms.StateInterrupted })) {
		t.Error("after a restart what was not recorded is forgotten")
	}
	manager.do(&protocol.Verdict{Verdict: "fail", Reasons: []string{"D_EXPIRED"}})
	digest := manager.until("the seal", func(s *protocol.State) bool { return s.Outcome != nil && s.Outcome.Digest != "" }).Outcome.Digest
	r.checkRecord(room, digest)
}
