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
	if r.state == nil || r.state.Relay == nil || r.session.server.Place.Net == nil {
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
