package loss

// sequenceSpan is how many sequence numbers back a packet is still taken: at
// 500 packets/s some 4 s, longer than any repair takes.
const sequenceSpan = 2048

// Sequence unwraps the 16-bit sequence numbers of one stream, tells a packet
// from its copy (a repair may race with a late original), and counts losses.
// The zero value is ready. Pure; owned by one Receiver.
type Sequence struct {
	Began           bool
	lowest, Highest int64 // unwrapped
	received        uint64
	seen            [sequenceSpan / 64]uint64 // bit per number, modulo sequenceSpan
}

// Add takes the number of a packet that has arrived. fresh is false for a copy
// and for one too late to be of use. ext is the number unwrapped.
func (s *Sequence) Add(seq uint16) (ext int64, fresh bool) {
	if !s.Began {
		s.Began = true
		s.lowest, s.Highest = int64(seq), int64(seq)
		s.mark(s.Highest)
		s.received++
		return s.Highest, true
	}
	ext = s.Highest + int64(int16(seq-uint16(s.Highest)))
	switch {
	case ext > s.Highest:
		s.clear(s.Highest+1, ext)
		s.Highest = ext
	case ext <= s.Highest-sequenceSpan || s.has(ext):
		return ext, false
	}
	s.mark(ext)
	s.lowest = min(s.lowest, ext)
	s.received++
	return ext, true
}

// Lost counts the numbers between the lowest and the highest that haven't come.
func (s *Sequence) Lost() uint64 {
	if !s.Began {
		return 0
	}
	return uint64(s.Highest-s.lowest) + 1 - s.received
}

func place(ext int64) (word int, bit uint64) {
	i := uint64(ext) % sequenceSpan
	return int(i / 64), 1 << (i % 64)
}

func (s *Sequence) has(ext int64) bool {
	word, bit := place(ext)
	return s.seen[word]&bit != 0
}

func (s *Sequence) mark(ext int64) {
	word, bit := place(ext)
	s.seen[word] |= bit
}

// clear forgets from..to, numbers that leave the span as the highest rises.
func (s *Sequence) clear(from, to int64) {
	if to-from >= sequenceSpan {
		s.seen = [sequenceSpan / 64]uint64{}
		return
	}
	for ext := from; ext <= to; ext++ {
		word, bit := place(ext)
		s.seen[word] &^= bit
	}
}
