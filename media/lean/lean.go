// Package lean carries SRTP past pion's PeerConnection: from a socket's read to
// the write of what is forwarded in one go, in one goroutine.
//
// A Port is the media port. It hands STUN and DTLS to pion, which goes on doing
// ICE, DTLS and SDP over it, and keeps SRTP and SRTCP (RFC 7983) of the Peers
// that it knows by their addresses. Each of its sockets has a loop: read what is
// ready → find the peer → decrypt in place → the peer's Sink, which forwards by
// WriteRTP of another peer, encrypted into the loop's Batch → send the batch.
//
// Keys come of pion's handshake (Handshake), cryptography is pion/srtp's. Pion
// itself must send no SRTP or SRTCP on a connection whose keys a Peer has: two
// users of one key would repeat a nonce, which is fatal with AES-GCM.
//
// Locks: a Peer's in, then another Peer's out; out is a leaf but for the
// sending of single packets. Port.mu is a leaf. No two calls share in or out.
package lean

import "errors"

// Bounds of what a peer may cost.
const (
	// maxPacket is the largest datagram that is taken, in bytes; browsers send
	// at most 1,200 of media and 1,500 of DTLS.
	maxPacket = 1600
	// peerRate in bytes a second and peerBurst in bytes are taken of one peer
	// before decryption: six times the bitrate of a good call, and its probing.
	peerRate, peerBurst = 2 << 20, 512 << 10
	// packetCost is what a packet counts at least, in bytes: a small one costs as
	// much to decrypt and to forward.
	packetCost = 256
	// peerStreams of one peer are decrypted, and RTCP of as many senders: SSRCs,
	// each with its state. A browser has less than ten.
	peerStreams = 32
	// peerReports is how many RTCP packets a second are looked into. Browsers send
	// some 20, and one for each packet that they miss.
	peerReports = 200
	// peerGuesses is how many packets a second of an SSRC not seen before are
	// tried; anybody who can forge an address can send such.
	peerGuesses = 50
	// replayWindow in packets: a retransmission may come that late.
	replayWindow = 1024
)

// Errors of a Peer.
var (
	// ErrNoKeys: the handshake hasn't come far enough, or there is no peer's
	// address yet; nothing was sent.
	ErrNoKeys = errors.New("lean: no keys yet")
	// ErrTooLarge: a packet that doesn't fit into a datagram.
	ErrTooLarge = errors.New("lean: packet too large")
)

// Counts of a Port since its start.
type Counts struct {
	Received, Sent uint64 // media packets; received are those that a Sink was given
	// Strange came from unknown addresses or of unknown streams, Excess above a
	// peer's budget, Refused failed decryption (forged, damaged or replayed).
	Strange, Excess, Refused uint64
	// Dropped couldn't be sent, Crowded were for pion and found its queue full.
	Dropped, Crowded uint64
}
