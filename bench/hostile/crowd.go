package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"verifycall/bench/caller"
	"verifycall/bench/process"
)

// crowd is the calls, one participant more who is alone in his and is no
// friend, and a stranger's socket.
type crowd struct {
	callers  []*caller.Caller
	bad      *caller.Caller
	stranger *net.UDPConn
}

func newCrowd(ctx context.Context, target string, calls int) (*crowd, error) {
	c := &crowd{}
	for i := range 2*calls + 1 {
		one, err := join(ctx, target, i/2, i%2)
		if err != nil {
			c.close()
			return nil, fmt.Errorf("caller %d: %w", i, err)
		}
		if i == 2*calls {
			c.bad = one
			break
		}
		c.callers = append(c.callers, one)
		one.Send(float64(i) / float64(2*calls))
	}
	var err error
	if c.stranger, err = net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(c.bad.Server())); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *crowd) close() {
	for _, one := range c.callers {
		one.Close()
	}
	if c.bad != nil {
		c.bad.Close()
	}
	if c.stranger != nil {
		_ = c.stranger.Close()
	}
}

func join(ctx context.Context, target string, call, side int) (*caller.Caller, error) {
	one, err := caller.New()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if _, err := one.Join(ctx, signalTo(target, call, side)); err != nil {
		one.Close()
		return nil, err
	}
	return one, nil
}

// signalTo posts an offer to the server under test.
func signalTo(target string, call, side int) caller.Signal {
	return func(ctx context.Context, offer string) (string, error) {
		to := "http://" + target + "/join?" + url.Values{"call": {strconv.Itoa(call)}, "side": {strconv.Itoa(side)}}.Encode()
		return process.Exchange(ctx, http.MethodPost, to, "application/sdp", []byte(offer))
	}
}

// window is what happened in one.
type window struct {
	cpu                              float64 // µs of the server
	sent, forwarded, hostile, unread uint64
}

func (w window) loss() float64 {
	return round(100 * float64(w.sent-min(w.sent, w.forwarded)) / float64(w.sent))
}

// window measures the calls, with packets of a flood, or without (nil).
func (c *crowd) window(ctx context.Context, s *process.Server, set settings, packets []packet) (w window, err error) {
	sentBefore, receivedBefore := c.counts()
	unreadBefore, err := unread(c.bad.Server().Port())
	if err != nil {
		return w, err
	}
	cpuBefore, err := s.CPU()
	if err != nil {
		return w, err
	}
	for _, one := range c.callers {
		one.Measure(true)
	}
	w.hostile = c.flood(ctx, set, packets)
	for _, one := range c.callers {
		one.Measure(false)
	}
	cpuAfter, err := s.CPU()
	if err != nil {
		return w, err
	}
	sleep(ctx, time.Second/2) // what is still on its way
	sent, received := c.counts()
	unreadAfter, err := unread(c.bad.Server().Port())
	w.cpu = float64((cpuAfter - cpuBefore).Microseconds())
	w.sent, w.forwarded, w.unread = sent-sentBefore, received-receivedBefore, unreadAfter-unreadBefore
	return w, err
}

func (c *crowd) counts() (sent, received uint64) {
	for _, one := range c.callers {
		s, r, _ := one.Counts()
		sent, received = sent+s, received+r
	}
	return sent, received
}

// flood sends the packets at the rate, over the window, and says how many.
func (c *crowd) flood(ctx context.Context, set settings, packets []packet) (sent uint64) {
	begun := time.Now()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for time.Since(begun) < set.window && ctx.Err() == nil {
		<-tick.C
		due := min(len(packets), int(time.Since(begun).Seconds()*float64(set.rate)))
		for ; int(sent) < due; sent++ {
			if packets[sent].send(packets[sent].raw) != nil {
				return sent
			}
		}
	}
	return sent
}

// unread is how many datagrams the UDP sockets of a port dropped for want of
// room so far.
func unread(port uint16) (total uint64, err error) {
	var errs []error
	for _, name := range []string{"/proc/net/udp", "/proc/net/udp6"} {
		text, err := os.ReadFile(name)
		errs = append(errs, err)
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line)
			if len(fields) < 13 || !strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", port)) {
				continue
			}
			n, err := strconv.ParseUint(fields[len(fields)-1], 10, 64)
			errs = append(errs, err)
			total += n
		}
	}
	return total, errors.Join(errs...)
}
