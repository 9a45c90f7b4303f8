package media

import (
	"context"
	_ "embed"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// chromiumOffer is what Chromium 156 offers for one video and one audio
// transceiver, before any candidate.
//
//go:embed testdata/chromium-offer.sdp
var chromiumOffer string

func lines(sdp string) []string { return strings.Split(strings.TrimSpace(sdp), "\r\n") }

func hasLine(sdp, want string) bool {
	for _, line := range lines(sdp) {
		if line == want {
			return true
		}
	}
	return false
}

func TestAnswerToChromium(t *testing.T) {
	checkLeaks(t)
	n := newTestNode(t, Config{Listen: "127.0.0.1:0", StartKbps: 1500, Log: testLog(t)})
	server, err := n.NewTransport(func(Event) {})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := server.Answer(context.Background(), chromiumOffer)
	if err != nil {
		t.Fatal(err)
	}
	port := n.Addr().(*net.UDPAddr).Port
	for _, want := range []string{
		"a=fmtp:96 x-google-start-bitrate=1500",
		"a=rtpmap:97 rtx/90000",
		"a=fmtp:97 apt=96",
		"a=rtcp-fb:96 nack", "a=rtcp-fb:96 nack pli", "a=rtcp-fb:96 transport-cc", "a=rtcp-fb:111 transport-cc",
		"a=rtpmap:111 opus/48000/2",
		"a=fmtp:111 minptime=10;useinbandfec=1",
		"a=setup:passive",
		"a=end-of-candidates",
	} {
		if !hasLine(answer, want) {
			t.Errorf("no %q in the answer", want)
		}
	}
	if strings.Count(answer, "a=sendrecv\r\n") != 2 || strings.Count(answer, "a=ssrc-group:FID ") != 1 {
		t.Error("not both sections send and receive, or video without RTX")
	}
	for _, unwanted := range []string{"H264", "VP9", "AV1", "usedtx", "video-orientation", ".local"} {
		if strings.Contains(answer, unwanted) {
			t.Errorf("%s in the answer", unwanted)
		}
	}
	for _, line := range lines(answer) {
		fields := strings.Fields(line)
		if strings.HasPrefix(line, "a=candidate:") && (fields[4] != "127.0.0.1" || fields[5] != strconv.Itoa(port)) {
			t.Errorf("candidate elsewhere: %s", line)
		}
	}
	if t.Failed() {
		t.Log(answer)
	}
}

func TestPublicIPs(t *testing.T) {
	checkLeaks(t)
	n := newTestNode(t, Config{Listen: "127.0.0.1:0", PublicIPs: []string{"198.51.100.7", "198.51.100.8"}, Log: testLog(t)})
	server, err := n.NewTransport(func(Event) {})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := server.Answer(context.Background(), chromiumOffer)
	if err != nil {
		t.Fatal(err)
	}
	for _, protocol := range []string{" udp ", " tcp "} {
		for _, want := range []string{" 198.51.100.7 ", " 198.51.100.8 "} {
			if !slices.ContainsFunc(lines(answer), func(line string) bool {
				return strings.HasPrefix(line, "a=candidate:") && strings.Contains(line, protocol) && strings.Contains(line, want)
			}) {
				t.Errorf("%s isn't announced for%s", want, protocol)
			}
		}
	}
	if strings.Contains(answer, " 127.0.0.1 ") {
		t.Error("the socket's own address is announced too")
	}
	for _, wrong := range []Config{
		{Listen: "127.0.0.1:0", PublicIPs: []string{"example.net"}},
		{Listen: "nowhere"},
		{Listen: n.Addr().String()}, // taken
	} {
		if n, err := NewNode(wrong); err == nil {
			t.Errorf("%+v was accepted", wrong)
			_ = n.Close()
		}
	}
}

func TestUnspecifiedAddress(t *testing.T) {
	checkLeaks(t)
	for _, listen := range []string{"0.0.0.0:0", "[::]:0"} {
		n := newTestNode(t, Config{Listen: listen, Log: testLog(t)})
		server, err := n.NewTransport(func(Event) {})
		if err != nil {
			t.Fatal(err)
		}
		answer, err := server.Answer(context.Background(), chromiumOffer)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(answer, "a=candidate:") || strings.Contains(answer, " 0.0.0.0 "+strconv.Itoa(n.Addr().(*net.UDPAddr).Port)) {
			t.Errorf("%s: no usable candidate in\n%s", listen, answer)
		}
	}
}

func TestRefusedOffers(t *testing.T) {
	checkLeaks(t)
	video := strings.Index(chromiumOffer, "m=video")
	audio := strings.Index(chromiumOffer, "m=audio")
	session, videoSection, audioSection := chromiumOffer[:video], chromiumOffer[video:audio], chromiumOffer[audio:]
	without := func(prefix string) string {
		var kept []string
		for _, line := range lines(chromiumOffer) {
			if !strings.HasPrefix(line, prefix) {
				kept = append(kept, line)
			}
		}
		return strings.Join(kept, "\r\n") + "\r\n"
	}
	tests := []struct {
		name, offer string
		want        error
	}{
		{"empty", "", ErrBadSDP},
		{"garbage", "\x00\xff hello", ErrBadSDP},
		{"JSON", `{"type":"offer"}`, ErrBadSDP},
		{"cut", chromiumOffer[:video+20], ErrBadSDP},
		{"endless", chromiumOffer + strings.Repeat("a=x:y\r\n", MaxSDP/7), ErrBadSDP},
		{"no sections", session, ErrBadSDP},
		{"no video", session + audioSection, ErrNoVP8},
		{"no audio", session + videoSection, ErrNoOpus},
		{"no VP8", without("a=rtpmap:96 "), ErrNoVP8},
		{"VP8 not in the list", strings.Replace(chromiumOffer, "SAVPF 96 ", "SAVPF ", 1), ErrNoVP8},
		{"video switched off", strings.Replace(chromiumOffer, "m=video 9", "m=video 0", 1), ErrNoVP8},
		{"no Opus", without("a=rtpmap:111 "), ErrNoOpus},
		{"two cameras", chromiumOffer + strings.Replace(videoSection, "a=mid:0", "a=mid:2", 1), ErrBadSDP},
		{"data channel", chromiumOffer + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:2\r\n", ErrBadSDP},
		{"no ICE user", without("a=ice-ufrag:"), ErrBadSDP},
		{"no ICE password", without("a=ice-pwd:"), ErrBadSDP},
		{"no fingerprint", without("a=fingerprint:"), ErrBadSDP},
		{"a fingerprint of nothing", strings.ReplaceAll(chromiumOffer, "a=fingerprint:sha-256 ", "a=fingerprint:"), ErrBadSDP},
		{"no mid", without("a=mid:"), ErrBadSDP},
	}
	n := newTestNode(t, Config{Listen: "127.0.0.1:0", Log: testLog(t)})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server, err := n.NewTransport(func(Event) {})
			if err != nil {
				t.Fatal(err)
			}
			answer, err := server.Answer(context.Background(), test.offer)
			if !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v; answer %q", err, test.want, answer)
			}
			if err := server.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// An offer that was refused doesn't spoil the transport for a good one.
func TestAnswerAfterRefusal(t *testing.T) {
	checkLeaks(t)
	n := newTestNode(t, Config{Listen: "127.0.0.1:0", Log: testLog(t)})
	server, err := n.NewTransport(func(Event) {})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.Answer(context.Background(), "v=0"); !errors.Is(err, ErrBadSDP) {
		t.Errorf("error %v", err)
	}
	if _, err := server.Answer(context.Background(), chromiumOffer); err != nil {
		t.Error(err)
	}
}

func TestWithoutCandidates(t *testing.T) {
	const offer = "v=0\r\nm=audio 9\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\na=end-of-candidates\r\na=mid:0\r\n"
	if got := withoutCandidates(offer); got != "v=0\r\nm=audio 9\r\na=mid:0\r\n" {
		t.Errorf("%q", got)
	}
}

func TestWithStartBitrate(t *testing.T) {
	tests := []struct{ name, answer, want string }{
		{"no parameters yet", "a=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\n",
			"a=rtpmap:96 VP8/90000\r\na=fmtp:96 x-google-start-bitrate=900\r\na=rtpmap:97 rtx/90000\r\n"},
		{"parameters", "a=rtpmap:120 vp8/90000\r\na=fmtp:120 max-fs=12288\r\n",
			"a=rtpmap:120 vp8/90000\r\na=fmtp:120 max-fs=12288;x-google-start-bitrate=900\r\n"},
		{"no VP8", "a=rtpmap:96 H264/90000\r\n", "a=rtpmap:96 H264/90000\r\n"},
	}
	for _, test := range tests {
		if got := withStartBitrate(test.answer, 900); got != test.want {
			t.Errorf("%s: %q", test.name, got)
		}
	}
}

// Whatever is offered: an answer or one of our errors, at once, and an end.
// Coverage isn't the same twice with so many goroutines, so run it with
// -fuzzminimizetime=1x, or it spends its time on minimizing.
func FuzzAnswer(f *testing.F) {
	n, err := NewNode(Config{Listen: "127.0.0.1:0"})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = n.Close() })
	f.Add(chromiumOffer)
	f.Add(strings.Replace(chromiumOffer, "sendrecv", "recvonly", 1))
	f.Add(chromiumOffer[:len(chromiumOffer)/2])
	f.Add("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n")
	f.Fuzz(func(t *testing.T, offer string) {
		server, err := n.NewTransport(func(Event) {})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		answer, err := server.Answer(ctx, offer)
		switch {
		case err == nil && !strings.Contains(answer, "a=candidate:"):
			t.Errorf("an answer without candidates: %q", answer)
		case err != nil && !errors.Is(err, ErrBadSDP) && !errors.Is(err, ErrNoVP8) && !errors.Is(err, ErrNoOpus):
			t.Errorf("%v to %q", err, offer)
		}
		if err := server.Close(); err != nil {
			t.Errorf("close after %q: %v", offer, err)
		}
	})
}
