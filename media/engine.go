package media

import (
	"fmt"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/sdp/v3"
	"github.com/pion/transport/v5/stdnet"
	"github.com/pion/webrtc/v4"
)

const (
	audioClockRate = 48000
	videoClockRate = 90000

	// replayWindow in packets: with the usual 64 retransmissions come too late
	// to be decrypted (measured at 5 % loss: 1086 of 1108 packets against all).
	replayWindow = 1024
	// dtlsRetransmit is the first retransmission of a lost handshake packet.
	dtlsRetransmit = 50 * time.Millisecond

	iceDisconnected = 3 * time.Second
	iceFailed       = 15 * time.Second // after iceDisconnected
	iceKeepAlive    = time.Second
)

var mimeTypes = map[Kind]string{Audio: webrtc.MimeTypeOpus, Video: webrtc.MimeTypeVP8}

// engine makes the PeerConnections that share one mux.
type engine struct {
	codecs   *webrtc.MediaEngine
	settings webrtc.SettingEngine
}

func newEngine(cfg Config, mux ice.UDPMux, tcp ice.TCPMux, loopback bool) (*engine, error) {
	e := &engine{codecs: &webrtc.MediaEngine{}}
	if err := registerCodecs(e.codecs); err != nil {
		return nil, fmt.Errorf("media: register codecs: %w", err)
	}
	if err := registerArrivals(e.codecs); err != nil {
		return nil, fmt.Errorf("media: register header extensions: %w", err)
	}
	var err error
	e.settings, err = newSettings(cfg, mux, tcp, loopback)
	return e, err
}

// newPeerConnection makes one whose retransmissions go to repaired, and what
// its browser reports of arrivals to link. It has no
// other interceptor: what is published is reported on and repaired by
// Receivers, what is lost on the way to a subscriber is sent again by down
// tracks, and both see each packet anyway.
// On the lean path there are no interceptors at all: no media passes them, and
// none may send any.
func (e *engine) newPeerConnection(repaired *repairs, link *downlink, way *leanPath) (*webrtc.PeerConnection, error) {
	var registry interceptor.Registry
	settings, config := e.settings, webrtc.Configuration{}
	if way != nil {
		// Contexts of package lean know plain header extensions only (RFC 9335).
		config.RTPHeaderEncryptionPolicy = webrtc.RTPHeaderEncryptionPolicyDisable
		settings.SetDTLSKeyLogWriter(way.keys)
		settings.SetDTLSServerHelloMessageHook(way.keys.ServerHello)
	} else {
		registry.Add(repaired)
		settings.BufferFactory = link.newBuffer
	}
	return webrtc.NewAPI(webrtc.WithMediaEngine(e.codecs), webrtc.WithInterceptorRegistry(&registry),
		webrtc.WithSettingEngine(settings)).NewPeerConnection(config)
}

// registerCodecs allows VP8, whose key frames are WebP pictures, with RTX,
// without which browsers can't probe for bandwidth; and Opus with in-band FEC,
// and NACK where a client offers it for audio. No video orientation extension:
// without it browsers turn pictures upright before they encode them.
func registerCodecs(engine *webrtc.MediaEngine) error {
	video := []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}, {Type: "ccm", Parameter: "fir"}, {Type: "goog-remb"}}
	codecs := []struct {
		kind  webrtc.RTPCodecType
		pt    webrtc.PayloadType // ours only until the offer's is known
		codec webrtc.RTPCodecCapability
	}{
		{webrtc.RTPCodecTypeVideo, 96, webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeVP8, ClockRate: videoClockRate, RTCPFeedback: video}},
		{webrtc.RTPCodecTypeVideo, 97, webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeRTX, ClockRate: videoClockRate, SDPFmtpLine: "apt=96"}},
		{webrtc.RTPCodecTypeAudio, 111, webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeOpus, ClockRate: audioClockRate, Channels: 2,
			SDPFmtpLine: "minptime=10;useinbandfec=1", RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}}}},
	}
	for _, c := range codecs {
		params := webrtc.RTPCodecParameters{RTPCodecCapability: c.codec, PayloadType: c.pt}
		if err := engine.RegisterCodec(params, c.kind); err != nil {
			return err
		}
	}
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
		// Layers are told apart by their rid.
		for _, uri := range []string{sdp.SDESRTPStreamIDURI, sdp.SDESRepairRTPStreamIDURI} {
			if err := engine.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uri}, kind); err != nil {
				return err
			}
		}
		// The MID extension tells which section a packet of an SSRC outside the offer belongs to.
		mid := webrtc.RTPHeaderExtensionCapability{URI: sdp.SDESMidURI}
		if err := engine.RegisterHeaderExtension(mid, kind); err != nil {
			return err
		}
	}
	return nil
}

// registerArrivals asks for transport-wide sequence numbers, by whose arrivals
// browsers estimate their uplink.
func registerArrivals(engine *webrtc.MediaEngine) error {
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
		engine.RegisterFeedback(webrtc.RTCPFeedback{Type: webrtc.TypeRTCPFBTransportCC}, kind)
		number := webrtc.RTPHeaderExtensionCapability{URI: sdp.TransportCCURI}
		if err := engine.RegisterHeaderExtension(number, kind); err != nil {
			return err
		}
	}
	return nil
}

func newSettings(cfg Config, mux ice.UDPMux, tcp ice.TCPMux, loopback bool) (webrtc.SettingEngine, error) {
	s := webrtc.SettingEngine{LoggerFactory: pionLog{log: cfg.Log}}
	s.SetICEUDPMux(mux)
	networks := []webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6}
	if tcp != nil {
		s.SetICETCPMux(tcp)
		networks = append(networks, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6)
	}
	s.SetNetworkTypes(networks)
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetIncludeLoopbackCandidate(loopback)
	s.DisableActiveTCP(true)
	s.SetICETimeouts(iceDisconnected, iceFailed, iceKeepAlive)
	s.SetDTLSRetransmissionInterval(dtlsRetransmit)
	s.SetSRTPReplayProtectionWindow(replayWindow)
	s.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80)
	s.SetReceiveMTU(maxPacket)
	// The DTLS server chooses the SRTP profile, and Chromium would choose
	// AES-CM (measured). Its hello needs no cookie to show that the address is
	// the sender's: ICE has shown it.
	if err := s.SetAnsweringDTLSRole(webrtc.DTLSRoleServer); err != nil {
		return s, fmt.Errorf("media: DTLS role: %w", err)
	}
	s.SetDTLSInsecureSkipHelloVerify(true)
	network := cfg.Net
	if network == nil { // one for all: each would list the machine's interfaces anew
		var err error
		if network, err = stdnet.NewNet(); err != nil {
			return s, fmt.Errorf("media: interfaces: %w", err)
		}
	}
	s.SetNet(network)
	if len(cfg.PublicIPs) == 0 {
		return s, nil
	}
	err := s.SetICEAddressRewriteRules(webrtc.ICEAddressRewriteRule{
		External:        cfg.PublicIPs,
		AsCandidateType: webrtc.ICECandidateTypeHost,
		Mode:            webrtc.ICEAddressRewriteReplace,
	})
	if err != nil {
		return s, fmt.Errorf("media: public addresses: %w", err)
	}
	return s, nil
}
