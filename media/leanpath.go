package media

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"verifycall/media/bandwidth"
	"verifycall/media/lean"
)

// leanPath carries one Transport's media by package lean: pion's
// PeerConnection does ICE, DTLS and SDP for it and sees no packet of them. It
// is the lean.Sink of its peer, and the down tracks' writer.
//
// Locks: the peer's own, then mu; mu is a leaf.
type leanPath struct {
	t    *Transport
	port *lean.Port
	peer *lean.Peer
	keys *lean.Handshake

	out     outgoing              // of the sink's calls, with what follows
	tracks  map[uint32]*leanTrack // by SSRC, also that of retransmissions; nil once it has ended
	current map[layerOf]*leanTrack
	report  []byte // the newest of arrivals

	mu       sync.Mutex // guards what follows
	payloads map[uint8]payload
	ended    bool
	secured  bool
}

// payload is what was negotiated for a payload type.
type payload struct {
	kind      Kind
	rtx       bool
	clockRate uint32
	resends   bool  // the publisher answers NACKs
	arrivals  uint8 // id of transport-wide sequence numbers, 0 without
	rid       uint8 // id of the layer's name, with rtx that of the one repaired
}

// layerOf is a kind's layer; rid is empty where there is one.
type layerOf struct {
	kind Kind
	rid  string
}

// leanTrack is a published track. Its first packets wait until its start has
// been posted: who plays or taps it from within post has it from the first on, who
// does so later begins with the key frame that he asks for.
type leanTrack struct {
	r    *Receiver
	rtx  uint32        // SSRC of its retransmissions, 0 while unknown
	over chan struct{} // closed when the track has ended

	started bool // under the peer's lock, with waiting
	waiting []*rtp.Packet
}

// waitingMost packets wait for a track's start: a key frame's.
const waitingMost = 128

// newLeanPath makes one on port; nil without.
func newLeanPath(port *lean.Port) *leanPath {
	if port == nil {
		return nil
	}
	p := &leanPath{
		port: port, keys: &lean.Handshake{},
		tracks: map[uint32]*leanTrack{}, current: map[layerOf]*leanTrack{}, payloads: map[uint8]payload{},
	}
	p.peer = port.NewPeer(p)
	return p
}

// begin ties the path to its Transport.
func (p *leanPath) begin(t *Transport) {
	p.t = t
	// Another address, after a restart or when the network has changed.
	t.pc.SCTP().Transport().ICETransport().OnSelectedCandidatePairChange(func(*webrtc.ICECandidatePair) { t.look() })
}

// negotiated takes what the participant may send.
func (p *leanPath) negotiated(transceivers []*webrtc.RTPTransceiver) {
	payloads := map[uint8]payload{}
	for _, transceiver := range transceivers {
		params := transceiver.Receiver().GetParameters()
		for _, codec := range params.Codecs {
			as := payload{
				kind: Kind(transceiver.Kind().String()), rtx: strings.EqualFold(codec.MimeType, webrtc.MimeTypeRTX),
				clockRate: codec.ClockRate, resends: answersNACK(codec), arrivals: extensionID(params.HeaderExtensions, sdp.TransportCCURI), rid: extensionID(params.HeaderExtensions, sdp.SDESRTPStreamIDURI),
			}
			if as.rtx {
				as.rid = extensionID(params.HeaderExtensions, sdp.SDESRepairRTPStreamIDURI)
			}
			if as.rtx || strings.EqualFold(codec.MimeType, mimeTypes[as.kind]) {
				payloads[uint8(codec.PayloadType)] = as
			}
		}
	}
	p.mu.Lock()
	p.payloads = payloads
	p.mu.Unlock()
}

// follow takes the keys, once DTLS has checked the participant, and the
// address that ICE selected last. It is called when connected.
func (p *leanPath) follow() error {
	pair, err := p.t.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	if err != nil || pair == nil {
		return errors.Join(errors.New("media: no candidate pair"), err)
	}
	ip, err := netip.ParseAddr(pair.Remote.Address)
	if err != nil {
		return fmt.Errorf("media: address of the participant: %w", err)
	}
	p.mu.Lock()
	first := !p.secured
	p.mu.Unlock()
	if first {
		keys, profile, err := p.keys.Keys()
		if err != nil {
			return err
		}
		if err := p.peer.Secure(keys, profile); err != nil {
			return err
		}
		p.keys.Forget()
		p.mu.Lock()
		p.secured = true
		p.mu.Unlock()
	}
	moved := p.peer.Reach(netip.AddrPortFrom(ip, pair.Remote.Port), pair.Remote.Protocol == webrtc.ICEProtocolTCP)
	if moved && !first {
		p.t.down[Video].open() // what went to the old address is gone: browsers wait 3 s for it before they ask for a key frame
	}
	return nil
}

// end ends the tracks; nothing comes any more when it returns.
func (p *leanPath) end() {
	p.peer.Close()
	p.mu.Lock()
	p.ended = true
	p.mu.Unlock()
	for layer, track := range p.current {
		p.finish(layer, track)
	}
}

// HandleRTP implements lean.Sink.
func (p *leanPath) HandleRTP(pkt *rtp.Packet, arrival time.Time, batch *lean.Batch) {
	track, known := p.tracks[pkt.SSRC]
	if !known {
		track = p.open(pkt)
	}
	if track == nil {
		return
	}
	if !track.started {
		if len(track.waiting) < waitingMost {
			track.waiting = append(track.waiting, pkt.Clone())
		}
		return
	}
	p.out.batch = batch
	track.r.take(pkt, pkt.SSRC == track.rtx, arrival, &p.out)
	if p.report = p.t.repairs.arrivals.Report(p.report[:0], bandwidth.ReportInterval, arrival); len(p.report) > 0 {
		_ = p.peer.WriteRTCP(batch, p.report) // one that is lost is followed by the next
	}
}

// open finds what a stream not seen before is, and makes its track. One more
// of a kind is the participant's next: the one before has ended, for good, so
// that there are no more tracks than the streams that the peer may have.
func (p *leanPath) open(pkt *rtp.Packet) *leanTrack {
	p.mu.Lock()
	as, ok := p.payloads[pkt.PayloadType]
	ended := p.ended
	p.mu.Unlock()
	if !ok || ended {
		return nil
	}
	layer := layerOf{as.kind, string(pkt.GetExtension(as.rid))}
	before := p.current[layer]
	if as.rtx {
		if before != nil {
			before.rtx = pkt.SSRC
			p.tracks[pkt.SSRC] = before
		}
		return before
	}
	if before != nil {
		p.finish(layer, before)
	}
	track := &leanTrack{over: make(chan struct{}), r: newReceiver(as.kind, pkt.SSRC, pkt.PayloadType, as.clockRate, &p.t.clock, trackIO{
		layers: publisher{p.t}, writeRTCP: p.t.writeRTCP, rtt: p.t.roundTrip, resends: as.resends,
		arrived: func(h *rtp.Header, size int, now time.Time) { p.t.repairs.arrivals.Note(h, size, as.arrivals, now) },
	})}
	if !p.t.begin(track.r, layer.rid == LowLayer) {
		return nil
	}
	p.tracks[pkt.SSRC], p.current[layer] = track, track
	go p.serve(track, layer.rid == LowLayer)
	return track
}

// finish ends a layer's track and leaves its SSRCs behind as ended ones.
func (p *leanPath) finish(layer layerOf, track *leanTrack) {
	for ssrc, of := range p.tracks {
		if of == track {
			p.tracks[ssrc] = nil
		}
	}
	delete(p.current, layer)
	close(track.over)
}

// serve lives as long as the track; begin has counted it among the running.
func (p *leanPath) serve(track *leanTrack, low bool) {
	defer p.t.running.Done()
	if !low { // of a low layer nobody but down tracks need know
		p.t.post(TrackStarted{T: p.t, R: track.r})
	}
	p.peer.Inside(func() {
		for _, pkt := range track.waiting {
			p.out.batch = nil
			track.r.take(pkt, pkt.SSRC == track.rtx, time.Now(), &p.out)
		}
		track.started, track.waiting = true, nil
	})
	track.r.ask(track.over)
	p.t.end(track.r)
	if !low {
		p.t.post(TrackEnded{T: p.t, R: track.r})
	}
}

// HandleRTCP implements lean.Sink.
func (p *leanPath) HandleRTCP(raw []byte, arrival time.Time) {
	packets, err := parseRTCP(raw)
	if err != nil {
		return // a damaged packet that SRTCP let pass is the participant's own
	}
	p.t.link.handleRTCP(packets, arrival)
	for _, track := range p.current {
		track.r.handleRTCP(packets, arrival)
	}
	for _, d := range p.t.down {
		d.handleRTCP(packets, arrival, p.t.setRTT)
	}
}

// writeRTP implements rtpWriter.
func (p *leanPath) writeRTP(out *outgoing) { _ = p.peer.WriteRTP(out.batch, &out.header, out.payload) }

func (p *leanPath) writeRTCP(batch *lean.Batch, packets []rtcp.Packet) error {
	raw, err := rtcp.Marshal(packets)
	if err != nil {
		return fmt.Errorf("media: RTCP: %w", err)
	}
	return p.peer.WriteRTCP(batch, raw)
}
