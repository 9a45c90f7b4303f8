package media

import (
	"fmt"
	"strings"

	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// streamID groups a participant's two tracks into one MediaStream, so that a
// browser plays them in step.
const streamID = "verifycall"

// localTrack is how pion sees a downTrack: it implements webrtc.TrackLocal.
type localTrack struct {
	down *downTrack
	way  rtpWriter // nil for pion's
}

// pionWriter writes by pion's path.
type pionWriter struct{ webrtc.TrackLocalWriter }

func (w pionWriter) writeRTP(out *outgoing) { _, _ = w.WriteRTP(&out.header, out.payload) }

// Bind implements webrtc.TrackLocal: it takes the negotiated codec.
func (l localTrack) Bind(ctx webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	for _, codec := range ctx.CodecParameters() {
		if strings.EqualFold(codec.MimeType, mimeTypes[l.down.kind]) {
			way := l.way
			if way == nil {
				way = pionWriter{ctx.WriteStream()}
			}
			l.down.bind(way, outbound{
				ssrc: uint32(ctx.SSRC()), payloadType: uint8(codec.PayloadType),
				rtxSSRC: uint32(ctx.SSRCRetransmission()), rtxPayloadType: rtxPayloadType(codec, ctx.CodecParameters()),
				numberID: extensionID(ctx.HeaderExtensions(), sdp.TransportCCURI),
			})
			return codec, nil
		}
	}
	return webrtc.RTPCodecParameters{}, fmt.Errorf("media: %s: %w", l.down.kind, webrtc.ErrUnsupportedCodec)
}

// rtxPayloadType is the payload type of codec's retransmissions, 0 without any.
func rtxPayloadType(codec webrtc.RTPCodecParameters, negotiated []webrtc.RTPCodecParameters) uint8 {
	apt := fmt.Sprintf("apt=%d", codec.PayloadType)
	for _, c := range negotiated {
		if strings.EqualFold(c.MimeType, webrtc.MimeTypeRTX) && c.SDPFmtpLine == apt {
			return uint8(c.PayloadType)
		}
	}
	return 0
}

// Unbind implements webrtc.TrackLocal.
func (l localTrack) Unbind(webrtc.TrackLocalContext) error {
	l.down.bind(nil, outbound{})
	return nil
}

// ID implements webrtc.TrackLocal.
func (l localTrack) ID() string { return string(l.down.kind) }

// RID implements webrtc.TrackLocal: one encoding.
func (l localTrack) RID() string { return "" }

// StreamID implements webrtc.TrackLocal.
func (l localTrack) StreamID() string { return streamID }

// Kind implements webrtc.TrackLocal.
func (l localTrack) Kind() webrtc.RTPCodecType { return webrtc.NewRTPCodecType(string(l.down.kind)) }

var _ webrtc.TrackLocal = localTrack{}
