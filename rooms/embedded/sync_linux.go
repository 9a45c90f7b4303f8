package embedded

import (
	"os"
	"syscall"
)

// syncData has a file's content and length on disk, without its times.
func syncData(file *os.File) error {
	for {
		if err := syscall.Fdatasync(int(file.Fd())); err != syscall.EINTR {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}
