package evidence

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
)

// TestBeside: all is done once, and of several faults the first in order is told.
func TestBeside(t *testing.T) {
	for _, n := range []int{0, 1, 3, 100} {
		var done atomic.Int64
		if err := beside(n, func(int) error { done.Add(1); return nil }); err != nil || done.Load() != int64(n) {
			t.Errorf("%d of %d done, %v", done.Load(), n, err)
		}
	}
	fault := errors.New("fault")
	for range 100 {
		err := beside(50, func(i int) error {
			if i >= 7 {
				return fmt.Errorf("%w %d", fault, i)
			}
			return nil
		})
		if err == nil || err.Error() != "fault 7" {
			t.Fatalf("told %v", err)
		}
	}
}
