package relay

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/turn/v5"
	"go.uber.org/goleak"

	"verifycall/test/certtest"
)

const patience = 20 * time.Second

// announced is how clients know the test's media port; nobody has that address.
var announced = netip.MustParseAddrPort("203.0.113.7:7000")

// certificate for 127.0.0.1: how a server shows it, and how a client trusts it.
func certificate(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	made, err := certtest.Make(time.Now().Add(time.Hour), "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	shown, err := tls.X509KeyPair(made.Cert, made.Key)
	if err != nil {
		t.Fatal(err)
	}
	client = made.Trust()
	client.ServerName = "127.0.0.1"
	return &tls.Config{Certificates: []tls.Certificate{shown}, NextProtos: []string{"h2", "http/1.1"}}, client
}

// site is a relay on one TLS port with pages, and a media port that answers
// each packet with itself in capitals.
type site struct {
	*Server
	addr   string
	client *tls.Config
	media  net.PacketConn
}

func newSite(t *testing.T) *site {
	t.Helper()
	t.Cleanup(func() { // the client's own timers outlive a connection that was cut
		goleak.VerifyNone(t, goleak.IgnoreAnyFunction("github.com/pion/turn/v5/internal/client.(*PeriodicTimer).Start.func1"))
	})
	media, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		buf := make([]byte, 2000)
		for {
			n, from, err := media.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = media.WriteTo(bytes.ToUpper(buf[:n]), from)
		}
	}()
	base, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, client := certificate(t)
	door := NewDoor(base, server)
	pages := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) })}
	serving := make(chan struct{})
	go func() { defer close(serving); _ = pages.Serve(door.Pages()) }()
	s, err := New(Config{Listener: door.Relay(), Media: plain(media.LocalAddr().(*net.UDPAddr).AddrPort()),
		Announced: []netip.AddrPort{announced}, URLs: []string{"turns:127.0.0.1:1?transport=tcp"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), door.Close(), pages.Close(), media.Close()); err != nil {
			t.Error(err)
		}
		<-serving
	})
	return &site{s, base.Addr().String(), client, media}
}

func (s *site) dial(t *testing.T, protocols ...string) *tls.Conn {
	t.Helper()
	config := s.client.Clone()
	config.NextProtos = protocols
	conn, err := tls.Dial("tcp4", s.addr, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // the server may have done it
	return conn
}

// allocate gives the relayed socket of a client with these credentials.
func (s *site) allocate(t *testing.T, c Credentials, protocols ...string) (net.PacketConn, *turn.Client, error) {
	t.Helper()
	client, err := turn.NewClient(&turn.ClientConfig{
		TURNServerAddr: s.addr, Conn: turn.NewSTUNConn(s.dial(t, protocols...)), Username: c.Username, Password: c.Password, Realm: realm,
		LoggerFactory: &logging.DefaultLoggerFactory{DefaultLogLevel: logging.LogLevelDisabled},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if err := client.Listen(); err != nil {
		t.Fatal(err)
	}
	conn, err := client.Allocate()
	if err == nil {
		t.Cleanup(func() { _ = conn.Close() }) // the server may have ended it
	}
	return conn, client, err
}

// echoed sends and says whether the media port's answer came.
func echoed(t *testing.T, conn net.PacketConn, to netip.AddrPort, wait time.Duration) bool {
	t.Helper()
	if _, err := conn.WriteTo([]byte("hello"), net.UDPAddrFromAddrPort(to)); err != nil {
		return false
	}
	if err := conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	n, from, err := conn.ReadFrom(buf)
	if err != nil {
		return false
	}
	if string(buf[:n]) != "HELLO" || from.String() != to.String() {
		t.Errorf("got %q from %v", buf[:n], from)
	}
	return true
}

// TestRelayed: whether a client says by ALPN that it wants TURN or not, it
// reaches the media port at its announced address, on the port of the pages.
func TestRelayed(t *testing.T) {
	s := newSite(t)
	for name, protocols := range map[string][]string{"without ALPN": nil, "with ALPN": {alpnTURN}} {
		conn, _, err := s.allocate(t, s.Credentials(name, time.Now()), protocols...)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !echoed(t, conn, announced, patience) {
			t.Errorf("%s: no answer", name)
		}
	}
	for _, protocols := range [][]string{{"h2", "http/1.1"}, {"http/1.1"}, nil} {
		config := s.client.Clone()
		transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: len(protocols) == 2}
		if protocols == nil {
			transport.DialTLSContext = func(ctx context.Context, _, _ string) (net.Conn, error) { // without ALPN
				return (&tls.Dialer{Config: config}).DialContext(ctx, "tcp4", s.addr)
			}
		}
		res, err := (&http.Client{Transport: transport}).Get("https://" + s.addr)
		if err != nil {
			t.Fatalf("%v: %v", protocols, err)
		}
		text, err := io.ReadAll(res.Body)
		want := "HTTP/1.1"
		if len(protocols) == 2 {
			want = "HTTP/2.0"
		}
		if err != nil || string(text) != want {
			t.Errorf("%v: %q, %v", protocols, text, err)
		}
		res.Body.Close()
		transport.CloseIdleConnections()
	}
}

// TestNowhereElse: neither another address nor another port of the media
// address can be reached.
func TestNowhereElse(t *testing.T) {
	s := newSite(t)
	other, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	conn, client, err := s.allocate(t, s.Credentials("seller", time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	if err := client.CreatePermission(other.LocalAddr()); err == nil {
		t.Error("a permission for another address was given")
	}
	port := netip.AddrPortFrom(announced.Addr(), uint16(other.LocalAddr().(*net.UDPAddr).Port))
	if echoed(t, conn, port, 200*time.Millisecond) {
		t.Error("another port answers")
	}
	// What was sent there went nowhere: the socket that listens at that port of
	// this machine has nothing, though a later packet to the media port is answered.
	if !echoed(t, conn, announced, patience) {
		t.Fatal("no answer")
	}
	if err := other.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, from, err := other.ReadFrom(make([]byte, 100)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d bytes from %v, %v", n, from, err)
	}
}

// TestCredentials: only those that were given, in their time, a few allocations each.
func TestCredentials(t *testing.T) {
	s := newSite(t)
	good := s.Credentials("room seller", time.Now())
	if strings.Contains(good.Username, "seller") || s.Credentials("room manager", time.Now()).Username == good.Username {
		t.Errorf("username %s", good.Username)
	}
	forged := good
	forged.Username = strings.Replace(good.Username, ":", "9:", 1) // longer than given
	for name, c := range map[string]Credentials{
		"none":     {Username: "x", Password: "y"},
		"forged":   forged,
		"expired":  s.Credentials("room seller", time.Now().Add(-Life-time.Minute)),
		"no time":  {Username: ":abc", Password: s.password(":abc")},
		"password": {Username: good.Username, Password: good.Password + "x"},
	} {
		if _, _, err := s.allocate(t, c); err == nil {
			t.Errorf("%s: allocated", name)
		}
	}
	for range maxOfOne {
		if _, _, err := s.allocate(t, good); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := s.allocate(t, good); err == nil {
		t.Error("one more than a participant may have")
	}
	if _, _, err := s.allocate(t, s.Credentials("room manager", time.Now())); err != nil {
		t.Errorf("another participant: %v", err)
	}
}

// TestRoomComesBack: an allocation whose connection ends is free again.
func TestRoomComesBack(t *testing.T) {
	s := newSite(t)
	c := s.Credentials("seller", time.Now())
	for range 3 * maxOfOne {
		conn := s.dial(t)
		client, err := turn.NewClient(&turn.ClientConfig{TURNServerAddr: s.addr, Conn: turn.NewSTUNConn(conn), Username: c.Username,
			Password: c.Password, Realm: realm, LoggerFactory: &logging.DefaultLoggerFactory{DefaultLogLevel: logging.LogLevelDisabled}})
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Listen(); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Allocate(); err != nil {
			t.Fatal(err)
		}
		_ = conn.Close() // cut, without a word
		for end := time.Now().Add(patience); s.Allocations() > 0; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("the allocation stays")
			}
		}
		client.Close()
	}
}

// TestStrangersAreCut: who speaks neither is thrown out, and so is a frame over the limit.
func TestStrangersAreCut(t *testing.T) {
	s := newSite(t)
	long := binary.BigEndian.AppendUint16([]byte{0x00, 0x03}, 60000)
	for name, says := range map[string]string{
		"nonsense": "\x00\x01\xff\xff\xff\xff", "a long message": string(long), "not a message": "\x00\x01\x00\x00" + strings.Repeat("\xff", 40),
	} {
		conn := s.dial(t, alpnTURN)
		if _, err := conn.Write([]byte(says)); err != nil {
			t.Fatal(err)
		}
		if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if n, err := conn.Read(make([]byte, 100)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: %d bytes, %v", name, n, err)
		}
	}
}

func FuzzReadFrame(f *testing.F) {
	f.Add([]byte{0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
	f.Add([]byte{0x40, 0, 0, 3, 1, 2, 3, 0})
	f.Add([]byte{0x40, 0, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := newReader(bytes.NewReader(stream))
		for b, read := make([]byte, maxFrame+1), 0; ; {
			n, err := readFrame(r, b)
			if err != nil {
				return
			}
			if n < 4 || n > maxFrame || !bytes.Equal(b[:n], stream[read:read+n]) {
				t.Fatalf("a frame of %d bytes at %d", n, read)
			}
			read += n
		}
	})
}
