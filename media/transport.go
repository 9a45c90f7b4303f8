package media

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"verifycall/media/bandwidth"
)

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
	repairs := &repairs{arrivals: bandwidth.NewArrivals(time.Now()), routes: map[uint32]*Receiver{}, rids: map[string]*Receiver{}}
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
func (t *Transport) Uplink() int { return t.repairs.arrivals.Best(time.Now()) / 1000 }

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
	if kind == Video && r != nil && r.yields() {
		if uplink := t.repairs.arrivals.Best(time.Now()); uplink > 0 {
			t.link.assume(uplink, time.Now())
		}
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

// writeRTCP sends to the participant.
func (t *Transport) writeRTCP(packets []rtcp.Packet) error {
	if t.lean != nil {
		return t.lean.writeRTCP(nil, packets)
	}
	return t.pc.WriteRTCP(packets)
}

// roundTrip is the last measured, 0 while unknown.
func (t *Transport) roundTrip() time.Duration { return time.Duration(t.rtt.Load()) }
