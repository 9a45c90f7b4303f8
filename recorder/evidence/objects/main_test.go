package objects_test

import (
	"os"
	"testing"
)

// TestMain ends the S3 server that the tests share.
func TestMain(m *testing.M) {
	code := m.Run()
	if s3Server.server != nil {
		s3Server.server.Stop()
	}
	for _, dir := range keptFolders {
		_ = os.RemoveAll(dir) // a temporary folder
	}
	os.Exit(code)
}

var keptFolders []string

// keptFolder makes a folder that is there until the last test has ended.
func keptFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "verifycall-s3-")
	if err != nil {
		t.Fatal(err)
	}
	keptFolders = append(keptFolders, dir)
	return dir
}
