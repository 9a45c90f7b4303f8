package objects

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteNew writes a file durably unless one of that name is there.
func WriteNew(name string, text []byte, mode fs.FileMode) error {
	return writeDurably(name, text, mode, func(temp string) error {
		err := os.Link(temp, name)
		if errors.Is(err, fs.ErrExist) {
			err = nil
		}
		return errors.Join(err, os.Remove(temp))
	})
}

// ReplaceFile writes a file durably over one that may be there.
func ReplaceFile(name string, text []byte, mode fs.FileMode) error {
	return writeDurably(name, text, mode, func(temp string) error { return os.Rename(temp, name) })
}

func writeDurably(name string, text []byte, mode fs.FileMode, place func(temp string) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	if err := place(f.Name()); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
