package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"filippo.io/age"
	"github.com/at-wat/ebml-go/webm"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4/pkg/media/samplebuilder"

	"verifycall/recorder"
)

// ours records with the product's recorder: encrypted, a digest of each frame,
// every cluster synced to the disk.
type ours struct {
	recorder     *recorder.Recorder
	recording    *recorder.Recording
	video, sound *recorder.Tap
}

func newOurs(_ settings, dir string) (sink, error) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, err
	}
	return beginOurs(dir, "R-BENCH001", "seller", key.Recipient())
}

func beginOurs(dir, room, participant string, key age.Recipient) (*ours, error) {
	r, err := recorder.New(recorder.Config{Dir: dir, Room: room, Key: key, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	rec, err := r.Begin(participant, "c1")
	if err != nil {
		return nil, err
	}
	return &ours{r, rec, rec.Tap(recorder.Video, 90_000), rec.Tap(recorder.Audio, 48_000)}, nil
}

func (o *ours) write(packet *rtp.Packet, arrival time.Time, video bool) error {
	if video {
		o.video.WriteRTP(packet, arrival)
	} else {
		o.sound.WriteRTP(packet, arrival)
	}
	return nil
}

func (o *ours) stop() error {
	for _, t := range o.recording.Status().Tracks {
		if t.Cause == recorder.CauseOverflow || t.Failing != "" {
			return fmt.Errorf("%s: %s %s", t.Kind, t.Cause, t.Failing)
		}
	}
	return errors.Join(o.recording.Stop("ended"), o.recorder.Close())
}

// usual is how recordings are made with pion: a SampleBuilder for each track,
// whose frames go through ebml-go into a file. No digest, no sync, no cipher.
type usual struct {
	tracks  []webm.BlockWriteCloser
	builder [2]*samplebuilder.SampleBuilder
	at      [2]time.Duration // of the next sample
}

func newUsual(_ settings, path string) (sink, error) {
	file, err := os.Create(path + ".webm")
	if err != nil {
		return nil, err
	}
	u := &usual{builder: [2]*samplebuilder.SampleBuilder{
		samplebuilder.New(50, &codecs.VP8Packet{}, 90_000), samplebuilder.New(10, &codecs.OpusPacket{}, 48_000)}}
	u.tracks, err = webm.NewSimpleBlockWriter(file, []webm.TrackEntry{
		{Name: "Video", TrackNumber: 1, TrackUID: 1, CodecID: "V_VP8", TrackType: 1, Video: &webm.Video{PixelWidth: 1280, PixelHeight: 720}},
		{Name: "Audio", TrackNumber: 2, TrackUID: 2, CodecID: "A_OPUS", TrackType: 2, Audio: &webm.Audio{SamplingFrequency: 48_000, Channels: 2}},
	})
	return u, err
}

func (u *usual) write(packet *rtp.Packet, _ time.Time, video bool) error {
	track := 0
	if !video {
		track = 1
	}
	u.builder[track].Push(packet.Clone()) // it keeps them
	for s := u.builder[track].Pop(); s != nil; s = u.builder[track].Pop() {
		key := !video || s.Data[0]&1 == 0
		if _, err := u.tracks[track].Write(key, u.at[track].Milliseconds(), s.Data); err != nil {
			return err
		}
		u.at[track] += s.Duration
	}
	return nil
}

func (u *usual) stop() error {
	var faults []error
	for _, t := range u.tracks {
		faults = append(faults, t.Close())
	}
	return errors.Join(faults...)
}
