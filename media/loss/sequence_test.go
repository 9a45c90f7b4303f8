package loss

import "testing"

func TestSequence(t *testing.T) {
	type step struct {
		seq   uint16
		fresh bool
	}
	tests := []struct {
		name  string
		steps []step
		lost  uint64
	}{
		{"in order", []step{{1, true}, {2, true}, {3, true}}, 0},
		{"a gap", []step{{1, true}, {4, true}}, 2},
		{"a gap repaired", []step{{1, true}, {3, true}, {2, true}}, 0},
		{"a copy", []step{{1, true}, {2, true}, {2, false}, {1, false}}, 0},
		{"over the wrap", []step{{65534, true}, {1, true}, {65535, true}, {0, true}, {65535, false}}, 0},
		{"before the first", []step{{100, true}, {98, true}}, 1},
		{"too late", []step{{100, true}, {100 + sequenceSpan, true}, {100, false}, {101, true}}, sequenceSpan - 2 + 0},
		{"a number comes again after a wrap", []step{{5, true}, {30000, true}, {60000, true}, {5, true}}, 65536 - 3},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var s Sequence
			for i, step := range test.steps {
				if _, fresh := s.Add(step.seq); fresh != step.fresh {
					t.Errorf("step %d: %d is fresh: %v", i, step.seq, fresh)
				}
			}
			if got := s.Lost(); got != test.lost {
				t.Errorf("lost %d, want %d", got, test.lost)
			}
		})
	}
}

// A plain map must agree with the bit window about what is fresh.
func FuzzSequence(f *testing.F) {
	f.Add([]byte{1, 0, 2, 0, 255, 255, 1, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		var s Sequence
		seen := map[int64]bool{}
		for ; len(raw) >= 2; raw = raw[2:] {
			ext, fresh := s.Add(uint16(raw[0]) | uint16(raw[1])<<8)
			late := ext <= s.Highest-sequenceSpan
			if want := !seen[ext] && !late; fresh != want {
				t.Fatalf("%d fresh: %v, want %v", ext, fresh, want)
			}
			if fresh {
				seen[ext] = true
			}
		}
		if s.Began && s.Lost() != uint64(s.Highest-s.lowest)+1-uint64(len(seen)) {
			t.Errorf("lost %d of %d..%d with %d seen", s.Lost(), s.lowest, s.Highest, len(seen))
		}
	})
}
