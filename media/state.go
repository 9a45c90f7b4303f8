package media

import (
	"math/rand/v2"
	"time"

	"github.com/pion/webrtc/v4"
)

// silent is how long no media may have come for a connection to count as lost.
const silent = 2 * time.Second

// followReports is after how many reports the way of the packets is looked at even
// though nothing has told of a change; to ask pion for it copies its candidates.
const followReports = 5

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
			posted = t.postState(posted, true)
		case <-t.beats:
			now := time.Now()
			t.reportArrivals(now)
			t.steer(now)
			if beats++; beats%beatsPerReport == 0 {
				posted = t.postState(posted, beats%(followReports*beatsPerReport) == 0)
				t.sendReports(now)
			}
		case <-t.link.crowded:
			t.node.cfg.Log.Warn("a participant sends too many streams: its connection is ended")
			_ = t.pc.Close() // the state tells the rest
			posted = t.postState(posted, true)
		case <-t.closing:
			return
		}
	}
}

// postState posts the state unless it is the one posted last, and returns what
// is posted last now. follow says whether an unchanged connection may have another
// way now.
func (t *Transport) postState(posted webrtc.PeerConnectionState, follow bool) webrtc.PeerConnectionState {
	state := t.pc.ConnectionState()
	if state == webrtc.PeerConnectionStateClosed {
		state = webrtc.PeerConnectionStateFailed // by the peer, for run doesn't outlive our own Close
	}
	if t.lean != nil && state == webrtc.PeerConnectionStateConnected && (follow || state != posted) {
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
			d.expect(time.Duration(t.rtt.Load()))
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

// measureRTT takes the round trip of the ICE checks, while no reports tell more.
// Before it is connected pion may still be setting the agent that is asked.
func (t *Transport) measureRTT() {
	if t.pc.ConnectionState() != webrtc.PeerConnectionStateConnected {
		return
	}
	ice := t.pc.SCTP().Transport().ICETransport()
	if pair, ok := ice.GetSelectedCandidatePairStats(); ok && pair.CurrentRoundTripTime > 0 {
		t.rtt.Store(int64(pair.CurrentRoundTripTime * float64(time.Second)))
	}
}
