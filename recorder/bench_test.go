package recorder

import (
	"io"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"
)

// BenchmarkAssemble seals ten minutes of 2.4 Mbit/s video and sound.
func BenchmarkAssemble(b *testing.B) {
	random := rand.New(rand.NewPCG(9, 1))
	var video, audio [][]byte
	for i := range 600 * 25 {
		video = append(video, fakeVP8(random, i%500 == 0, 12000))
		audio = append(audio, []byte{0x78, 1, 2}, []byte{0x78, 3, 4})
	}
	rec, folder, _ := begin(b)
	play(b, rec, map[*Tap][]wire{
		rec.Tap(Video, 90000): wired(packetize(Video, video, 1, 1, 3600, 40*time.Millisecond), 0, 90000),
		rec.Tap(Audio, 48000): wired(packetize(Audio, audio, 1, 1, 960, 20*time.Millisecond), 0, 48000),
	})
	if err := rec.Stop("ended"); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		tape, err := Read(folder, testKey)
		if err != nil {
			b.Fatal(err)
		}
		if err := tape.WriteVideo(io.Discard); err != nil {
			b.Fatal(err)
		}
		if err := tape.WriteIndex(io.Discard); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(tape.Summary.Tracks[0].Bytes + tape.Summary.Tracks[1].Bytes)
	}
}

// BenchmarkRecord keeps a minute of 1.5 Mbit/s video in frames of six packets, and
// sound, from tap to disk. The time of a packet is the process's CPU time, system
// calls included.
func BenchmarkRecord(b *testing.B) {
	random := rand.New(rand.NewPCG(9, 2))
	var video, audio [][]byte
	for i := range 60 * 30 {
		video = append(video, fakeVP8(random, i%600 == 0, 6200))
	}
	for range 60 * 50 {
		audio = append(audio, append([]byte{0x78}, make([]byte, 119)...))
	}
	pictures := wired(packetize(Video, video, 1, 1, 3000, time.Second/30), 0, 90000)
	sound := wired(packetize(Audio, audio, 1, 1, 960, 20*time.Millisecond), 0, 48000)
	packets, before := 0, cpuTime(b)
	for b.Loop() {
		rec, _, _ := begin(b)
		play(b, rec, map[*Tap][]wire{rec.Tap(Video, 90000): pictures, rec.Tap(Audio, 48000): sound})
		if err := rec.Stop("ended"); err != nil {
			b.Fatal(err)
		}
		packets += len(pictures) + len(sound)
	}
	b.ReportMetric(float64((cpuTime(b)-before).Nanoseconds())/float64(packets), "cpu-ns/packet")
}

// cpuTime of the process, user and system.
func cpuTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
