package recorder

// pace places the frames of a running recording by the sender's pace: a frame
// that was only held up on its way leaves no gap, as it will leave none in the
// file. The file's own times come later, from the sender reports.
type pace struct {
	stream int    // of the newest frame
	rtp    uint32 // its timestamp
	us     int64  // where it was placed, microseconds since the start
}

// when places a frame: one step of its RTP timestamps behind the one before, and
// never after its arrival nor more than maxLag before it. The first frame of a
// stream stands at its arrival.
func (p *pace) when(n frameNote, rate uint32) int64 {
	us := n.US
	if p.stream == n.Stream && rate > 0 {
		step := int64(int32(n.RTP-p.rtp)) * 1e6 / int64(rate)
		us = max(n.US-maxLag.Microseconds(), min(n.US, p.us+step))
	}
	*p = pace{n.Stream, n.RTP, us}
	return us
}
