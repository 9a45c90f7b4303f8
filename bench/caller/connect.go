package caller

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/srtp/v3"
	"github.com/pion/stun/v4"
	"github.com/pion/transport/v5/deadline"
)

// checkInterval between the connectivity checks until one is answered.
const checkInterval = 20 * time.Millisecond

// keepAlive between those afterwards.
const keepAlive = 2 * time.Second

// check is a connectivity check that nominates its pair (RFC 8445 section 7.2.2).
func (c *Caller) check() (*stun.Message, error) {
	priority, tie := make([]byte, 4), make([]byte, 8)
	binary.BigEndian.PutUint32(priority, 1845501695)
	return stun.Build(stun.BindingRequest, stun.TransactionID,
		stun.NewUsername(c.server.ufrag+":"+c.id.ufrag),
		stun.RawAttribute{Type: stun.AttrPriority, Value: priority},
		stun.RawAttribute{Type: stun.AttrICEControlling, Value: tie},
		stun.RawAttribute{Type: stun.AttrUseCandidate},
		stun.NewShortTermIntegrity(c.server.pwd), stun.Fingerprint)
}

// checks sends connectivity checks until the socket is closed.
func (c *Caller) checks() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-c.ended:
			return
		}
		if m, err := c.check(); err == nil {
			_, _ = c.socket.WriteToUDPAddrPort(m.Raw, c.server.addr) // the next one follows
		}
		select {
		case <-c.reachable:
			timer.Reset(keepAlive)
		default:
			timer.Reset(checkInterval)
		}
	}
}

// handleSTUN answers the server's checks and notes its answers to ours.
func (c *Caller) handleSTUN(raw []byte, from netip.AddrPort) {
	m := &stun.Message{Raw: append([]byte{}, raw...)}
	if m.Decode() != nil {
		return
	}
	switch m.Type {
	case stun.BindingSuccess:
		c.reach.Do(func() { close(c.reachable) })
	case stun.BindingRequest:
		reply, err := stun.Build(m, stun.BindingSuccess,
			&stun.XORMappedAddress{IP: from.Addr().AsSlice(), Port: int(from.Port())},
			stun.NewShortTermIntegrity(c.id.pwd), stun.Fingerprint)
		if err == nil {
			_, _ = c.socket.WriteToUDPAddrPort(reply.Raw, from)
		}
	}
}

// handshake makes the SRTP contexts by DTLS (RFC 5764).
func (c *Caller) handshake(ctx context.Context) error {
	shared := []dtls.Option{
		dtls.WithCertificates(c.cert), dtls.WithInsecureSkipVerify(true), dtls.WithFlightInterval(50 * time.Millisecond),
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
	}
	var conn *dtls.Conn
	var err error
	addr := net.UDPAddrFromAddrPort(c.server.addr)
	if c.server.passive {
		var options []dtls.ClientOption
		for _, o := range shared {
			options = append(options, o)
		}
		conn, err = dtls.ClientWithOptions(c.secret, addr, options...)
	} else {
		options := []dtls.ServerOption{dtls.WithClientAuth(dtls.RequireAnyClientCert), dtls.WithInsecureSkipVerifyHello(true)}
		for _, o := range shared {
			options = append(options, o)
		}
		conn, err = dtls.ServerWithOptions(c.secret, addr, options...)
	}
	if err != nil {
		return err
	}
	c.dtls = conn
	if err := conn.HandshakeContext(ctx); err != nil {
		return err
	}
	profile, ok := conn.SelectedSRTPProtectionProfile()
	state, exported := conn.ConnectionState()
	if !ok || !exported {
		return errors.New("caller: no SRTP profile")
	}
	config := srtp.Config{Profile: srtp.ProtectionProfile(profile)}
	if err := config.ExtractSessionKeysFromDTLS(&state, c.server.passive); err != nil {
		return err
	}
	if c.encrypt, err = srtp.CreateContext(config.Keys.LocalMasterKey, config.Keys.LocalMasterSalt, config.Profile); err != nil {
		return err
	}
	c.decrypt, err = srtp.CreateContext(config.Keys.RemoteMasterKey, config.Keys.RemoteMasterSalt, config.Profile)
	return err
}

// secretConn is the socket as DTLS sees it: DTLS packets only.
type secretConn struct {
	caller *Caller
	in     chan []byte
	read   *deadline.Deadline
}

func (s *secretConn) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case raw := <-s.in:
		return copy(b, raw), net.UDPAddrFromAddrPort(s.caller.server.addr), nil
	case <-s.caller.ended:
		return 0, nil, net.ErrClosed
	case <-s.read.Done():
		return 0, nil, context.DeadlineExceeded
	}
}

func (s *secretConn) WriteTo(b []byte, _ net.Addr) (int, error) {
	return s.caller.socket.WriteToUDPAddrPort(b, s.caller.server.addr)
}

func (s *secretConn) Close() error                       { return nil }
func (s *secretConn) LocalAddr() net.Addr                { return s.caller.socket.LocalAddr() }
func (s *secretConn) SetDeadline(t time.Time) error      { s.read.Set(t); return nil }
func (s *secretConn) SetReadDeadline(t time.Time) error  { s.read.Set(t); return nil }
func (s *secretConn) SetWriteDeadline(t time.Time) error { return nil }
