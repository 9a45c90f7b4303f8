//go:build unix

package places

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"

	"verifycall/cmd/verifycall/settings"
)

// ErrOthers says that root would write into another user's folders, where that user
// can't read what root makes.
var ErrOthers = errors.New("run it as that user, what root makes there can't be read by it")

// Owned refuses to work as root on folders that belong to another user, by ErrOthers.
// It makes nothing.
func Owned(c settings.Settings) error {
	if os.Geteuid() != 0 {
		return nil
	}
	folders := []string{c.Data, c.Keys}
	if store, err := settings.StoreFolder(c.Store); err == nil {
		folders = append(folders, store)
	}
	for _, folder := range folders {
		info, err := os.Stat(folder)
		if err != nil {
			continue // whoever needs it says so
		}
		at, is := info.Sys().(*syscall.Stat_t)
		if is && at.Uid != 0 {
			name := userName(at.Uid)
			return fmt.Errorf("%s belongs to %s: %w (sudo -u '%s' verifycall …)", folder, name, ErrOthers, name)
		}
	}
	return nil
}

// userName is how sudo takes a user, by number where it has no name.
func userName(id uint32) string {
	number := strconv.FormatUint(uint64(id), 10)
	if u, err := user.LookupId(number); err == nil {
		return u.Username
	}
	return "#" + number
}
