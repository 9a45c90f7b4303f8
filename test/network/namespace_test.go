//go:build fault

package network

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/pion/transport/v5"
	"github.com/pion/transport/v5/stdnet"
	"golang.org/x/sys/unix"

	"verifycall/bench/robot"
)

// The server's address, and the links of the two participants.
const (
	serverIP      = "10.99.0.1"
	sellerIP      = "10.99.1.2"
	sellerOtherIP = "10.99.1.3"
	managerIP     = "10.99.2.2"
)

// lab is three machines: the server between seller and manager, each a network
// namespace of its own.
type lab struct{ server, seller, manager *namespace }

// newLab makes them, or skips the test where that isn't permitted.
func newLab(t *testing.T) *lab {
	t.Helper()
	for _, tool := range []string{"ip", "nft"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("NOT CHECKED: no %s on this machine", tool)
		}
	}
	l := &lab{newNamespace(t, "srv"), newNamespace(t, "sel"), newNamespace(t, "man")}
	l.link(t, l.seller, "10.99.1", sellerIP)
	l.server.must(t, "ip addr add "+serverIP+"/32 dev sel") // of a link: one of lo isn't announced for TCP
	l.link(t, l.manager, "10.99.2", managerIP)
	return l
}

// link joins a participant to the server.
func (l *lab) link(t *testing.T, n *namespace, net, ip string) {
	t.Helper()
	up := n.name[len(n.name)-3:]
	l.server.must(t, fmt.Sprintf("ip link add %s type veth peer name eth0 netns %s", up, n.name))
	l.server.must(t, fmt.Sprintf("ip addr add %s.1/24 dev %s", net, up), "ip link set "+up+" up")
	n.must(t, fmt.Sprintf("ip addr add %s/24 dev eth0", ip), "ip link set eth0 up", "ip route add default via "+net+".1")
}

// namespace is one machine.
type namespace struct{ name string }

func newNamespace(t *testing.T, role string) *namespace {
	t.Helper()
	n := &namespace{fmt.Sprintf("net-vc%d-%s", os.Getpid(), role)}
	if text, err := exec.Command("ip", "netns", "add", n.name).CombinedOutput(); err != nil {
		t.Skipf("NOT CHECKED: network namespaces aren't permitted here: %v %s", err, text)
	}
	t.Cleanup(func() {
		if text, err := exec.Command("ip", "netns", "del", n.name).CombinedOutput(); err != nil {
			t.Errorf("%s stays: %v %s", n.name, err, text)
		}
	})
	n.must(t, "ip link set lo up")
	return n
}

// within is the command that runs others in n.
func (n *namespace) within() []string { return []string{"ip", "netns", "exec", n.name} }

// must runs commands in n.
func (n *namespace) must(t *testing.T, commands ...string) {
	t.Helper()
	for _, command := range commands {
		words := append(n.within(), strings.Fields(command)...)
		if text, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command, err, text)
		}
	}
}

// filter drops what leaves or enters n, but what the rules accept. It replaces
// the one before; no rules at all lets everything pass.
func (n *namespace) filter(t *testing.T, rules ...string) {
	t.Helper()
	text := "table inet f\ndelete table inet f\n"
	if len(rules) > 0 {
		text += "table inet f {\n"
		for _, hook := range []string{"input", "output"} {
			text += fmt.Sprintf("chain %s { type filter hook %s priority 0; policy drop;\niif lo accept\noif lo accept\n%s\n}\n",
				hook, hook, strings.Join(rules, "\n"))
		}
		text += "}\n"
	}
	words := append(n.within(), "nft", "-f", "-")
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("nft: %v\n%s", err, out)
	}
}

// do runs f on a thread that is in n. A socket stays where it was opened.
func (n *namespace) do(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with its goroutine
		file, err := os.Open("/run/netns/" + n.name)
		if err == nil {
			defer file.Close()
			err = unix.Setns(int(file.Fd()), unix.CLONE_NEWNET)
		}
		if err == nil {
			err = f()
		}
		done <- err
	}()
	return <-done
}

// place is where robots in n are.
func (n *namespace) place() robot.Place {
	return robot.Place{Net: &inside{Net: &stdnet.Net{}, n: n}, TLS: trust, Dial: func(ctx context.Context, network, address string) (conn net.Conn, err error) {
		err = n.do(func() error {
			conn, err = (&net.Dialer{}).DialContext(ctx, network, address)
			return err
		})
		return conn, err
	}}
}

// inside is a transport.Net whose sockets and interfaces are a namespace's.
type inside struct {
	*stdnet.Net
	n *namespace
}

func (i *inside) Interfaces() (all []*transport.Interface, err error) {
	err = i.n.do(func() error {
		now, err := stdnet.NewNet()
		if err == nil {
			all, err = now.Interfaces()
		}
		return err
	})
	return all, err
}

func (i *inside) ListenPacket(network, address string) (conn net.PacketConn, err error) {
	err = i.n.do(func() error { conn, err = i.Net.ListenPacket(network, address); return err })
	return conn, err
}

func (i *inside) ListenUDP(network string, local *net.UDPAddr) (conn transport.UDPConn, err error) {
	err = i.n.do(func() error { conn, err = i.Net.ListenUDP(network, local); return err })
	return conn, err
}

func (i *inside) ListenTCP(network string, local *net.TCPAddr) (l transport.TCPListener, err error) {
	err = i.n.do(func() error { l, err = i.Net.ListenTCP(network, local); return err })
	return l, err
}

func (i *inside) Dial(network, address string) (conn net.Conn, err error) {
	err = i.n.do(func() error { conn, err = i.Net.Dial(network, address); return err })
	return conn, err
}

func (i *inside) DialUDP(network string, local, remote *net.UDPAddr) (conn transport.UDPConn, err error) {
	err = i.n.do(func() error { conn, err = i.Net.DialUDP(network, local, remote); return err })
	return conn, err
}

func (i *inside) DialTCP(network string, local, remote *net.TCPAddr) (conn transport.TCPConn, err error) {
	err = i.n.do(func() error { conn, err = i.Net.DialTCP(network, local, remote); return err })
	return conn, err
}

func (i *inside) CreateDialer(d *net.Dialer) transport.Dialer { return insideDialer{d, i.n} }

type insideDialer struct {
	d *net.Dialer
	n *namespace
}

func (d insideDialer) Dial(network, address string) (conn net.Conn, err error) {
	err = d.n.do(func() error { conn, err = d.d.Dial(network, address); return err })
	return conn, err
}
