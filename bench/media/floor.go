package main

import (
	"fmt"
	"net"
	"runtime"
	"syscall"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
	"golang.org/x/net/ipv4"
)

// floor is what one packet costs at least, with nothing around it.
type floor struct {
	Name string  `json:"name"`
	CPU  float64 `json:"cpu_us_per_packet"`
}

const (
	floorPackets = 32000
	floorBatch   = 32
	floorSize    = 1200
)

// measureFloor times the parts that no forwarder can leave out, in CPU time of
// this thread: to receive and to send on loopback, packet by packet and in
// batches, and to decrypt and encrypt.
func measureFloor() ([]floor, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var all []floor
	for _, part := range []struct {
		name string
		run  func() (time.Duration, error) // for floorPackets
	}{
		{"floor-syscalls", func() (time.Duration, error) { return floorSockets(1) }},
		{"floor-syscalls-batched", func() (time.Duration, error) { return floorSockets(floorBatch) }},
		{"floor-srtp-gcm", func() (time.Duration, error) { return floorSRTP(srtp.ProtectionProfileAeadAes128Gcm) }},
		{"floor-srtp-cm", func() (time.Duration, error) { return floorSRTP(srtp.ProtectionProfileAes128CmHmacSha1_80) }},
	} {
		took, err := part.run()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", part.name, err)
		}
		all = append(all, floor{part.name, round(float64(took.Nanoseconds()) / 1000 / floorPackets)})
	}
	return all, nil
}

// Whose time cpuTime is.
const thisProcess, thisThread = syscall.RUSAGE_SELF, 1 // the latter is RUSAGE_THREAD

// cpuTime that one has run, user and system.
func cpuTime(of int) time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(of, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// floorSockets sends to itself and receives, in batches.
func floorSockets(batch int) (time.Duration, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	p := ipv4.NewPacketConn(conn)
	out, in := make([]ipv4.Message, batch), make([]ipv4.Message, batch)
	for i := range batch {
		out[i] = ipv4.Message{Buffers: [][]byte{make([]byte, floorSize)}, Addr: conn.LocalAddr()}
		in[i] = ipv4.Message{Buffers: [][]byte{make([]byte, 2048)}}
	}
	before := cpuTime(thisThread)
	for done := 0; done < floorPackets; done += batch {
		for sent := 0; sent < batch; {
			n, err := p.WriteBatch(out[sent:], 0)
			if err != nil {
				return 0, err
			}
			sent += n
		}
		for got := 0; got < batch; {
			n, err := p.ReadBatch(in[got:], 0)
			if err != nil {
				return 0, err
			}
			got += n
		}
	}
	return cpuTime(thisThread) - before, nil
}

// floorSRTP decrypts a packet and encrypts it, as a forwarder has to.
func floorSRTP(profile srtp.ProtectionProfile) (time.Duration, error) {
	key, err := profile.KeyLen()
	if err != nil {
		return 0, err
	}
	salt, err := profile.SaltLen()
	if err != nil {
		return 0, err
	}
	var contexts [3]*srtp.Context // the publisher's, ours in, ours out
	for i := range contexts {
		if contexts[i], err = srtp.CreateContext(make([]byte, key), make([]byte, salt), profile); err != nil {
			return 0, err
		}
	}
	raw, err := (&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 96}, Payload: make([]byte, floorSize)}).Marshal()
	if err != nil {
		return 0, err
	}
	packets := make([][]byte, floorPackets)
	for i := range packets {
		raw[2], raw[3] = byte(i>>8), byte(i)
		if packets[i], err = contexts[0].EncryptRTP(nil, raw, nil); err != nil {
			return 0, err
		}
	}
	var plain, out []byte
	before := cpuTime(thisThread)
	for _, p := range packets {
		if plain, err = contexts[1].DecryptRTP(plain[:0], p, nil); err != nil {
			return 0, err
		}
		if out, err = contexts[2].EncryptRTP(out[:0], plain, nil); err != nil {
			return 0, err
		}
	}
	return cpuTime(thisThread) - before, nil
}
