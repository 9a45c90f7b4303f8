package evidence

import (
	"context"
	"errors"
	"fmt"
	"io"

	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/webm"
)

// WriteClip cuts a clip, which is a reference to the frames from first to last of
// a recording, out of it as a WebM file of its own. ErrNotFound if the bundle
// doesn't hold such a stretch.
func (b *Bundle) WriteClip(ctx context.Context, w io.Writer, recording string, first, last int64) error {
	f, _, err := b.Open(ctx, recordingDir+recording+".webm")
	if err != nil {
		return err
	}
	err = webm.Cut(w, objects.Until(ctx, f), first, last)
	if errors.Is(err, webm.ErrCut) {
		err = fmt.Errorf("%w: %w", objects.ErrNotFound, err)
	}
	return errors.Join(err, f.Close())
}
