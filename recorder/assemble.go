package recorder

import (
	"errors"
	"io"
)

// Recover makes each recording in a room's folder fit for Assemble.
func Recover(dir string) error { return nil }

// Assemble makes one seekable WebM file of a recording's parts.
func Assemble(dir string, video, index io.Writer) (Summary, error) {
	return Summary{}, errors.New("recorder: assembly is not there yet")
}
