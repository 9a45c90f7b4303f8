package evidence

import (
	"bufio"
	"context"
	"errors"
	"io"

	"verifycall/recorder/evidence/objects"
)

// eachLine calls do with every line of a file, without its line feed. Lines are
// numbered from 1; the bytes are do's until it returns. A line without an end,
// or longer than maxLine, is a *wrong.
func eachLine(ctx context.Context, b bag, name string, do func(number int, line []byte) error) error {
	f, err := b.open(ctx, name)
	if err != nil {
		return err
	}
	defer f.Close()
	r := newLines(objects.Until(ctx, f), name)
	for {
		line, err := r.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := do(r.number, line); err != nil {
			return err
		}
	}
}

// lines reads the lines of a file one by one.
type lines struct {
	r      *bufio.Reader
	name   string
	number int // of the line given last
}

func newLines(r io.Reader, name string) *lines {
	return &lines{r: bufio.NewReaderSize(r, maxLine), name: name}
}

// next gives the next line, valid until the call after, and io.EOF behind the
// last.
func (l *lines) next() ([]byte, error) {
	line, err := l.r.ReadSlice('\n')
	switch {
	case err == nil:
		l.number++
		return line[:len(line)-1], nil
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, isWrong(l.name, "line %d is longer than %d bytes", l.number+1, maxLine)
	case errors.Is(err, io.EOF) && len(line) > 0:
		return nil, isWrong(l.name, "line %d has no end", l.number+1)
	}
	return nil, err
}
