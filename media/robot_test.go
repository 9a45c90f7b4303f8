package media

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/transport/v5"
	"github.com/pion/webrtc/v4"

	"verifycall/media/vp8"
)

// patience bounds every wait of a test; none of them measures time.
const patience = 30 * time.Second

// robot is a participant's side: a stock pion peer that sends VP8-like video
// and keeps what it gets.
type robot struct {
	t      *testing.T
	pc     *webrtc.PeerConnection
	tracks map[Kind]*webrtc.TrackLocalStaticRTP

	mu      sync.Mutex
	got     map[Kind][]*rtp.Packet
	wantKey bool // a PLI came, or nothing has been sent
	seq     uint16
	ts      uint32
	picture uint16
	mark    uint32                          // of the next video packet
	told    map[uint32]rtcp.ReceptionReport // last of each SSRC
	arrived int                             // packets that the server says have arrived
}

// newRobot makes one whose video starts at firstSeq. A nil network is the real one.
func newRobot(t *testing.T, network transport.Net, firstSeq uint16) *robot {
	t.Helper()
	return newRobotOn(t, network, firstSeq, webrtc.NetworkTypeUDP4)
}

// newRobotOn makes one that reaches its server by one type of network.
func newRobotOn(t *testing.T, network transport.Net, firstSeq uint16, by webrtc.NetworkType) *robot {
	t.Helper()
	return newRobotWith(t, firstSeq, func(s *webrtc.SettingEngine) {
		s.SetNetworkTypes([]webrtc.NetworkType{by})
		if network != nil {
			s.SetNet(network)
		}
	})
}

// newRobotWith makes one with settings of its own.
func newRobotWith(t *testing.T, firstSeq uint16, set func(*webrtc.SettingEngine)) *robot {
	t.Helper()
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	// As browsers do: at pion's second, one lost flight is a second in which
	// packets come that the robot can't read yet, and doesn't ask for.
	settings.SetDTLSRetransmissionInterval(dtlsRetransmit)
	set(&settings)
	// As the page's offer does, the robot's asks for NACK of Opus.
	engine, registry := &webrtc.MediaEngine{}, &interceptor.Registry{}
	if err := errors.Join(engine.RegisterDefaultCodecs(), webrtc.RegisterDefaultInterceptors(engine, registry),
		webrtc.ConfigureTWCCHeaderExtensionSender(engine, registry)); err != nil {
		t.Fatal(err)
	}
	engine.RegisterFeedback(webrtc.RTCPFeedback{Type: webrtc.TypeRTCPFBNACK}, webrtc.RTPCodecTypeAudio)
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings), webrtc.WithMediaEngine(engine),
		webrtc.WithInterceptorRegistry(registry)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	b := &robot{
		t: t, pc: pc, wantKey: true, seq: firstSeq, ts: uint32(firstSeq) * 77, picture: firstSeq & 0x7fff,
		tracks: map[Kind]*webrtc.TrackLocalStaticRTP{}, got: map[Kind][]*rtp.Packet{}, told: map[uint32]rtcp.ReceptionReport{},
	}
	for _, kind := range []Kind{Audio, Video} {
		codec := webrtc.RTPCodecCapability{MimeType: mimeTypes[kind]}
		track, err := webrtc.NewTrackLocalStaticRTP(codec, string(kind), "robot")
		if err != nil {
			t.Fatal(err)
		}
		sender, err := pc.AddTrack(track)
		if err != nil {
			t.Fatal(err)
		}
		b.tracks[kind] = track
		go b.listen(sender)
	}
	pc.OnTrack(b.keep)
	t.Cleanup(b.leave)
	return b
}

func (b *robot) leave() {
	if err := b.pc.GracefulClose(); err != nil {
		b.t.Errorf("robot: %v", err)
	}
}

// listen notes what the server says.
func (b *robot) listen(sender *webrtc.RTPSender) {
	for {
		packets, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			b.mu.Lock()
			switch p := p.(type) {
			case *rtcp.PictureLossIndication:
				b.wantKey = true
			case *rtcp.ReceiverReport:
				for _, block := range p.Reports {
					b.told[block.SSRC] = block
				}
			case *rtcp.TransportLayerCC:
				b.arrived += len(p.RecvDeltas)
			}
			b.mu.Unlock()
		}
	}
}

func (b *robot) keep(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
	for {
		pkt, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		b.mu.Lock()
		kind := Kind(track.Kind().String())
		b.got[kind] = append(b.got[kind], pkt)
		b.mu.Unlock()
	}
}

func (b *robot) received(kind Kind) []*rtp.Packet {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.got[kind])
}

// offer makes one without waiting for candidates, as the page does.
func (b *robot) offer(options *webrtc.OfferOptions) string {
	b.t.Helper()
	offer, err := b.pc.CreateOffer(options)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.pc.SetLocalDescription(offer); err != nil {
		b.t.Fatal(err)
	}
	return offer.SDP
}

// negotiate with the server's end.
func (b *robot) negotiate(server *Transport, options *webrtc.OfferOptions) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	answer, err := server.Answer(ctx, b.offer(options))
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		b.t.Fatalf("%v in answer:\n%s", err, answer)
	}
}

// sendFrame sends one video frame of n packets, each with its mark, and a
// packet of audio. It is a key frame if one was asked for.
func (b *robot) sendFrame(n int) {
	b.t.Helper()
	b.mu.Lock()
	key := b.wantKey
	b.wantKey = false
	var packets []*rtp.Packet
	for i := range n {
		pkt := &rtp.Packet{
			Header:  rtp.Header{Version: 2, SequenceNumber: b.seq, Timestamp: b.ts, Marker: i == n-1},
			Payload: append(vp8Payload(key, i == 0, b.picture, b.mark), make([]byte, 400)...),
		}
		packets = append(packets, pkt)
		b.seq++
		b.mark++
	}
	opus := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: b.picture, Timestamp: uint32(b.picture) * 960}, Payload: []byte{0xfc, 1, 2}}
	b.ts += 3000
	b.picture = (b.picture + 1) & 0x7fff
	b.mu.Unlock()
	for _, pkt := range packets {
		if err := b.tracks[Video].WriteRTP(pkt); err != nil {
			b.t.Error(err)
		}
	}
	if err := b.tracks[Audio].WriteRTP(opus); err != nil {
		b.t.Error(err)
	}
}

// send sends one packet of video, changed as the caller likes.
func (b *robot) send(change func(*rtp.Packet)) {
	b.t.Helper()
	b.mu.Lock()
	pkt := &rtp.Packet{
		Header:  rtp.Header{Version: 2, SequenceNumber: b.seq, Timestamp: b.ts},
		Payload: append(vp8Payload(b.wantKey, true, b.picture, b.mark), make([]byte, 200)...),
	}
	b.wantKey = false
	b.seq++
	b.mark++
	b.ts += 3000
	b.picture = (b.picture + 1) & 0x7fff
	b.mu.Unlock()
	change(pkt)
	if err := b.tracks[Video].WriteRTP(pkt); err != nil {
		b.t.Error(err)
	}
}

// markOf gives back what vp8Payload was told.
func markOf(pkt *rtp.Packet) (mark uint32, ok bool) {
	d, err := vp8.Parse(pkt.Payload)
	if err != nil || len(pkt.Payload) < d.Size+5 {
		return 0, false
	}
	return binary.BigEndian.Uint32(pkt.Payload[d.Size+1:]), true
}

// marks that are among the packets.
func marks(packets []*rtp.Packet) map[uint32]bool {
	found := map[uint32]bool{}
	for _, pkt := range packets {
		if mark, ok := markOf(pkt); ok {
			found[mark] = true
		}
	}
	return found
}

// stream sends frames until done says so, which is asked between frames.
func (b *robot) stream(packetsPerFrame int, done func() bool) {
	b.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !done() {
		b.sendFrame(packetsPerFrame)
		select {
		case <-tick.C:
		case <-deadline:
			b.t.Fatal("nothing came of it in time")
		}
	}
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not in time", what)
		}
	}
}

// events collects what a Transport posts.
type events struct {
	mu      sync.Mutex
	all     []Event
	onTrack func(TrackStarted) // called within post
}

func (e *events) post(event Event) {
	if started, ok := event.(TrackStarted); ok && e.onTrack != nil {
		e.onTrack(started)
	}
	e.mu.Lock()
	e.all = append(e.all, event)
	e.mu.Unlock()
}

func count[E Event](e *events) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for _, event := range e.all {
		if _, ok := event.(E); ok {
			n++
		}
	}
	return n
}

// tap keeps copies of what it sees.
type tap struct {
	mu      sync.Mutex
	packets []*rtp.Packet
	reports int
}

func (p *tap) WriteRTP(pkt *rtp.Packet, _ time.Time) {
	p.mu.Lock()
	p.packets = append(p.packets, pkt.Clone())
	p.mu.Unlock()
}

func (p *tap) WriteSenderReport(uint64, uint32, time.Time) {
	p.mu.Lock()
	p.reports++
	p.mu.Unlock()
}

func (p *tap) reportsSeen() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reports
}

func (p *tap) seen() []*rtp.Packet {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.packets)
}

func keyFrameRequest(ssrc uint32) []rtcp.Packet {
	return []rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: ssrc}}
}
