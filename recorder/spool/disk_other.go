//go:build !unix

package spool

import "errors"

func diskOf(string) (free, size int64, err error) {
	return 0, 0, errors.New("this system doesn't tell the space")
}
