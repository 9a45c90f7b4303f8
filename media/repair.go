package media

import (
	"encoding/binary"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"verifycall/media/bandwidth"
)

// repairs takes one connection's retransmissions (RTX, RFC 4588) from pion and
// gives them to their Receiver at once. Pion would queue them until the
// track's next media packet: at one or two frames a second a picture would
// wait a frame for its last packet.
type repairs struct {
	interceptor.NoOp
	arrivals *bandwidth.Arrivals

	mu     sync.Mutex           // guards what follows
	routes map[uint32]*Receiver // by RTX SSRC
	rids   map[string]*Receiver // layers, whose RTX SSRC only their packets tell
}

// NewInterceptor implements interceptor.Factory; one serves one connection.
func (x *repairs) NewInterceptor(string) (interceptor.Interceptor, error) { return x, nil }

// BindRemoteStream implements interceptor.Interceptor. What it returns gives
// an empty packet, which pion skips, for one that a Receiver has taken.
func (x *repairs) BindRemoteStream(info *interceptor.StreamInfo, reader interceptor.RTPReader) interceptor.RTPReader {
	if !strings.EqualFold(info.MimeType, webrtc.MimeTypeRTX) {
		return reader
	}
	ssrc, id, ridID := info.SSRC, uint8(0), uint8(0)
	for _, e := range info.RTPHeaderExtensions {
		switch e.URI {
		case sdp.TransportCCURI:
			id = uint8(e.ID)
		case sdp.SDESRepairRTPStreamIDURI:
			ridID = uint8(e.ID)
		}
	}
	var header rtp.Header // of its reader, the one goroutine of this stream
	return interceptor.RTPReaderFunc(func(b []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) {
		n, a, err := reader.Read(b, a)
		if err != nil {
			return n, a, err
		}
		if _, err := header.Unmarshal(b[:n]); err == nil {
			x.arrivals.Note(&header, n, id, time.Now())
		}
		x.mu.Lock()
		r := x.routes[ssrc]
		if layer := x.rids[string(header.GetExtension(ridID))]; r == nil && layer != nil {
			x.routes[ssrc] = layer // from the next packet on: by this one pion may learn the same
		}
		x.mu.Unlock()
		if r == nil {
			return n, a, nil // the track hasn't started: pion keeps it for its first reads
		}
		r.repair(b[:n])
		return 0, a, nil
	})
}

// route gives the packets of the RTX stream ssrc to r from now on.
func (x *repairs) route(ssrc uint32, r *Receiver) {
	x.mu.Lock()
	x.routes[ssrc] = r
	x.mu.Unlock()
}

// routeLayer gives the packets that repair the layer rid to r from now on.
func (x *repairs) routeLayer(rid string, r *Receiver) {
	x.mu.Lock()
	x.rids[rid] = r
	x.mu.Unlock()
}

// unroute forgets r, which has ended.
func (x *repairs) unroute(r *Receiver) {
	x.mu.Lock()
	defer x.mu.Unlock()
	maps.DeleteFunc(x.routes, func(_ uint32, to *Receiver) bool { return to == r })
	maps.DeleteFunc(x.rids, func(_ string, to *Receiver) bool { return to == r })
}

// unwrapRTX makes pkt the packet that it repairs (RFC 4588 section 4); false
// for padding, by which publishers probe for bandwidth.
func unwrapRTX(pkt *rtp.Packet, ssrc uint32, payloadType uint8) bool {
	if len(pkt.Payload) < 2 {
		return false
	}
	pkt.SequenceNumber = binary.BigEndian.Uint16(pkt.Payload)
	pkt.Payload = pkt.Payload[2:]
	pkt.SSRC, pkt.PayloadType = ssrc, payloadType
	return true
}
