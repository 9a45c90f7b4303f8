package caller

import (
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// The offer's payload types and its header extension.
const (
	opusPT, vp8PT, rtxPT = 111, 96, 97
	twccID               = 3
)

// ident is what a Caller tells about itself.
type ident struct {
	ufrag, pwd  string
	fingerprint string
	audio       uint32 // SSRCs
	video, rtx  uint32
}

func fingerprint(cert tls.Certificate) string {
	sum := sha256.Sum256(cert.Certificate[0])
	parts := make([]string, len(sum))
	for i, b := range sum {
		parts[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(parts, ":")
}

// offer is one as a browser makes it, cut to what counts: Opus and VP8 with
// RTX, both ways, with transport-wide sequence numbers.
func (id ident) offer() string {
	section := func(mid, kind, payloads string, lines ...string) string {
		return strings.Join(append([]string{
			"m=" + kind + " 9 UDP/TLS/RTP/SAVPF " + payloads, "c=IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 0.0.0.0",
			"a=ice-ufrag:" + id.ufrag, "a=ice-pwd:" + id.pwd, "a=fingerprint:sha-256 " + id.fingerprint,
			"a=setup:actpass", "a=mid:" + mid, "a=sendrecv", "a=rtcp-mux", "a=msid:caller " + kind,
			fmt.Sprintf("a=extmap:%d http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01", twccID),
		}, lines...), "\r\n") + "\r\n"
	}
	return "v=0\r\no=- 4611732 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=msid-semantic: WMS caller\r\n" +
		section("0", "audio", strconv.Itoa(opusPT), "a=rtpmap:111 opus/48000/2", "a=rtcp-fb:111 transport-cc",
			"a=fmtp:111 minptime=10;useinbandfec=1", fmt.Sprintf("a=ssrc:%d cname:caller", id.audio)) +
		section("1", "video", "96 97", "a=rtpmap:96 VP8/90000", "a=rtcp-fb:96 transport-cc", "a=rtcp-fb:96 ccm fir",
			"a=rtcp-fb:96 nack", "a=rtcp-fb:96 nack pli", "a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96",
			fmt.Sprintf("a=ssrc-group:FID %d %d", id.video, id.rtx),
			fmt.Sprintf("a=ssrc:%d cname:caller", id.video), fmt.Sprintf("a=ssrc:%d cname:caller", id.rtx))
}

// answer is what counts of the server's.
type answer struct {
	ufrag, pwd string
	passive    bool // the server waits for our DTLS hello
	addr       netip.AddrPort
}

func parseAnswer(text string) (a answer, err error) {
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch name {
		case "a=ice-ufrag":
			a.ufrag = value
		case "a=ice-pwd":
			a.pwd = value
		case "a=setup":
			a.passive = value == "passive"
		case "a=candidate":
			f := strings.Fields(value) // foundation component transport priority address port …
			if len(f) < 6 || !strings.EqualFold(f[2], "udp") || f[1] != "1" {
				continue
			}
			addr, err := netip.ParseAddrPort(f[4] + ":" + f[5])
			if err == nil && addr.Addr().Is4() && (!a.addr.IsValid() || addr.Addr().IsLoopback()) {
				a.addr = addr
			}
		}
	}
	if a.ufrag == "" || a.pwd == "" || !a.addr.IsValid() {
		return a, fmt.Errorf("caller: answer without credentials or address:\n%s", text)
	}
	return a, nil
}
