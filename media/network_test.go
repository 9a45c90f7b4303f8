package media

import (
	"encoding/binary"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/transport/v5/vnet"
)

const serverIP, serverPort = "10.0.0.1", ":7000"

// conditions of a network.
type conditions struct {
	loss    int           // percent of the packets, each way
	reorder int           // percent of those to the server, overtaken by the next one
	delay   time.Duration // one way
}

// lab is a network in memory with the server at serverIP.
type lab struct {
	t       *testing.T
	router  *vnet.Router
	server  *unruly
	dropped atomic.Int64

	mu    sync.Mutex                         // guards what follows
	flows map[uint32]*flow                   // RTP, by SSRC
	lose  func(ssrc uint32, seq uint16) bool // loses RTP packets beside the conditions
}

// flow counts the packets of one SSRC.
type flow struct{ sent, lost int }

func newLab(t *testing.T, c conditions) *lab {
	t.Helper()
	router, err := vnet.NewRouter(&vnet.RouterConfig{
		CIDR: "10.0.0.0/24", MinDelay: c.delay, LoggerFactory: logging.NewDefaultLoggerFactory()})
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, router: router, flows: map[uint32]*flow{}, lose: func(uint32, uint16) bool { return false }}
	dice := rand.New(rand.NewPCG(1, 2)) // used under the router's lock only
	router.AddChunkFilter(func(chunk vnet.Chunk) bool {
		lost := dice.IntN(100) < c.loss
		if l.count(chunk.UserData(), lost) {
			l.dropped.Add(1)
			return false
		}
		return true
	})
	l.server = &unruly{Net: l.host(serverIP), percent: c.reorder}
	return l
}

// count counts a packet of RTP and says whether it is lost.
func (l *lab) count(raw []byte, lost bool) bool {
	if len(raw) < 12 || raw[0]>>6 != 2 || raw[1]&0x7f >= 64 && raw[1]&0x7f < 96 { // RFC 5761 section 4
		return lost
	}
	ssrc := binary.BigEndian.Uint32(raw[8:])
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.flows[ssrc]
	if f == nil {
		f = &flow{}
		l.flows[ssrc] = f
	}
	lost = lost || l.lose(ssrc, binary.BigEndian.Uint16(raw[2:]))
	f.sent++
	if lost {
		f.lost++
	}
	return lost
}

// setLose says which RTP packets are lost beside the conditions.
func (l *lab) setLose(lose func(ssrc uint32, seq uint16) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lose = lose
}

// flow of an SSRC so far.
func (l *lab) flow(ssrc uint32) flow {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f := l.flows[ssrc]; f != nil {
		return *f
	}
	return flow{}
}

// start lets packets flow, when all hosts are there.
func (l *lab) start() {
	l.t.Helper()
	if err := l.router.Start(); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() {
		if err := l.router.Stop(); err != nil {
			l.t.Error(err)
		}
	})
}

func (l *lab) host(ip string) *vnet.Net {
	l.t.Helper()
	host, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{ip}})
	if err != nil {
		l.t.Fatal(err)
	}
	if err := l.router.AddNet(host); err != nil {
		l.t.Fatal(err)
	}
	return host
}

// unruly is a host whose packets arrive out of order.
type unruly struct {
	*vnet.Net
	percent   int
	reordered atomic.Int64

	doubled      int // percent of the packets that arrive twice
	doubledSoFar atomic.Int64
}

func (u *unruly) ListenPacket(network, address string) (net.PacketConn, error) {
	conn, err := u.Net.ListenPacket(network, address)
	if err != nil {
		return nil, err
	}
	return &unrulyConn{PacketConn: conn, host: u, dice: rand.New(rand.NewPCG(3, 4))}, nil
}

// unrulyConn holds a packet back until the next one has been read.
type unrulyConn struct {
	net.PacketConn
	host *unruly
	dice *rand.Rand

	mu   sync.Mutex // guards held; reads come from one goroutine, the mux's
	held []byte
	from net.Addr
	due  bool
}

func (c *unrulyConn) ReadFrom(buf []byte) (int, net.Addr, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.due {
		n, from := copy(buf, c.held), c.from
		c.held, c.due = nil, false
		return n, from, nil
	}
	n, from, err := c.PacketConn.ReadFrom(buf)
	if err == nil && c.held == nil && c.dice.IntN(100) < c.host.percent {
		c.held, c.from = append([]byte{}, buf[:n]...), from
		c.host.reordered.Add(1)
		n, from, err = c.PacketConn.ReadFrom(buf)
	}
	c.due = c.held != nil
	if err == nil && c.held == nil && c.dice.IntN(100) < c.host.doubled {
		c.held, c.from, c.due = append([]byte{}, buf[:n]...), from, true
		c.host.doubledSoFar.Add(1)
	}
	return n, from, err
}
