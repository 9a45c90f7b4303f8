package robot

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
)

// lowestPort that FreePorts gives: below are those of well-known services.
const lowestPort = 12000

// FreePorts finds n free ports, for TCP and UDP and on every address of the
// machine, as host:port of the loopback interface. They lie below those that the
// kernel gives to who asks for any, so that nobody's connection takes one between
// this look and the listening, or while a server that had it is down.
func FreePorts(n int) ([]string, error) {
	highest := firstEphemeral()
	found := make(map[int]bool)
	for tries := 0; len(found) < n && tries < 100*n; tries++ {
		if port := lowestPort + rand.IntN(highest-lowestPort); free(port) {
			found[port] = true
		}
	}
	if len(found) < n {
		return nil, errors.New("no free ports on the loopback interface")
	}
	all := make([]string, 0, n)
	for port := range found {
		all = append(all, fmt.Sprintf("127.0.0.1:%d", port))
	}
	return all, nil
}

// firstEphemeral is the lowest port that the kernel gives by itself.
func firstEphemeral() int {
	const usual = 32768
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return usual // not Linux
	}
	var first int
	if _, err := fmt.Sscan(string(text), &first); err != nil || first < lowestPort+1000 {
		return usual
	}
	return first
}

// free tells whether nobody listens on a port, on any address.
func free(port int) bool {
	addr := fmt.Sprintf(":%d", port)
	tcp, err := net.Listen("tcp", addr)
	if err != nil {
		return false
	}
	defer tcp.Close()
	udp, err := net.ListenPacket("udp", addr)
	if err != nil {
		return false
	}
	return udp.Close() == nil
}
