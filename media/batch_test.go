package media

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/ipv4"
)

func listenUDP(t *testing.T, network, addr string) *net.UDPConn {
	t.Helper()
	at, err := net.ResolveUDPAddr(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenUDP(network, at)
	if err != nil {
		t.Skipf("no %s here: %v", network, err)
	}
	_ = conn.SetReadBuffer(socketBuffer)
	return conn
}

func addrPort(t *testing.T, conn net.PacketConn) netip.AddrPort {
	t.Helper()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// oneByOne sends as few of a batch as it may.
type oneByOne struct{ batcher }

func (o oneByOne) WriteBatch(ms []ipv4.Message, flags int) (int, error) {
	return o.batcher.WriteBatch(ms[:1], flags)
}

// broken is a system without batches.
type broken struct{ tried atomic.Int32 }

func (b *broken) ReadBatch([]ipv4.Message, int) (int, error) { return b.fail() }

func (b *broken) WriteBatch([]ipv4.Message, int) (int, error) { return b.fail() }

func (b *broken) fail() (int, error) {
	b.tried.Add(1)
	return 0, errors.New("function not implemented")
}

// What several writers send at once arrives whole, each writer's in order,
// whether batches work, work in part, or don't.
func TestBatchConn(t *testing.T) {
	none := &broken{}
	tests := []struct {
		name string
		conn func(*net.UDPConn) *batchConn
	}{
		{"batches", newBatchConn},
		{"parts of batches", func(conn *net.UDPConn) *batchConn { return startBatchConn(conn, oneByOne{ipv4.NewPacketConn(conn)}) }},
		{"no batches", func(conn *net.UDPConn) *batchConn { return startBatchConn(conn, none) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			checkLeaks(t)
			from, to := test.conn(listenUDP(t, "udp4", "127.0.0.1:0")), test.conn(listenUDP(t, "udp4", "127.0.0.1:0"))
			target := addrPort(t, to)
			const writers, each = 4, 300
			var writing sync.WaitGroup
			for w := range writers {
				writing.Go(func() {
					for i := range each {
						packet := make([]byte, 100+i)
						binary.BigEndian.PutUint32(packet, uint32(w<<16|i))
						if n, err := from.WriteToAddrPort(packet, target); n != len(packet) || err != nil {
							t.Error(n, err)
						}
					}
				})
			}
			if err := to.SetReadDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			var next [writers]int
			buf := make([]byte, maxDatagram)
			for range writers * each {
				n, source, err := to.ReadFromAddrPort(buf)
				if err != nil {
					t.Fatal(err, next)
				}
				number := binary.BigEndian.Uint32(buf)
				w, i := number>>16, int(number&0xffff)
				if i != next[w] || n != 100+i || source != addrPort(t, from) {
					t.Fatalf("packet %d of writer %d after %d, %d bytes, from %v", i, w, next[w], n, source)
				}
				next[w]++
			}
			writing.Wait()
			for _, conn := range []*batchConn{from, to} {
				if err := conn.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	if n := none.tried.Load(); n == 0 || n > 8 {
		t.Errorf("what fails was tried %d times", n)
	}
}

// A socket for both address families reaches both, and net.PacketConn's
// methods are the same way.
func TestBatchConnBothFamilies(t *testing.T) {
	checkLeaks(t)
	both := newBatchConn(listenUDP(t, "udp", "[::]:0"))
	defer both.Close()
	port := addrPort(t, both).Port()
	for network, host := range map[string]string{"udp4": "127.0.0.1", "udp6": "::1"} {
		peer := listenUDP(t, network, net.JoinHostPort(host, "0"))
		defer peer.Close()
		to := netip.AddrPortFrom(netip.MustParseAddr(host), port)
		if _, err := peer.WriteToUDPAddrPort([]byte("there "+network), to); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 100)
		n, from, err := both.ReadFrom(buf)
		if err != nil || string(buf[:n]) != "there "+network {
			t.Fatal(string(buf[:n]), err)
		}
		if _, err := both.WriteTo([]byte("back"), from); err != nil {
			t.Fatal(err)
		}
		if n, err = peer.Read(buf); err != nil || string(buf[:n]) != "back" {
			t.Fatal(string(buf[:n]), err)
		}
	}
}

// Close sends what is queued, ends a read, and may be called again.
func TestBatchConnClose(t *testing.T) {
	checkLeaks(t)
	conn, peer := newBatchConn(listenUDP(t, "udp4", "127.0.0.1:0")), listenUDP(t, "udp4", "127.0.0.1:0")
	defer peer.Close()
	read := make(chan error)
	go func() {
		_, _, err := conn.ReadFromAddrPort(make([]byte, 100))
		read <- err
	}()
	if _, err := conn.WriteToAddrPort([]byte("last"), addrPort(t, peer)); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	if err := <-read; !errors.Is(err, net.ErrClosed) {
		t.Errorf("the read ended with %v", err)
	}
	_ = conn.Close()
	buf := make([]byte, 100)
	if n, err := peer.Read(buf); err != nil || string(buf[:n]) != "last" {
		t.Error(string(buf[:n]), err)
	}
}

// What a packet costs to queue and send, with the next one close behind.
func BenchmarkBatchConnWrite(b *testing.B) {
	at := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}
	peer, err := net.ListenUDP("udp4", at)
	if err != nil {
		b.Fatal(err)
	}
	defer peer.Close()
	socket, err := net.ListenUDP("udp4", at)
	if err != nil {
		b.Fatal(err)
	}
	conn := newBatchConn(socket)
	defer conn.Close()
	to := peer.LocalAddr().(*net.UDPAddr).AddrPort()
	packet := make([]byte, 1200)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := conn.WriteToAddrPort(packet, to); err != nil {
			b.Fatal(err)
		}
	}
}
