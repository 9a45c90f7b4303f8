//go:build unix && !linux

package embedded

import "os"

// syncData has a file's content and length on disk.
func syncData(file *os.File) error { return file.Sync() }
