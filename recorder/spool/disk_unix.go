//go:build unix

package spool

import "golang.org/x/sys/unix"

// diskOf is what an ordinary user may still write into a folder's file system, and
// that system's size, in bytes.
func diskOf(folder string) (free, size int64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return 0, 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), int64(s.Blocks) * int64(s.Bsize), nil
}
