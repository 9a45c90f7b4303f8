package recorder

import (
	"io"
	"math/rand/v2"
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
