package bandwidth

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtcp"
)

// simulatedWay carries packets from an estimator to a subscriber who reports
// them every 100 ms, in simulated time.
type simulatedWay struct {
	capacity int // bit/s
	queue    time.Duration
	delay    time.Duration
	loss     float64
	unheard  float64 // share of the reports that is lost

	now      time.Duration
	still    time.Duration // the subscriber takes nothing until then
	free     time.Duration // when the way has sent all it took
	dice     *rand.Rand
	recorder *twcc.Recorder
	pending  []arrivalOf
	reportAt time.Duration
	reports  []reportAt
}

type arrivalOf struct {
	at     time.Duration
	number uint16
}

type reportAt struct {
	at time.Duration
	fb *rtcp.TransportLayerCC
}

func newSimulatedWay(capacity int, loss float64) *simulatedWay {
	return &simulatedWay{capacity: capacity, queue: time.Second, delay: 20 * time.Millisecond, loss: loss,
		dice: rand.New(rand.NewPCG(5, 6)), recorder: twcc.NewRecorder(1)}
}

// send puts a packet on the way.
func (w *simulatedWay) send(number uint16, size int) {
	w.free = max(w.free, w.now)
	if w.free-w.now > w.queue || w.dice.Float64() < w.loss {
		return
	}
	w.free += time.Duration(float64(size*8) / float64(w.capacity) * float64(time.Second))
	w.pending = append(w.pending, arrivalOf{w.free + w.delay, number})
}

// run sends at a rate for a time, a packet of 1,000 bytes after the other, and
// a probe whenever one is wanted.
func (w *simulatedWay) run(e *Estimator, bps func() int, span time.Duration, probeEvery time.Duration) {
	const step, size = time.Millisecond, 1000
	credit, lastProbe := 0.0, w.now
	for end := w.now + span; w.now < end; w.now += step {
		for credit += float64(bps()) / 8 * step.Seconds(); credit >= size; credit -= size {
			w.send(e.Depart(size, 0, w.now), size)
		}
		if probeEvery > 0 && w.now-lastProbe > probeEvery {
			lastProbe = w.now
			w.probe(e, size)
		}
		w.deliver(e)
	}
}

func (w *simulatedWay) probe(e *Estimator, size int) {
	number := e.BeginProbe()
	gap := time.Duration(float64(size*8) / (ProbeFactor * e.target) * float64(time.Second))
	begun := w.now
	for n := 0; n < ProbeLeast || w.now-begun < ProbeSpan; n++ {
		w.send(e.Depart(size, number, w.now), size)
		w.now += gap
	}
	e.EndProbe()
}

func (w *simulatedWay) deliver(e *Estimator) {
	for len(w.pending) > 0 && w.pending[0].at <= w.now {
		a := w.pending[0]
		w.pending = w.pending[1:]
		w.recorder.Record(7, a.number, (time.Hour + max(a.at, w.still)).Microseconds()) // his clock is another
	}
	if w.now >= w.reportAt {
		w.reportAt = w.now + 100*time.Millisecond
		for _, p := range w.recorder.BuildFeedbackPacket() {
			w.reports = append(w.reports, reportAt{w.now + w.delay, p.(*rtcp.TransportLayerCC)})
		}
	}
	for len(w.reports) > 0 && w.reports[0].at <= w.now {
		if w.dice.Float64() >= w.unheard {
			e.Feedback(w.reports[0].fb, w.now)
		}
		w.reports = w.reports[1:]
	}
	e.Tick(w.now)
}

func always(bps int) func() int { return func() int { return bps } }

func TestEstimate(t *testing.T) {
	for name, c := range map[string]struct {
		capacity, sends int
		loss            float64
		probes          time.Duration
		least, most     int // kbit/s after 5 s, and for 5 s more
	}{
		"room enough":             {5_000_000, 1_700_000, 0, 0, 1600, 2700},
		"sound alone":             {5_000_000, 40_000, 0, 0, 290, 310},
		"radio loses 5 %":         {5_000_000, 1_700_000, 0.05, 0, 1500, 2700},
		"too much by far":         {300_000, 1_700_000, 0, 0, 150, 340},
		"a little too much":       {1_500_000, 1_700_000, 0, 0, 1000, 2200},
		"little sent, a probe":    {3_000_000, 150_000, 0, time.Second, 2200, 4000},
		"little sent, narrow way": {400_000, 150_000, 0, 2 * time.Second, 250, 480},
		"the probe's loss of 5 %": {3_000_000, 150_000, 0.05, time.Second, 1500, 4000},
	} {
		t.Run(name, func(t *testing.T) {
			w, e := newSimulatedWay(c.capacity, c.loss), NewEstimator()
			w.run(&e, always(c.sends), 5*time.Second, c.probes)
			least, most := e.Bps(), e.Bps()
			for range 50 {
				w.run(&e, always(c.sends), 100*time.Millisecond, 0)
				least, most = min(least, e.Bps()), max(most, e.Bps())
			}
			t.Logf("between %d and %d kbit/s", least/1000, most/1000)
			if least < c.least*1000 || most > c.most*1000 {
				t.Errorf("between %d and %d kbit/s, wanted %d to %d", least/1000, most/1000, c.least, c.most)
			}
		})
	}
}

// What is lost by chance, packets and reports alike, doesn't lower an estimate.
func TestEstimateOfRandomLoss(t *testing.T) {
	w, e := newSimulatedWay(5_000_000, 0.05), NewEstimator()
	w.unheard = 0.05
	w.run(&e, always(800_000), 10*time.Second, time.Second)
	before, least := e.Bps(), e.Bps()
	for range 6000 {
		w.run(&e, always(800_000), 100*time.Millisecond, 0)
		least = min(least, e.Bps())
	}
	if least < before {
		t.Errorf("an estimate of %d bit/s fell to %d within ten minutes", before, least)
	}
}

// A way cut to 300 kbit/s is noticed within two seconds although its
// queue holds a second; freed, probes find it wide again.
func TestEstimateFollowsACut(t *testing.T) {
	w, e := newSimulatedWay(5_000_000, 0), NewEstimator()
	sends := 1_700_000
	w.run(&e, always(sends), 5*time.Second, time.Second)
	w.capacity = 300_000
	from := w.now
	for e.Bps() > 330_000 && w.now-from < 10*time.Second {
		w.run(&e, always(sends), 50*time.Millisecond, 0)
	}
	if took := w.now - from; took > 2*time.Second {
		t.Errorf("noticed after %v", took)
	}
	w.run(&e, always(150_000), 10*time.Second, 2*time.Second)
	if e.Bps() > 480_000 || e.Bps() < 150_000 {
		t.Errorf("%d bit/s while cut", e.Bps())
	}
	w.capacity = 5_000_000
	from = w.now
	for e.Bps() < 2_000_000 && w.now-from < 20*time.Second {
		w.run(&e, always(150_000), 1100*time.Millisecond, time.Second)
	}
	if took := w.now - from; took > 8*time.Second {
		t.Errorf("found wide again after %v", took)
	}
}

// A subscriber whose computer stands still while probes come takes them all at
// once: they don't make a narrow way wide.
func TestEstimateOfAStandstill(t *testing.T) {
	w, e := newSimulatedWay(300_000, 0), NewEstimator()
	w.run(&e, always(60_000), 3*time.Second, time.Second)
	before := e.Bps()
	for range 5 {
		w.still = w.now + 120*time.Millisecond
		w.probe(&e, 300)
		w.run(&e, always(60_000), time.Second, 0)
	}
	if e.Bps() > 400_000 {
		t.Errorf("%d bit/s after %d", e.Bps(), before)
	}
}

func TestEstimateSilence(t *testing.T) {
	w, e := newSimulatedWay(5_000_000, 0), NewEstimator()
	w.run(&e, always(1_700_000), 5*time.Second, 0)
	w.loss = 1
	w.run(&e, always(1_700_000), 4*time.Second, 0)
	if e.Bps() > 400_000 {
		t.Errorf("%d bit/s after 4 s of silence", e.Bps())
	}
}

// What a subscriber reports is his own invention.
func FuzzFeedback(f *testing.F) {
	fb := rtcp.TransportLayerCC{
		Header:            rtcp.Header{Count: rtcp.FormatTCC, Type: rtcp.TypeTransportSpecificFeedback},
		PacketStatusCount: 3, FbPktCount: 1, ReferenceTime: 0xffffff,
		PacketChunks: []rtcp.PacketStatusChunk{&rtcp.RunLengthChunk{PacketStatusSymbol: rtcp.TypeTCCPacketReceivedSmallDelta, RunLength: 3}},
		RecvDeltas:   []*rtcp.RecvDelta{{Type: 1, Delta: 250}, {Type: 1, Delta: 250}, {Type: 1, Delta: 250}},
	}
	fb.Header.Length = uint16(fb.MarshalSize()/4 - 1)
	if raw, err := fb.Marshal(); err == nil {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var fb rtcp.TransportLayerCC
		if fb.Unmarshal(raw) != nil {
			return
		}
		e := NewEstimator()
		for i := range 100 {
			e.Depart(1000, i/50, time.Duration(i)*time.Millisecond)
		}
		for i := range 3 {
			e.Feedback(&fb, time.Second+time.Duration(i)*100*time.Millisecond)
			e.Tick(time.Duration(i+2) * time.Second)
		}
		if e.Bps() < Least || e.Bps() > Most {
			t.Errorf("%d bit/s", e.Bps())
		}
	})
}
