package rooms

import (
	"slices"
	"testing"
	"time"

	"verifycall/rooms/redistest"
)

// BenchmarkCommit is one command on one room, from decision to
// acknowledgement: read, decide, write, durable.
func BenchmarkCommit(b *testing.B) {
	for _, kind := range redistest.Kinds {
		b.Run(kind.Name, func(b *testing.B) {
			s := openKind(b, kind)
			var took []time.Duration
			for i := 0; b.Loop(); i++ {
				b.StopTimer()
				id := create(b, s, nil).ID
				b.StartTimer()
				began := time.Now()
				do(b, s, id, agree[0])
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-us")
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds()), "p95-us")
		})
	}
}

// BenchmarkLoad reads a room after a whole call.
func BenchmarkLoad(b *testing.B) {
	for _, kind := range redistest.Kinds {
		b.Run(kind.Name, func(b *testing.B) {
			s := openKind(b, kind)
			id := create(b, s, nil).ID
			do(b, s, id, wholeCall(b)...)
			for b.Loop() {
				if _, err := s.Load(b.Context(), id); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
