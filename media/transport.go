package media

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// reportInterval between the sender and receiver reports to a participant.
const reportInterval = time.Second

// silent is how long no media may have come for a connection to count as lost.
const silent = 2 * time.Second

// Transport is one participant's connection: at most one audio and one video
// Receiver, and a down track for each kind, there from the first answer on, so
// that Play needs no negotiation.
type Transport struct {
	node    *Node
	post    func(Event)
	pc      *webrtc.PeerConnection
	repairs *repairs
	lean    *leanPath // nil on pion's path
	guest   *guest
	down    map[Kind]*downTrack // both kinds; not changed after newTransport
	link    *downlink

	clock senderClock  // of the participant's sender reports
	rtt   atomic.Int64 // time.Duration, 0 while unknown
	start atomic.Int32 // kbit/s, for the next answer

	answering chan struct{} // never closed; holds the turn of the one Answer at work
	changed   chan struct{} // never closed; 1, full means that run will look anyway
	beats     chan struct{} // never closed; 1, full means that run is behind
	closing   chan struct{} // closed by the first Close
	closed    chan struct{} // closed when that one is done
	running   sync.WaitGroup

	mu        sync.Mutex // guards what follows; a leaf
	ending    bool
	receivers map[Kind]*Receiver
	lower     *Receiver // the low layer of the video, nil without
	yielding  atomic.Bool
}

func newTransport(n *Node, post func(Event)) (*Transport, error) {
	repairs := &repairs{arrivals: newArrivals(time.Now()), routes: map[uint32]*Receiver{}, rids: map[string]*Receiver{}}
	link, way := newDownlink(time.Now()), newLeanPath(n.port)
	pc, err := n.engine.newPeerConnection(repairs, link, way)
	if err != nil {
		return nil, fmt.Errorf("media: new transport: %w", err)
	}
	// A first sequence number in the lower half can't wrap before the
	// subscriber's SRTP has seen a packet (RFC 3711 section 3.3.1).
	t := &Transport{
		node: n, post: post, pc: pc, repairs: repairs, link: link, lean: way, guest: newGuest(),
		down: map[Kind]*downTrack{
			Audio: newDownTrack(Audio, audioClockRate, uint16(rand.N(1<<15)), link),
			Video: newDownTrack(Video, videoClockRate, uint16(rand.N(1<<15)), link),
		},
		answering: make(chan struct{}, 1), changed: make(chan struct{}, 1), beats: make(chan struct{}, 1),
		closing: make(chan struct{}), closed: make(chan struct{}),
		receivers: map[Kind]*Receiver{},
	}
	t.StartAt(n.cfg.StartKbps)
	for _, kind := range []Kind{Audio, Video} {
		if err := t.attach(t.down[kind]); err != nil {
			close(t.closing)
			_ = pc.GracefulClose() // what failed is told already
			t.running.Wait()
			return nil, fmt.Errorf("media: new transport: %w", err)
		}
	}
	if way != nil {
		way.begin(t)
	}
	pc.OnTrack(t.onTrack)
	pc.OnConnectionStateChange(func(webrtc.PeerConnectionState) { t.look() })
	t.running.Go(t.run)
	return t, nil
}

// attach adds the down track and reads what the subscriber says about it.
func (t *Transport) attach(d *downTrack) error {
	track := localTrack{down: d}
	if t.lean != nil {
		track.way = t.lean
	}
	transceiver, err := t.pc.AddTransceiverFromTrack(track)
	if err != nil || t.lean != nil {
		return err
	}
	sender := transceiver.Sender()
	t.running.Go(func() {
		readRTCP(func(buf []byte) (int, error) {
			n, _, err := sender.Read(buf)
			return n, err
		}, func(packets []rtcp.Packet, now time.Time) { d.handleRTCP(packets, now, t.setRTT) })
	})
	return nil
}

func (t *Transport) setRTT(rtt time.Duration) { t.rtt.Store(int64(rtt)) }

// Answer takes the client's offer and returns the answer, with all candidates
// in it. A later offer on the same Transport is a renegotiation or an ICE
// restart. Errors: ErrNoVP8 and ErrNoOpus leave everything as it was; so does
// ErrBadSDP mostly, but where it was found late, the Transport takes no
// further offer; ErrClosed; ctx's.
func (t *Transport) Answer(ctx context.Context, offer string) (string, error) {
	if err := checkOffer(offer); err != nil {
		return "", err
	}
	select {
	case t.answering <- struct{}{}:
		defer func() { <-t.answering }()
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case <-t.closing:
		return "", ErrClosed
	}
	answer, err := t.negotiate(ctx, withoutCandidates(offer))
	if err != nil {
		select {
		case <-t.closing:
			return "", ErrClosed
		default:
			return "", err
		}
	}
	return withStartBitrate(answer, int(t.start.Load())), nil
}

// StartAt makes later answers tell the participant to start its video at so
// many kbit/s instead of at the Node's.
func (t *Transport) StartAt(kbps int) { t.start.Store(int32(kbps)) }

// Yield says that this participant's video may be held below what the downlink
// of a subscriber bears. Without it, what doesn't fit a downlink is sent to it
// all the same unless there is a low layer.
func (t *Transport) Yield() { t.yielding.Store(true) }

// publisher is a Transport as its Receivers' subscribers see it.
type publisher struct{ t *Transport }

func (p publisher) yields() bool { return p.t.yielding.Load() }

func (p publisher) low() *Receiver {
	p.t.mu.Lock()
	defer p.t.mu.Unlock()
	return p.t.lower
}

// Downlink is what the way to the participant is estimated to bear, in kbit/s.
func (t *Transport) Downlink() int { return t.link.bps(time.Now()) / 1000 }

// Uplink is how fast the participant's packets came in the best second of the
// last five, in kbit/s. While its camera is on, browsers send what they find
// the network to bear, up to some 2.5 Mbit/s.
func (t *Transport) Uplink() int { return t.repairs.arrivals.best(time.Now()) / 1000 }

func (t *Transport) negotiate(ctx context.Context, offer string) (string, error) {
	if t.lean != nil {
		offer = withoutStreams(offer)
	}
	err := t.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer})
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrBadSDP, err)
	}
	answer, err := t.pc.CreateAnswer(nil)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrBadSDP, err)
	}
	gathered := webrtc.GatheringCompletePromise(t.pc)
	if err := t.pc.SetLocalDescription(answer); err != nil {
		return "", fmt.Errorf("%w: %w", ErrBadSDP, err)
	}
	if t.lean != nil {
		t.lean.negotiated(t.pc.GetTransceivers())
	}
	select {
	case <-gathered:
		answer := t.pc.LocalDescription().SDP
		t.node.door.expect(t.guest, answer)
		return answer, nil
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case <-t.closing:
		return "", ErrClosed
	}
}

// Play forwards r to this participant from now on, instead of what was
// forwarded before; nil stops. It asks r for a key frame. r is of that kind,
// and of any Transport of the same or another Node.
func (t *Transport) Play(kind Kind, r *Receiver) {
	if r != nil && r.kind != kind {
		panic("media: " + string(r.kind) + " played as " + string(kind))
	}
	t.down[kind].play(r)
}

// Receiver is the track of kind that the participant publishes, nil until its
// first packet and after its end.
func (t *Transport) Receiver(kind Kind) *Receiver {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.receivers[kind]
}

// Close ends the connection and returns when every goroutine of it has ended.
// Each TrackStarted has had its TrackEnded by then. Not to be called from post.
func (t *Transport) Close() error {
	t.mu.Lock()
	first := !t.ending
	t.ending = true
	t.mu.Unlock()
	if !first {
		<-t.closed
		return nil
	}
	close(t.closing)
	for _, d := range t.down {
		d.play(nil)
	}
	if t.lean != nil {
		t.lean.end()
	}
	err := t.pc.GracefulClose()
	t.running.Wait()
	t.node.door.forget(t.guest)
	t.node.forget(t)
	close(t.closed)
	if err != nil {
		return fmt.Errorf("media: close transport: %w", err)
	}
	return nil
}

// onTrack lives as long as the track: pion gives each its own goroutine.
func (t *Transport) onTrack(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	kind := Kind(track.Kind().String())
	if !strings.EqualFold(track.Codec().MimeType, mimeTypes[kind]) {
		return // a publisher that doesn't keep to the answer isn't read
	}
	id := extensionID(receiver.GetParameters().HeaderExtensions, sdp.TransportCCURI)
	r := newReceiver(kind, uint32(track.SSRC()), uint8(track.Codec().PayloadType), track.Codec().ClockRate, &t.clock, trackIO{
		readRTP: func(buf []byte) (int, error) {
			n, _, err := track.Read(buf)
			return n, err
		},
		readRTCP: func(buf []byte) (int, error) {
			if track.RID() != "" {
				n, _, err := receiver.ReadSimulcast(buf, track.RID())
				return n, err
			}
			n, _, err := receiver.Read(buf)
			return n, err
		},
		writeRTCP: t.writeRTCP,
		stop:      func() { _ = receiver.Stop() }, // it closes what is read; nothing is left to do on an error
		layers:    publisher{t},
		rtt:       t.roundTrip,
		resends:   answersNACK(track.Codec()),
		arrived:   func(h *rtp.Header, size int, now time.Time) { t.repairs.arrivals.note(h, size, id, now) },
	})
	low := track.RID() == LowLayer
	if !t.begin(r, low) {
		return
	}
	defer t.running.Done()
	if rtx := uint32(track.RtxSSRC()); rtx != 0 {
		t.repairs.route(rtx, r)
	}
	if track.RID() != "" {
		t.repairs.routeLayer(track.RID(), r)
	}
	defer t.repairs.unroute(r)
	if low { // nobody but down tracks need know of it
		r.run()
		t.end(r)
		return
	}
	t.post(TrackStarted{T: t, R: r})
	r.run()
	t.end(r)
	t.post(TrackEnded{T: t, R: r})
}

// extensionID is the negotiated id of a header extension, or 0.
func extensionID(extensions []webrtc.RTPHeaderExtensionParameter, uri string) uint8 {
	for _, e := range extensions {
		if e.URI == uri {
			return uint8(e.ID)
		}
	}
	return 0
}

// answersNACK says whether the negotiated codec has it: VP8's always, Opus's
// where the client offers it.
func answersNACK(codec webrtc.RTPCodecParameters) bool {
	return slices.Contains(codec.RTCPFeedback, webrtc.RTCPFeedback{Type: webrtc.TypeRTCPFBNACK})
}

// begin makes r the published track of its kind, or the low layer beside it;
// false when closing.
func (t *Transport) begin(r *Receiver, low bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ending {
		return false
	}
	t.running.Add(1)
	if low {
		t.lower = r
	} else {
		t.receivers[r.kind] = r
	}
	return true
}

func (t *Transport) end(r *Receiver) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.receivers[r.kind] == r {
		delete(t.receivers, r.kind)
	}
	if t.lower == r {
		t.lower = nil
	}
}

// look makes run look at the connection's state.
func (t *Transport) look() {
	select {
	case t.changed <- struct{}{}:
	default:
	}
}

// run posts the connection's changes and sends the sender reports. Pion calls
// back in goroutines of their own, in no order; the state read here has one.
func (t *Transport) run() {
	posted := webrtc.PeerConnectionStateNew
	for beats := rand.N(beatsPerReport); ; { // not all Transports report at once
		select {
		case <-t.changed:
			posted = t.postState(posted)
		case <-t.beats:
			now := time.Now()
			t.reportArrivals(now)
			t.steer(now)
			if beats++; beats%beatsPerReport == 0 {
				posted = t.postState(posted)
				t.sendReports(now)
			}
		case <-t.link.crowded:
			t.node.cfg.Log.Warn("a participant sends too many streams: its connection is ended")
			_ = t.pc.Close() // the state tells the rest
			posted = t.postState(posted)
		case <-t.closing:
			return
		}
	}
}

// postState posts the state unless it is the one posted last, and returns what
// is posted last now.
func (t *Transport) postState(posted webrtc.PeerConnectionState) webrtc.PeerConnectionState {
	state := t.pc.ConnectionState()
	if state == webrtc.PeerConnectionStateClosed {
		state = webrtc.PeerConnectionStateFailed // by the peer, for run doesn't outlive our own Close
	}
	if t.lean != nil && state == webrtc.PeerConnectionStateConnected {
		if err := t.lean.follow(); err != nil {
			t.node.cfg.Log.Error("media can't flow", "cause", err)
			state = webrtc.PeerConnectionStateFailed
		}
	}
	if state == posted {
		return posted
	}
	if t.lean != nil && state == webrtc.PeerConnectionStateDisconnected && t.lean.peer.Silence(time.Now()) < silent {
		return posted // pion doesn't see the media that still come
	}
	switch state {
	case webrtc.PeerConnectionStateConnected:
		t.measureRTT()
		for _, d := range t.down {
			d.open()
		}
		t.post(Connected{T: t})
	case webrtc.PeerConnectionStateDisconnected:
		t.post(Disconnected{T: t})
	case webrtc.PeerConnectionStateFailed:
		t.post(Failed{T: t})
	default:
		return posted
	}
	return state
}

// reportArrivals tells of them; on the lean path its loop does, and here only
// what came before the stream fell silent.
func (t *Transport) reportArrivals(now time.Time) {
	age := time.Duration(0)
	if t.lean != nil {
		age = 2 * arrivalsInterval
	}
	t.send(t.repairs.arrivals.report(age, now))
}

// measureRTT takes the round trip of the ICE checks, while no reports tell more.
func (t *Transport) measureRTT() {
	ice := t.pc.SCTP().Transport().ICETransport()
	if pair, ok := ice.GetSelectedCandidatePairStats(); ok && pair.CurrentRoundTripTime > 0 {
		t.rtt.Store(int64(pair.CurrentRoundTripTime * float64(time.Second)))
	}
}

func (t *Transport) sendReports(now time.Time) {
	var reports []rtcp.Packet
	for _, d := range t.down {
		if sr := d.senderReport(now); sr != nil {
			reports = append(reports, sr)
		}
	}
	if len(reports) == 0 {
		t.measureRTT()
	}
	var blocks []rtcp.ReceptionReport
	for _, kind := range []Kind{Audio, Video} {
		if r := t.Receiver(kind); r != nil {
			if block, ok := r.reception(now); ok {
				blocks = append(blocks, block)
			}
		}
	}
	if len(blocks) > 0 {
		reports = append(reports, &rtcp.ReceiverReport{Reports: blocks})
	}
	t.send(reports)
}

// send reports; one that is lost is followed by the next.
func (t *Transport) send(reports []rtcp.Packet) {
	if len(reports) > 0 {
		_ = t.writeRTCP(reports)
	}
}

// writeRTCP sends to the participant.
func (t *Transport) writeRTCP(packets []rtcp.Packet) error {
	if t.lean != nil {
		return t.lean.writeRTCP(nil, packets)
	}
	return t.pc.WriteRTCP(packets)
}

// roundTrip is the last measured, 0 while unknown.
func (t *Transport) roundTrip() time.Duration { return time.Duration(t.rtt.Load()) }
