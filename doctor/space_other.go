//go:build !unix

package doctor

import "errors"

func freeBytes(string) (uint64, error) { return 0, errors.New("this system doesn't tell the space") }
