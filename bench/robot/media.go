package robot

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"

	"verifycall/calls/protocol"
)

// silence is one Opus frame of 20 ms without sound (RFC 6716 section 3.1: CELT,
// fullband, 20 ms, mono, one frame).
var silence = []byte{0xf8, 0xff, 0xfe}

const silenceTime = 20 * time.Millisecond

// Publish makes the peer connection, offers it and starts to send the film and
// silence. It returns when the server has answered.
func (r *Robot) Publish(ctx context.Context) error {
	api, err := newAPI(r.session.server.Place)
	if err != nil {
		return err
	}
	if r.pc, err = api.NewPeerConnection(r.configuration()); err != nil {
		return err
	}
	r.pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		if track.Kind() == webrtc.RTPCodecTypeVideo {
			r.jobs.Go(func() { r.watch(track) })
		}
	})
	video, wanted, err := r.addTrack(webrtc.MimeTypeVP8, 90000)
	if err != nil {
		return err
	}
	audio, _, err := r.addTrack(webrtc.MimeTypeOpus, 48000)
	if err != nil {
		return err
	}
	connected := make(chan struct{}) // closed once, by pion's callback
	var once sync.Once
	r.pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		switch state {
		case webrtc.PeerConnectionStateConnected:
			once.Do(func() { close(connected) })
		case webrtc.PeerConnectionStateDisconnected:
			select {
			case r.lost <- struct{}{}:
			default: // told already
			}
		}
	})
	r.jobs.Go(func() {
		select {
		case <-connected:
		case <-r.stop:
			return
		}
		r.jobs.Go(func() { r.play(video, wanted) })
		r.jobs.Go(func() { r.hush(audio) })
	})
	return r.negotiate(ctx, nil)
}

// SampleOffer is an offer such as Publish sends, of no connection.
func SampleOffer() (string, error) {
	api, err := newAPI(Place{})
	if err != nil {
		return "", err
	}
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return "", err
	}
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		if _, err := pc.AddTransceiverFromKind(kind); err != nil {
			return "", errors.Join(err, pc.Close())
		}
	}
	offer, err := pc.CreateOffer(nil)
	return offer.SDP, errors.Join(err, pc.Close())
}

func newAPI(place Place) (*webrtc.API, error) {
	engine := &webrtc.MediaEngine{}
	if err := engine.RegisterDefaultCodecs(); err != nil {
		return nil, err
	}
	registry := &interceptor.Registry{}
	if err := webrtc.RegisterDefaultInterceptors(engine, registry); err != nil {
		return nil, err
	}
	setting := webrtc.SettingEngine{}
	place.set(&setting)
	setting.SetDTLSRetransmissionInterval(50 * time.Millisecond)
	return webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithInterceptorRegistry(registry),
		webrtc.WithSettingEngine(setting)), nil
}

// addTrack adds a sendrecv transceiver. The flag rises when the other end asks
// for a key frame.
func (r *Robot) addTrack(mime string, clock uint32) (*webrtc.TrackLocalStaticSample, *atomic.Bool, error) {
	track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: mime, ClockRate: clock}, mime, "robot")
	if err != nil {
		return nil, nil, err
	}
	sender, err := r.pc.AddTrack(track)
	if err != nil {
		return nil, nil, err
	}
	wanted := &atomic.Bool{}
	r.jobs.Go(func() {
		for {
			packets, _, err := sender.ReadRTCP()
			if err != nil {
				return // the peer connection was closed
			}
			for _, p := range packets {
				switch p.(type) {
				case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
					wanted.Store(true)
				}
			}
		}
	})
	return track, wanted, nil
}

// Restart restarts ICE, as a page does when the network has changed.
func (r *Robot) Restart(ctx context.Context) error {
	if err := r.pc.SetConfiguration(r.configuration()); err != nil {
		return err
	}
	return r.negotiate(ctx, &webrtc.OfferOptions{ICERestart: true})
}

func (r *Robot) negotiate(ctx context.Context, options *webrtc.OfferOptions) error {
	offer, err := r.pc.CreateOffer(options)
	if err != nil {
		return err
	}
	if err := r.pc.SetLocalDescription(offer); err != nil {
		return err
	}
	got, err := r.request(ctx, &protocol.Offer{SDP: offer.SDP, Restart: options != nil})
	if err != nil {
		return err
	}
	answer, ok := got.(*protocol.Answer)
	if !ok {
		return fmt.Errorf("offer was answered with %T", got)
	}
	return r.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer.SDP})
}

// play sends the film in a loop at its own pace; a request for a key frame makes
// the next frame one.
func (r *Robot) play(track *webrtc.TrackLocalStaticSample, wanted *atomic.Bool) {
	tick := time.NewTicker(r.film.Interval)
	defer tick.Stop()
	for i := 0; ; i = r.film.next(i, wanted.Swap(false)) {
		if track.WriteSample(media.Sample{Data: r.film.frames[i], Duration: r.film.Interval}) != nil {
			return
		}
		select {
		case <-tick.C:
		case <-r.stop:
			return
		}
	}
}

func (r *Robot) hush(track *webrtc.TrackLocalStaticSample) {
	tick := time.NewTicker(silenceTime)
	defer tick.Stop()
	for {
		if track.WriteSample(media.Sample{Data: silence, Duration: silenceTime}) != nil {
			return
		}
		select {
		case <-tick.C:
		case <-r.stop:
			return
		}
	}
}

// watch notes when the first key frame of the other side was complete, then
// reads on so that its packets are taken.
func (r *Robot) watch(track *webrtc.TrackRemote) {
	var whole keyFrame
	for {
		packet, _, err := track.ReadRTP()
		if err != nil {
			return // the peer connection was closed
		}
		if whole.add(packet.SequenceNumber, packet.Payload, packet.Marker) {
			select {
			case r.first <- time.Now():
			default: // not the first
			}
		}
		r.packets.Add(1)
		r.count(packet.SequenceNumber)
		if packet.Marker {
			r.shown()
		}
	}
}

// FirstFrame gives the time at which the first picture of the other side was
// complete; it is received once for each connection.
func (r *Robot) FirstFrame() <-chan time.Time { return r.first }

// keyFrame follows the packets of one key frame.
type keyFrame struct {
	inside bool
	next   uint16
}

// add takes a packet and says whether it completes a key frame whose packets
// came without a gap.
func (k *keyFrame) add(seq uint16, payload []byte, marker bool) bool {
	var head codecs.VP8Packet
	data, err := head.Unmarshal(payload)
	if err != nil || len(data) == 0 {
		return false
	}
	if head.S == 1 && head.PID == 0 {
		k.inside = data[0]&1 == 0 // RFC 6386 section 9.1
	} else if seq != k.next {
		k.inside = false
	}
	k.next = seq + 1
	return k.inside && marker
}

// PictureGaps gives the times from one complete picture of the other side to the
// next, since it was asked before.
func (r *Robot) PictureGaps() []time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	gaps := r.gaps
	r.gaps = nil
	return gaps
}

// shown notes that a picture's last packet has come.
func (r *Robot) shown() {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.pictured.IsZero() && len(r.gaps) < maxGaps {
		r.gaps = append(r.gaps, now.Sub(r.pictured))
	}
	r.pictured = now
}

// maxGaps are those of an hour at 25 pictures a second.
const maxGaps = 90_000
