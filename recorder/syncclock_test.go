package recorder

import (
	"math/rand/v2"
	"testing"
	"time"
)

// skewed is a sender whose clocks all run wrong by parts per million.
type skewed struct {
	wall         float64 // NTP clock against ours
	video, audio float64 // RTP clocks against ours
	offset       uint64  // NTP time at our zero
	random       *rand.Rand
}

func (s skewed) ntp(t time.Duration) uint64 {
	ns := float64(t) * (1 + s.wall*1e-6)
	return s.offset + uint64(ns/1e9*(1<<32))
}

func (s skewed) rtp(rate, ppm float64, start uint32, t time.Duration) uint32 {
	return start + uint32(uint64(t.Seconds()*rate*(1+ppm*1e-6)))
}

// delay is how long a packet travels: 30 ms, up to 80 ms jitter.
func (s skewed) delay() time.Duration {
	return 30*time.Millisecond + time.Duration(s.random.Float64()*s.random.Float64()*float64(80*time.Millisecond))
}

type moment struct {
	at    time.Duration // truth
	ticks int64
}

// feed plays length of a call; mute leaves the reports out.
func (s skewed) feed(length time.Duration, mute bool, bend func(stream int, r syncReport) syncReport) (video, audio *SyncStream, vs, as []moment) {
	var clock SyncClock
	video, audio = clock.Stream(90000), clock.Stream(48000)
	report := func(i int, st *SyncStream, t time.Duration, rtp uint32) {
		if mute {
			return
		}
		// The sender's own mapping is off by up to 5 ms each time.
		mapping := time.Duration(s.random.Float64()*10-5) * time.Millisecond
		r := syncReport{ticks: int64(rtp), sender: t + mapping, arrival: t + s.delay()}
		if bend != nil {
			r = bend(i, r)
		}
		st.Report(s.ntp(r.sender), uint32(r.ticks), r.arrival)
	}
	for t := time.Duration(0); t < length; t += 20 * time.Millisecond {
		a := s.rtp(48000, s.audio, 1<<32-48000*30, t)
		as = append(as, moment{t, audio.Frame(a, t+s.delay())})
		if t%(5*time.Second) == 3*time.Second {
			report(1, audio, t, a)
		}
		if t%(40*time.Millisecond) != 0 {
			continue
		}
		v := s.rtp(90000, s.video, 1<<32-90000*20, t)
		vs = append(vs, moment{t, video.Frame(v, t+s.delay()+50*time.Millisecond)}) // the encoder takes longer
		if t%time.Second == 520*time.Millisecond {
			report(0, video, t, v)
		}
	}
	return video, audio, vs, as
}

// worst gives the largest distance of two tracks at one moment, and of either
// from the truth.
func worst(video, audio *SyncStream, vs, as []moment) (apart, off time.Duration) {
	for i, v := range vs {
		a := as[2*i]
		vt, at := video.Time(v.ticks), audio.Time(a.ticks)
		apart = max(apart, (vt - at).Abs())
		off = max(off, (vt - v.at).Abs(), (at - a.at).Abs())
	}
	return apart, off
}

func TestSyncClockKeepsStep(t *testing.T) {
	for name, c := range map[string]struct {
		s      skewed
		length time.Duration
		mute   bool
		bend   func(int, syncReport) syncReport
		apart  time.Duration
		off    time.Duration
	}{
		"true clocks":  {skewed{offset: 3 << 32}, 10 * time.Minute, false, nil, 20 * time.Millisecond, 60 * time.Millisecond},
		"skewed":       {skewed{wall: 100, video: -120, audio: 150, offset: 1 << 62}, 10 * time.Minute, false, nil, 40 * time.Millisecond, 80 * time.Millisecond},
		"other way":    {skewed{wall: -100, video: 200, audio: -100, offset: 1 << 40}, 10 * time.Minute, false, nil, 40 * time.Millisecond, 80 * time.Millisecond},
		"NTP wraps":    {skewed{offset: 1<<64 - 20<<32}, time.Minute, false, nil, 20 * time.Millisecond, 60 * time.Millisecond},
		"before any":   {skewed{offset: 3 << 32}, 2 * time.Second, true, nil, 80 * time.Millisecond, 120 * time.Millisecond},
		"few reports":  {skewed{offset: 3 << 32}, 4 * time.Second, false, nil, 30 * time.Millisecond, 80 * time.Millisecond},
		"never a SR":   {skewed{offset: 3 << 32, video: 100, audio: -100}, time.Minute, true, nil, 90 * time.Millisecond, 140 * time.Millisecond},
		"one odd SR":   {skewed{offset: 3 << 32}, time.Minute, false, oddReport(20 * time.Second), 20 * time.Millisecond, 60 * time.Millisecond},
		"lying stream": {skewed{offset: 3 << 32}, time.Minute, false, lyingVideo, 90 * time.Millisecond, 140 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			c.s.random = rand.New(rand.NewPCG(4, 4))
			video, audio, vs, as := c.s.feed(c.length, c.mute, c.bend)
			apart, off := worst(video, audio, vs, as)
			t.Logf("apart %v, off %v", apart, off)
			if apart > c.apart {
				t.Errorf("picture and sound up to %v apart, at most %v", apart, c.apart)
			}
			if off > c.off {
				t.Errorf("up to %v from the truth, at most %v", off, c.off)
			}
		})
	}
}

// oddReport makes one video report claim something else.
func oddReport(at time.Duration) func(int, syncReport) syncReport {
	return func(stream int, r syncReport) syncReport {
		if stream == 0 && r.sender > at && r.sender < at+time.Second {
			r.ticks += 900000
		}
		return r
	}
}

// lyingVideo makes all video reports claim that pictures are an hour old.
func lyingVideo(stream int, r syncReport) syncReport {
	if stream == 0 {
		r.ticks += 90000 * 3600
	}
	return r
}

// TestSyncClockAfterAStep: when the sender's clock is set in the middle, both
// tracks follow it together.
func TestSyncClockAfterAStep(t *testing.T) {
	s := skewed{offset: 3 << 32, random: rand.New(rand.NewPCG(4, 5))}
	step := func(_ int, r syncReport) syncReport {
		if r.sender > 30*time.Second {
			r.sender += 700 * time.Millisecond
		}
		return r
	}
	video, audio, vs, as := s.feed(2*time.Minute, false, step)
	apart, _ := worst(video, audio, vs[2000:], as[4000:]) // from 80 s on
	if apart > 40*time.Millisecond {
		t.Errorf("picture and sound up to %v apart", apart)
	}
}
