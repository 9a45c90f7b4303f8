//go:build fault

// Package network holds calls over the networks that people have: without UDP,
// with nothing but TLS on port 443, with an address that changes in the call,
// with a WebSocket that breaks.
package network

import (
	"archive/zip"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pion/transport/v5/stdnet"
	"github.com/pion/webrtc/v4"

	"verifycall/bench/robot"
	"verifycall/calls/protocol"
	"verifycall/test/certtest"
)

// trust is what the robots' HTTP trusts: the test's certificate. Pion's TURN
// client trusts what the system does, which is told by a variable.
var trust *tls.Config

var certFile, keyFile string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "network")
	if err == nil {
		err = makeCertificate(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

func makeCertificate(dir string) error {
	made, err := certtest.Make(time.Now().Add(time.Hour), serverIP)
	if err != nil {
		return err
	}
	certFile, keyFile, trust = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), made.Trust()
	return errors.Join(made.Write(certFile, keyFile), os.Setenv("SSL_CERT_FILE", certFile))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// site is a lab with the program running on the server, pages and relay on port
// 443, media on 7000.
type site struct {
	*lab
	*robot.Server
	t    *testing.T
	ctx  context.Context
	film *robot.Film
}

func newSite(t *testing.T, settings ...string) *site {
	t.Helper()
	l := newLab(t)
	program := filepath.Join(t.TempDir(), "verifycall")
	cmd := exec.Command("go", "build", "-o", program, "./cmd/verifycall")
	cmd.Dir = "../.."
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, text)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	film, err := robot.OpenFilm("../../bench/testdata/card.ivf")
	must(t, err)
	server, err := robot.Start(ctx, robot.Run{Program: program, Dir: t.TempDir(), URL: "https://" + serverIP,
		Listen: []string{serverIP + ":443", serverIP + ":7000", "127.0.0.1:9090"}, Within: l.server.within(), Place: l.manager.place(),
		Args: append(settings, "--tls-cert", certFile, "--tls-key", keyFile, "--public-url", "https://"+serverIP)})
	must(t, err)
	t.Cleanup(func() { server.Kill() })
	return &site{l, server, t, ctx, film}
}

// call holds a live call, with pictures at both sides.
func (s *site) call() *robot.Call { return s.callFrom(s.seller.place()) }

func (s *site) callFrom(seller robot.Place) *robot.Call {
	s.t.Helper()
	call, err := s.WaitFrom(s.ctx, seller, s.film)
	must(s.t, err)
	s.t.Cleanup(func() { _ = call.Close() }) // the server may have ended it
	must(s.t, call.Admit(s.ctx))
	s.pictures("the manager", call.M.FirstFrame())
	s.pictures("the seller", call.S.FirstFrame())
	return call
}

func (s *site) pictures(who string, first <-chan time.Time) time.Time {
	s.t.Helper()
	select {
	case at := <-first:
		return at
	case <-s.ctx.Done():
		s.t.Fatalf("%s has no picture", who)
		return time.Time{}
	}
}

func (s *site) wantPath(r *robot.Robot, protocol webrtc.ICEProtocol, candidate webrtc.ICECandidateType) {
	s.t.Helper()
	gotProtocol, gotCandidate, err := r.Path()
	if err != nil || gotProtocol != protocol || gotCandidate != candidate {
		s.t.Errorf("the media go by %v from a candidate %v, %v; wanted %v, %v", gotProtocol, gotCandidate, err, protocol, candidate)
	}
}

// recordings of the seller in the sealed record, after the call's end.
func (s *site) recordings(call *robot.Call) int {
	s.t.Helper()
	must(s.t, call.M.Do(s.ctx, &protocol.Verdict{Verdict: "abort", Reasons: []string{"P_AGENT_FAULT"}}))
	path := filepath.Join(s.t.TempDir(), "bundle.zip")
	for {
		body, err := s.Get(s.ctx, "/api/v1/rooms/"+call.Room.ID+"/bundle.zip")
		if err == nil {
			file, err := os.Create(path)
			must(s.t, err)
			_, err = io.Copy(file, body)
			must(s.t, err)
			body.Close()
			must(s.t, file.Close())
			break
		}
		if s.ctx.Err() != nil {
			s.t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond)
	}
	bundle, err := zip.OpenReader(path)
	must(s.t, err)
	defer bundle.Close()
	file, err := bundle.Open(call.Room.ID + "/data/room.json")
	must(s.t, err)
	var room struct {
		Recordings []struct {
			Participant string `json:"participant"`
		} `json:"recordings"`
	}
	must(s.t, json.NewDecoder(file).Decode(&room))
	n := 0
	for _, r := range room.Recordings {
		if r.Participant == "seller" {
			n++
		}
	}
	return n
}

// TestNoUDP: a seller whose network passes TCP alone reaches the media port so,
// without the relay. Pion connects by TCP from where its process is; so the
// robots are in a process of their own, this test once more.
func TestNoUDP(t *testing.T) {
	if where := os.Getenv(insideEnv); where != "" {
		callWithoutUDP(t, where)
		return
	}
	s := newSite(t, "--turn-listen", "none")
	s.seller.filter(t, "meta l4proto tcp accept")
	words := append(s.seller.within(), os.Args[0], "-test.run=^TestNoUDP$", "-test.v")
	cmd := exec.CommandContext(s.ctx, words[0], words[1:]...)
	cmd.Env = append(os.Environ(), insideEnv+"="+strings.Join([]string{s.Key, s.manager.name, certFile}, " "))
	text, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(text), "--- PASS: TestNoUDP") {
		t.Errorf("%v\n%s", err, text)
	}
}

// insideEnv tells the process in the seller's namespace the server's key, the
// manager's namespace and the certificate.
const insideEnv = "NETWORK_TEST_INSIDE"

func callWithoutUDP(t *testing.T, where string) {
	fields := strings.Fields(where)
	cert, err := os.ReadFile(fields[2])
	must(t, err)
	trust.RootCAs.AppendCertsFromPEM(cert)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	film, err := robot.OpenFilm("../../bench/testdata/card.ivf")
	must(t, err)
	manager := (&namespace{fields[1]}).place()
	s := &site{Server: &robot.Server{URL: "https://" + serverIP, Key: fields[0], Place: manager}, t: t, ctx: ctx, film: film}
	native, err := stdnet.NewNet()
	must(t, err)
	call := s.callFrom(robot.Place{Net: native, Dial: (&net.Dialer{}).DialContext, TLS: trust})
	s.wantPath(call.S, webrtc.ICEProtocolTCP, webrtc.ICECandidateTypeHost)
	s.wantPath(call.M, webrtc.ICEProtocolUDP, webrtc.ICECandidateTypeHost)
}

// TestOnlyTLS: a seller whose network passes TCP port 443 alone.
func TestOnlyTLS(t *testing.T) {
	s := newSite(t)
	s.seller.filter(t, "tcp dport 443 accept", "tcp sport 443 accept")
	call := s.call()
	s.wantPath(call.S, webrtc.ICEProtocolUDP, webrtc.ICECandidateTypeRelay)
}

// TestAddressChanges: the seller's machine gets another address in the call. It
// notices, comes back with its tab and restarts ICE; the same recording goes on.
func TestAddressChanges(t *testing.T) {
	s := newSite(t)
	call := s.call()
	select {
	case <-call.S.Lost():
		t.Fatal("lost before anything has happened")
	default:
	}
	changed := time.Now()
	s.seller.must(t, "ip addr flush dev eth0", "ip addr add "+sellerOtherIP+"/24 dev eth0", "ip route add default via 10.99.1.1")
	select {
	case <-call.S.Lost():
	case <-s.ctx.Done():
		t.Fatal("the seller's side doesn't notice")
	}
	noticed := time.Now()
	atManager, atSeller := call.M.Pictures(), call.S.Pictures()
	must(t, call.S.Reconnect(s.ctx))
	must(t, call.S.Restart(s.ctx))
	manager, seller := s.pictures("the manager", atManager), s.pictures("the seller", atSeller)
	t.Logf("noticed %v after the change; pictures at the manager %v and at the seller %v later", noticed.Sub(changed).Round(time.Millisecond),
		manager.Sub(noticed).Round(time.Millisecond), seller.Sub(noticed).Round(time.Millisecond))
	state, err := call.M.Wait(s.ctx, func(s *protocol.State) bool { return s.Peer != nil && s.Peer.Media })
	must(t, err)
	if state.Room.State != "live" {
		t.Errorf("the call is %s", state.Room.State)
	}
	if n := s.recordings(call); n != 1 {
		t.Errorf("%d recordings of the seller", n)
	}
}

// TestSocketBreaks: nothing of the seller's TCP passes any more, UDP does: the
// call and its recording go on, and the tab comes back to them.
func TestSocketBreaks(t *testing.T) {
	s := newSite(t)
	call := s.call()
	s.seller.filter(t, "meta l4proto udp accept", "tcp flags rst accept", "meta l4proto tcp reject with tcp reset")
	go func() { _ = call.S.Do(s.ctx, &protocol.Mute{Kind: "audio"}) }() // a write, so that the socket learns of it
	<-call.S.Ended()
	_, err := call.M.Wait(s.ctx, func(s *protocol.State) bool { return s.Peer != nil && !s.Peer.Connected })
	must(t, err)
	before := call.M.Packets()
	time.Sleep(8 * time.Second) // a loss of 5 s would interrupt the call
	if after := call.M.Packets(); after-before < 40 {
		t.Errorf("%d packets of video in 8 s", after-before)
	}
	s.seller.filter(t)
	must(t, call.S.Reconnect(s.ctx))
	state, err := call.S.Wait(s.ctx, func(s *protocol.State) bool { return s.You.Media })
	must(t, err)
	if state.Room.State != "live" {
		t.Errorf("the call is %s", state.Room.State)
	}
	if n := s.recordings(call); n != 1 {
		t.Errorf("%d recordings of the seller", n)
	}
}
