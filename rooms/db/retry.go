package db

import (
	"context"
	mathrand "math/rand/v2"
	"time"
)

// Attempts bounds how often somebody decides again after a conflict. One of all who
// write at the same moment gets through each time.
const Attempts = 100

// Pause lets others get through, the longer the more they are.
func Pause(ctx context.Context, attempt int) error {
	most := time.Duration(min(attempt, 20)) * time.Millisecond
	select {
	case <-time.After(mathrand.N(most)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
