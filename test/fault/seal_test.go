//go:build fault

package fault

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"verifycall/bench/robot"
)

// TestPausedWhileSealing stops an owner where it stands while it writes a bundle.
// Another node seals the room; when the first goes on, the bundle stays whole and
// nothing is left of what it wrote.
func TestPausedWhileSealing(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := newCluster(t, ctx)
	owner, other := c.node(t, ctx, "a"), c.node(t, ctx, "b")
	for range 5 { // until it is met in the middle
		call := c.callAt(t, ctx, owner, owner)
		time.Sleep(3 * time.Second)
		must(t, call.Finish(ctx))
		first := filepath.Join(c.dir, "store", "rooms", call.Room.ID, "bundle")
		for !exists(filepath.Join(first, "data")) && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		must(t, owner.Pause())
		if exists(filepath.Join(first, "tagmanifest-sha256.txt.minisig")) {
			must(t, owner.Wake()) // it was faster
			continue
		}
		c.sealedByOther(t, ctx, owner, other, call.Room.ID, first)
		return
	}
	t.Error("never met while sealing")
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

func (c *cluster) sealedByOther(t *testing.T, ctx context.Context, owner, other *robot.Server, room, first string) {
	t.Helper()
	verified(t, c.program, bundle(t, ctx, other, room), c.dir)
	c.verifyStored(t, room)
	must(t, owner.Wake())
	for exists(filepath.Join(first, "data", "ledger.jsonl.age")) || exists(filepath.Join(first, "bagit.txt")) {
		select {
		case <-ctx.Done():
			t.Fatal("what the stale owner wrote is left")
		case <-time.After(50 * time.Millisecond):
		}
	}
	time.Sleep(time.Second) // in which it might still write
	c.verifyStored(t, room)
	verified(t, c.program, bundle(t, ctx, owner, room), c.dir) // it serves again, as any node
	list := entries(t, ctx, owner, room)
	if n := count(list, "sealed", "", ""); n != 1 {
		t.Errorf("sealed %d times", n)
	}
	_ = filepath.WalkDir(first, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			t.Errorf("left of the stale owner: %s", path)
		}
		return nil // nothing is left where the folder isn't there
	})
}

// verifyStored verifies what lies in the store of a room, decrypted.
func (c *cluster) verifyStored(t *testing.T, room string) {
	t.Helper()
	keys, err := filepath.Glob(filepath.Join(c.dir, "keys", "*.pub"))
	if err != nil || len(keys) != 1 {
		t.Fatalf("public keys %v, %v", keys, err)
	}
	text, err := exec.Command(c.program, "verify", room, "--store", filepath.Join(c.dir, "store"), "--keys", filepath.Join(c.dir, "keys"), "--key", keys[0]).CombinedOutput()
	if err != nil {
		t.Errorf("verify in the store: %v\n%s", err, text)
	}
}
