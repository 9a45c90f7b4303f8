package robot

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"github.com/pion/transport/v5"
	"github.com/pion/webrtc/v4"
)

// noticeAfter is how long a robot hears nothing before it counts its media as
// lost, as the pages do. Pion looks once a second.
const noticeAfter = 2 * time.Second

// Place is the network that a robot is in. The zero value is this machine's
// loopback interface.
type Place struct {
	// Net opens the sockets of media, Dial those of HTTP and WebSockets.
	Net  transport.Net
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Far has the robots use all of this machine's networks, for a server elsewhere.
	Far bool
	// TLS says which certificates to trust.
	TLS *tls.Config
}

// client makes one whose connections end with their requests.
func (p Place) client(jar http.CookieJar) *http.Client {
	if p.Net == nil && p.TLS == nil {
		return &http.Client{Jar: jar}
	}
	return &http.Client{Jar: jar, Transport: &http.Transport{DialContext: p.Dial, TLSClientConfig: p.TLS, DisableKeepAlives: true}}
}

func (p Place) set(s *webrtc.SettingEngine) {
	s.SetICETimeouts(noticeAfter, time.Minute, time.Second)
	if p.Far {
		s.SetIncludeLoopbackCandidate(true)
		s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6, webrtc.NetworkTypeTCP4})
		return
	}
	if p.Net == nil {
		s.SetIncludeLoopbackCandidate(true)
		s.SetIPFilter(net.IP.IsLoopback)
		s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
		return
	}
	s.SetNet(p.Net)
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeTCP4})
}

// configuration has the relay that the server has named.
func (r *Robot) configuration() webrtc.Configuration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state == nil || r.state.Relay == nil || r.session.server.Place.Net == nil && !r.session.server.Place.Far {
		return webrtc.Configuration{}
	}
	relay := r.state.Relay
	return webrtc.Configuration{ICEServers: []webrtc.ICEServer{{URLs: relay.URLs, Username: relay.Username, Credential: relay.Credential}}}
}

// Path says how the media go: the protocol of the pair in use, and the type of
// our end of it.
func (r *Robot) Path() (protocol webrtc.ICEProtocol, candidate webrtc.ICECandidateType, err error) {
	pair, err := r.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	if err != nil || pair == nil {
		return 0, 0, err
	}
	return pair.Remote.Protocol, pair.Local.Typ, nil
}

// Lost is sent to when nothing has come from the server for a time.
func (r *Robot) Lost() <-chan struct{} { return r.lost }

// RoundTrip of the connectivity checks; false before one was answered.
func (r *Robot) RoundTrip() (time.Duration, bool) {
	stats, ok := r.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePairStats()
	return time.Duration(stats.CurrentRoundTripTime * float64(time.Second)), ok && stats.CurrentRoundTripTime > 0
}

// Loss counts the other side's video packets that never came, and all that were
// sent, since it was asked before.
func (r *Robot) Loss() (lost, all int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all, r.span = r.span, 0
	lost, r.came = max(0, all-r.came), 0
	return lost, all
}

// count notes a packet of the other side's video by its number.
func (r *Robot) count(seq uint16) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.came++
	if ahead := seq - r.highest; r.counted && ahead < 1<<15 {
		r.span += int64(ahead)
	} else if !r.counted {
		r.span, r.counted = 1, true
	} else {
		return // late
	}
	r.highest = seq
}

// Packets counts those of the other side's video that have come.
func (r *Robot) Packets() int64 { return r.packets.Load() }

// Pictures counts the other side's pictures anew: FirstFrame then gives the
// first key frame from now on.
func (r *Robot) Pictures() <-chan time.Time {
	select {
	case <-r.first:
	default:
	}
	return r.first
}
