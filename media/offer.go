package media

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pion/sdp/v3"
)

// checkOffer says whether an offer is one this package can answer: exactly one
// audio section with Opus and one video section with VP8, secured and bundled
// as browsers do it. Errors: ErrBadSDP, ErrNoOpus, ErrNoVP8.
func checkOffer(offer string) error {
	if len(offer) > MaxSDP {
		return fmt.Errorf("%w: %d bytes", ErrBadSDP, len(offer))
	}
	var parsed sdp.SessionDescription
	if err := parsed.UnmarshalString(offer); err != nil {
		return fmt.Errorf("%w: %w", ErrBadSDP, err)
	}
	if len(parsed.MediaDescriptions) == 0 {
		return fmt.Errorf("%w: no media section", ErrBadSDP) // the parser takes an empty text
	}
	sections := make(map[string]*sdp.MediaDescription, 2)
	for _, m := range parsed.MediaDescriptions {
		kind := m.MediaName.Media
		switch {
		case kind != string(Audio) && kind != string(Video):
			return fmt.Errorf("%w: a section that is neither audio nor video", ErrBadSDP)
		case sections[kind] != nil:
			return fmt.Errorf("%w: more than one %s section", ErrBadSDP, kind)
		}
		if n := layersOf(m); n > maxLayers {
			return fmt.Errorf("%w: %d layers", ErrBadSDP, n)
		}
		sections[kind] = m
	}
	audio, video := sections[string(Audio)], sections[string(Video)]
	if !hasCodec(audio, "opus/48000/2") {
		return ErrNoOpus
	}
	if !hasCodec(video, "VP8/90000") {
		return ErrNoVP8
	}
	for _, m := range []*sdp.MediaDescription{audio, video} {
		for _, name := range []string{"mid", "ice-ufrag", "ice-pwd", "fingerprint"} {
			if value, ok := attribute(&parsed, m, name); !ok || value == "" {
				return fmt.Errorf("%w: no %s for %s", ErrBadSDP, name, m.MediaName.Media)
			}
		}
	}
	return nil
}

// maxLayers of one picture that an offer may have (RFC 8853); two are used.
const maxLayers = 3

func layersOf(section *sdp.MediaDescription) int {
	n := 0
	for _, a := range section.Attributes {
		if a.Key == "rid" {
			n++
		}
	}
	return n
}

// attribute looks in the section, then in the session; mid is the section's own.
func attribute(session *sdp.SessionDescription, section *sdp.MediaDescription, name string) (string, bool) {
	if value, ok := section.Attribute(name); ok || name == "mid" {
		return value, ok
	}
	return session.Attribute(name)
}

// hasCodec says whether the section lists the codec and isn't switched off.
func hasCodec(section *sdp.MediaDescription, codec string) bool {
	if section == nil {
		return false
	}
	_, bundleOnly := section.Attribute("bundle-only") // RFC 8843 section 6: port 0 then means nothing
	if section.MediaName.Port.Value == 0 && !bundleOnly {
		return false
	}
	for _, a := range section.Attributes {
		pt, name, ok := strings.Cut(a.Value, " ")
		if ok && a.Key == "rtpmap" && strings.EqualFold(name, codec) && slices.Contains(section.MediaName.Formats, pt) {
			return true
		}
	}
	return false
}

// withoutCandidates drops the client's own addresses. We are reachable and the
// client checks us, which shows us the address that works; an offer that names
// others would only make this machine knock at them.
func withoutCandidates(offer string) string {
	return withoutLines(offer, "a=candidate:", "a=end-of-candidates")
}

// withoutStreams drops the SSRCs: on the lean path streams are told apart by
// their packets, and pion would keep readers for each that is named.
func withoutStreams(offer string) string { return withoutLines(offer, "a=ssrc:", "a=ssrc-group:") }

func withoutLines(offer string, prefixes ...string) string {
	var kept strings.Builder
	for line := range strings.Lines(offer) {
		if !slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(line, prefix) }) {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// withStartBitrate tells the publisher where to start its video: Chromium reads
// x-google-start-bitrate, in kbit/s, from VP8's format parameters in the answer.
func withStartBitrate(answer string, kbps int) string {
	start := fmt.Sprintf("x-google-start-bitrate=%d", kbps)
	var pt string
	var out strings.Builder
	lines := slices.Collect(strings.Lines(answer))
	for _, line := range lines {
		if fields := strings.Fields(line); len(fields) == 2 && strings.EqualFold(fields[1], "VP8/90000") {
			pt, _ = strings.CutPrefix(fields[0], "a=rtpmap:")
		}
	}
	if pt == "" {
		return answer
	}
	fmtp := "a=fmtp:" + pt + " "
	has := slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, fmtp) })
	for _, line := range lines {
		switch {
		case strings.HasPrefix(line, fmtp):
			line = strings.TrimRight(line, "\r\n") + ";" + start + "\r\n"
		case !has && strings.HasPrefix(line, "a=rtpmap:"+pt+" "):
			line += fmtp + start + "\r\n"
		}
		out.WriteString(line)
	}
	return out.String()
}
