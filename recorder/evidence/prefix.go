package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"verifycall/recorder/evidence/objects"
	"verifycall/rooms/ledger"
)

// bundleFolder is the folder of a room's bundle, under roomPrefix; that of a later
// owner of the room ends with "-f" and its fence.
const bundleFolder = "bundle"

// Prefix gives the store prefix of a room's bundle, "rooms/<room>/bundle/", where
// the room's first owner has sealed it.
func Prefix(room string) string { return FencedPrefix(room, 0) }

// FencedPrefix gives the store prefix under which the owner of a room with a fence
// seals it: one that was taken over has "rooms/<room>/bundle-f<fence>/". So an
// owner that wakes up in the middle of sealing changes nothing of the next one's.
// Which one counts is said by the first entry of the custody ledger.
func FencedPrefix(room string, fence int64) string {
	if fence < 2 {
		return roomPrefix(room) + bundleFolder + "/"
	}
	return roomPrefix(room) + bundleFolder + "-f" + strconv.FormatInt(fence, 10) + "/"
}

// roomOf gives the room of a prefix made by FencedPrefix.
func roomOf(prefix string) (string, error) {
	room, folder, _ := strings.Cut(strings.TrimPrefix(prefix, "rooms/"), "/")
	fence, found := fenceOf(strings.TrimSuffix(folder, "/"))
	if !found || FencedPrefix(room, fence) != prefix || !objects.PlainSegment(room) {
		return "", fmt.Errorf("%w: prefix %q isn't rooms/<room>/bundle/", objects.ErrName, prefix)
	}
	return room, nil
}

// fenceOf gives the fence of a bundle's folder, 0 for the first owner's.
func fenceOf(folder string) (fence int64, found bool) {
	if folder == bundleFolder {
		return 0, true
	}
	text, found := strings.CutPrefix(folder, bundleFolder+"-f")
	fence, err := strconv.ParseInt(text, 10, 64)
	return fence, found && err == nil && fence > 1
}

// Locate gives the prefix and fence of a room's sealed bundle by what lies in the
// store: the one that the mirrored custody ledger names; before it is there, that
// of the highest fence that is signed; Prefix where none is.
func Locate(ctx context.Context, store objects.Store, room string) (prefix string, fence int64, err error) {
	if fence, found, err := custodyFence(ctx, store, room); found || err != nil {
		return FencedPrefix(room, fence), fence, err
	}
	names, err := store.List(ctx, roomPrefix(room)+bundleFolder)
	if err != nil {
		return "", 0, fmt.Errorf("bundle of %s: %w", room, err)
	}
	for _, name := range names {
		folder, file, _ := strings.Cut(strings.TrimPrefix(name, roomPrefix(room)), "/")
		if f, found := fenceOf(folder); found && file == signatureFile {
			fence = max(fence, f)
		}
	}
	return FencedPrefix(room, fence), fence, nil
}

// custodyFence reads the first entry of the mirrored custody ledger. What it says
// is checked by who verifies the bundle that lies there.
func custodyFence(ctx context.Context, store objects.Store, room string) (fence int64, found bool, err error) {
	names, err := store.List(ctx, roomPrefix(room)+"mirror/custody-")
	if err != nil || len(names) == 0 {
		return 0, false, err
	}
	text, err := readObject(ctx, store, names[0], maxCustody)
	if err != nil {
		return 0, false, err
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	e, err := ledger.Parse(line)
	if err != nil {
		return 0, false, isWrong(names[0], "%v", err)
	}
	fence, _ = e.Body["fence"].(int64)
	return fence, e.Type == "custody_opened", nil
}

// DropBundle deletes what lies under a bundle's prefix: of an owner who has lost
// the room before the bundle counted. What a lock holds stays.
func DropBundle(ctx context.Context, store objects.Store, prefix string) error {
	if _, err := roomOf(prefix); err != nil {
		return err
	}
	names, err := store.List(ctx, prefix)
	if err != nil {
		return fmt.Errorf("drop %s: %w", prefix, err)
	}
	for _, name := range names {
		err := store.Delete(ctx, name)
		if err != nil && !errors.Is(err, objects.ErrNotFound) && !errors.Is(err, objects.ErrLocked) {
			return fmt.Errorf("drop %s: %w", prefix, err)
		}
	}
	return nil
}

// DropOthers is DropBundle for every other owner of the room.
func DropOthers(ctx context.Context, store objects.Store, room string, fence int64) error {
	names, err := store.List(ctx, roomPrefix(room)+bundleFolder)
	if err != nil {
		return fmt.Errorf("drop bundles of %s: %w", room, err)
	}
	others := map[string]bool{}
	for _, name := range names {
		folder, _, _ := strings.Cut(strings.TrimPrefix(name, roomPrefix(room)), "/")
		if f, found := fenceOf(folder); found && FencedPrefix(room, f) != FencedPrefix(room, fence) {
			others[FencedPrefix(room, f)] = true
		}
	}
	var faults []error
	for prefix := range others {
		faults = append(faults, DropBundle(ctx, store, prefix))
	}
	return errors.Join(faults...)
}
