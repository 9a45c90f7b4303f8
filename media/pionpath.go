package media

import (
	"slices"
	"strings"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

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
		arrived:   func(h *rtp.Header, size int, now time.Time) { t.repairs.arrivals.Note(h, size, id, now) },
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
