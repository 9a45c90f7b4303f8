package recorder

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"verifycall/recorder/webm"
)

// beats is ten seconds of a real encoder's picture and sound: each second begins
// with a white frame and a tone of 40 ms, which real players can be measured by.
func beats(t *testing.T) (video, audio [][]byte) {
	t.Helper()
	needTool(t, "ffmpeg")
	dir := t.TempDir()
	ivf, ogg := filepath.Join(dir, "v.ivf"), filepath.Join(dir, "a.ogg")
	out, err := exec.Command("ffmpeg", "-v", "error",
		"-f", "lavfi", "-i", "color=black:size=160x90:rate=25:duration=10,drawbox=color=white:t=fill:enable='lt(mod(t,1),0.039)'",
		"-f", "lavfi", "-i", "aevalsrc='0.8*sin(2*PI*1000*t)*lt(mod(t,1),0.04)':s=48000:d=10",
		"-map", "0", "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "300k", "-g", "50", "-keyint_min", "50", "-lag-in-frames", "0", "-auto-alt-ref", "0", ivf,
		"-map", "1", "-c:a", "libopus", "-b:a", "48k", "-application", "lowdelay", ogg).CombinedOutput()
	if err != nil {
		t.Fatal(string(out))
	}
	return readIVF(ivf), readOgg(ogg)[:500]
}

// TestPlaybackFile writes the recording of a call of ten minutes, whose clocks run
// 100 ppm off in opposite ways, for the players of test/playback.
func TestPlaybackFile(t *testing.T) {
	path := os.Getenv("PLAYBACK_FILE")
	if path == "" {
		t.Skip("PLAYBACK_FILE names no file to write; see make soak-playback")
	}
	video, audio := beats(t)
	var frames, packets [][]byte
	for range 60 {
		frames, packets = slices.Concat(frames, video), slices.Concat(packets, audio)
	}
	s := skewed{wall: 50, video: 100, audio: -100, offset: 3900000000 << 32, random: rand.New(rand.NewPCG(8, 2))}
	rec, folder, _ := begin(t)
	play(t, rec, map[*Tap][]wire{
		rec.Tap(Video, 90000): s.send(packetize(Video, frames, 1, 0, 0, 40*time.Millisecond), 90000, s.video, 1<<32-9000, 60*time.Millisecond, 700*time.Millisecond, time.Second),
		rec.Tap(Audio, 48000): s.send(packetize(Audio, packets, 1, 0, 0, 20*time.Millisecond), 48000, s.audio, 123456, 0, 4*time.Second, 5*time.Second),
	})
	if err := rec.Stop("ended"); err != nil {
		t.Fatal(err)
	}
	made := assemble(t, folder)
	sameFrames(t, "video", made.blocks[webm.VideoTrack], frames)
	sameFrames(t, "audio", made.blocks[webm.AudioTrack], packets)
	if err := os.WriteFile(path, made.file, 0o600); err != nil {
		t.Fatal(err)
	}
}
