// Package media forwards audio and video between the participants of a call
// on one UDP port.
//
// A packet's life: socket → Receiver → forwarder → down track, written inline;
// beside it the Tap, a bounded copy for a recorder. Nothing on that path waits
// for a disk, a log or another participant. On the lean path it is one goroutine
// for each socket, on pion's there are one for each participant and one for
// each published track in between.
//
// Who closes whom: Node owns the socket and its Transports, a Transport owns
// its PeerConnection, its Receivers and its two down tracks. Close of each
// returns when every goroutine below it has ended.
package media

import "errors"

// Kind tells the two kinds of track apart.
type Kind string

// The kinds of track; each Transport publishes and plays at most one of each.
const (
	Audio Kind = "audio"
	Video Kind = "video"
)

// Errors of Transport.Answer and of a closed Node or Transport. Those of
// Answer leave the transport as it was before the call.
var (
	// ErrBadSDP: the offer can't be parsed, is over MaxSDP, or isn't an offer
	// for at most one audio and one video section.
	ErrBadSDP = errors.New("media: malformed or unsuitable session description")
	// ErrNoVP8: the offer has no video section that can send and receive VP8.
	ErrNoVP8 = errors.New("media: no VP8 in the offer")
	// ErrNoOpus: the offer has no audio section with Opus.
	ErrNoOpus = errors.New("media: no Opus in the offer")
	// ErrClosed: the Node or the Transport was closed.
	ErrClosed = errors.New("media: closed")
)

// Event is one of Connected, Disconnected, Failed, TrackStarted, TrackEnded.
type Event interface{ event() }

// Connected: media can flow (ICE and DTLS are up), also after Disconnected.
type Connected struct{ T *Transport }

// Disconnected: nothing has been heard from the peer for some seconds; it may
// come back by itself.
type Disconnected struct{ T *Transport }

// Failed: the transport is lost for good, unless the client offers an ICE
// restart; otherwise close it.
type Failed struct{ T *Transport }

// TrackStarted: the first packet of a track has come. T.Receiver already
// answers R.
type TrackStarted struct {
	T *Transport
	R *Receiver
}

// TrackEnded: R's last packet has been read; no Tap of it is called again.
type TrackEnded struct {
	T *Transport
	R *Receiver
}

func (Connected) event()    {}
func (Disconnected) event() {}
func (Failed) event()       {}
func (TrackStarted) event() {}
func (TrackEnded) event()   {}

// DefaultStartKbps is where video of an unmeasured uplink starts, in kbit/s.
const DefaultStartKbps = 800

// MaxSDP is the longest offer that is looked at, in bytes. Chromium's for one
// audio and one video section has about 7 kB with all its codecs.
const MaxSDP = 64 << 10
