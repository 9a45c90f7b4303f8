package evidence

import (
	"runtime"
	"sync"
)

// maxBeside bounds how many files are checked at the same time: each may need a
// megabyte of memory.
const maxBeside = 4

// beside does n things beside one another, as many as there are processors. The
// error is that of the first in their order that failed; what comes after one
// that failed may be left out.
func beside(n int, do func(i int) error) error {
	faults := make([]error, n)
	var workers sync.WaitGroup
	var taking sync.Mutex // guards next and failed
	next, failed := 0, false
	for range min(n, maxBeside, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for {
				taking.Lock()
				i, stop := next, failed || next >= n
				next++
				taking.Unlock()
				if stop {
					return
				}
				if faults[i] = do(i); faults[i] != nil {
					taking.Lock()
					failed = true
					taking.Unlock()
				}
			}
		})
	}
	workers.Wait()
	for _, err := range faults {
		if err != nil {
			return err
		}
	}
	return nil
}
