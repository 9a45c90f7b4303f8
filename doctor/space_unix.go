//go:build unix

package doctor

import "golang.org/x/sys/unix"

// freeBytes is what an ordinary user may still write into a folder's file system.
func freeBytes(folder string) (uint64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return 0, err
	}
	return uint64(s.Bavail) * uint64(s.Bsize), nil
}
