package caller

import (
	"bytes"
	"encoding/binary"
	"net/netip"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/stun/v4"
)

// Server is where the Caller's packets go.
func (c *Caller) Server() netip.AddrPort { return c.server.addr }

// Ufrag is the server's name of the Caller's connection.
func (c *Caller) Ufrag() string { return c.server.ufrag }

// Check is a connectivity check as the Caller sends it, sealed.
func (c *Caller) Check() ([]byte, error) {
	m, err := c.check()
	if err != nil {
		return nil, err
	}
	return m.Raw, nil
}

// ForgedCheck is one by somebody who knows the names but not the password.
func (c *Caller) ForgedCheck(ufrag string) ([]byte, error) {
	m, err := stun.Build(stun.BindingRequest, stun.TransactionID, stun.NewUsername(ufrag+":"+c.id.ufrag),
		stun.RawAttribute{Type: stun.AttrUseCandidate}, stun.NewShortTermIntegrity("not the password"), stun.Fingerprint)
	if err != nil {
		return nil, err
	}
	return m.Raw, nil
}

// Raw sends bytes from the Caller's own socket.
func (c *Caller) Raw(b []byte) error {
	_, err := c.socket.WriteToUDPAddrPort(b, c.server.addr)
	return err
}

// Sealed is a packet of a stream, encrypted as the Caller's own, with so many
// bytes of header extensions. Before Send only: the Caller's state isn't locked.
func (c *Caller) Sealed(ssrc uint32, seq uint16, extensions int) ([]byte, error) {
	pkt := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: vp8PT, SSRC: ssrc, SequenceNumber: seq}, Payload: make([]byte, 100)}
	for id := uint8(10); extensions > 0; id++ {
		pkt.Extension, pkt.ExtensionProfile = true, 0x1000 // RFC 8285 section 4.3
		size := min(extensions, 255)
		if err := pkt.SetExtension(id, make([]byte, size)); err != nil {
			return nil, err
		}
		extensions -= size
	}
	raw, err := pkt.Marshal()
	if err != nil {
		return nil, err
	}
	return c.encrypt.EncryptRTP(nil, raw, nil)
}

// Feedback is a report of arrivals by that sender, encrypted as the Caller's own:
// it says that 65,535 packets came, and when none of them did. Before Send only.
func (c *Caller) Feedback(sender uint32) ([]byte, error) {
	const size, header, run = 36, 20, 1<<13 - 1
	raw := binary.BigEndian.AppendUint32([]byte{0x80 | rtcp.FormatTCC, byte(rtcp.TypeTransportSpecificFeedback), 0, size/4 - 1}, sender)
	raw = append(raw, make([]byte, header-len(raw))...)
	binary.BigEndian.PutUint16(raw[14:], 0xffff)
	for len(raw) < size {
		raw = binary.BigEndian.AppendUint16(raw, rtcp.TypeTCCPacketReceivedSmallDelta<<13|run)
	}
	return c.encrypt.EncryptRTCP(nil, raw, nil)
}

// Video is the SSRC of the Caller's video.
func (c *Caller) Video() uint32 { return c.id.video }

// Forged is a packet as of a stream of the Caller's, that nobody has sealed.
func Forged(ssrc uint32, size int) []byte {
	raw := bytes.Repeat([]byte{0xa5}, max(size, 12))
	raw[0], raw[1] = 0x80, vp8PT
	binary.BigEndian.PutUint32(raw[8:], ssrc)
	return raw
}
