package calls_test

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"
	"github.com/pion/webrtc/v4/pkg/media/ivfreader"

	"verifycall/calls"
	"verifycall/calls/protocol"
)

// page plays a browser page: a connection to a call and a PeerConnection.
type page struct {
	t    *testing.T
	seat *calls.Seat
	role protocol.Role

	mu      sync.Mutex
	frames  [][]byte // every frame that the server sent, as on the wire
	state   *protocol.State
	replies map[string]chan protocol.ServerMessage
	closed  int // close code, 0 while open
	next    int
	last    protocol.ServerMessage // that was no state, no recorder and no reply
	light   *protocol.Recorder

	peer   *webrtc.PeerConnection
	heard  map[string]*atomic.Int64 // packets by kind
	missed atomic.Int64             // numbers that didn't come, of either kind
	ending context.CancelFunc
	done   sync.WaitGroup
}

// Send implements calls.Outbox.
func (p *page) Send(re string, m protocol.ServerMessage) bool {
	frame, err := protocol.Encode(re, m)
	if err != nil {
		p.t.Error(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frames = append(p.frames, frame)
	switch m := m.(type) {
	case *protocol.State:
		p.state = m
	case *protocol.Recorder:
		p.light = m
	case *protocol.Health:
	default:
		if re == "" {
			p.last = m
		}
	}
	if ch := p.replies[re]; ch != nil {
		ch <- m
		delete(p.replies, re)
	}
	return true
}

// Close implements calls.Outbox.
func (p *page) Close(code int, _ string) {
	p.mu.Lock()
	p.closed = code
	p.mu.Unlock()
	go p.seat.Leave()
}

func open(t *testing.T, h *calls.House, room string, role protocol.Role, browser, tab string) *page {
	t.Helper()
	p := &page{t: t, role: role, replies: map[string]chan protocol.ServerMessage{},
		heard: map[string]*atomic.Int64{"audio": {}, "video": {}}}
	subject, name := "seller", ""
	if role == protocol.RoleManager {
		subject, name = "jonas", "Jonas Weber"
	}
	seat, err := h.Join(t.Context(), calls.Join{Room: room, Role: role, Subject: subject, Name: name,
		Zone: "Europe/Berlin", Browser: browser, Tab: tab, Out: p})
	if err != nil {
		t.Fatal(err)
	}
	p.seat = seat
	t.Cleanup(p.hangUp)
	return p
}

// ask sends a message and gives its answer.
func (p *page) ask(m protocol.ClientMessage) protocol.ServerMessage {
	p.t.Helper()
	p.mu.Lock()
	p.next++
	id := string(p.role) + "-" + string(rune('a'+p.next))
	ch := make(chan protocol.ServerMessage, 1)
	p.replies[id] = ch
	p.mu.Unlock()
	p.seat.Post(id, m)
	select {
	case answer := <-ch:
		return answer
	case <-time.After(20 * time.Second):
		p.t.Fatalf("no answer to %T", m)
		return nil
	}
}

func (p *page) do(m protocol.ClientMessage) {
	p.t.Helper()
	if answer, bad := p.ask(m).(*protocol.Error); bad {
		p.t.Fatalf("%T: %s: %s", m, answer.Code, answer.Message)
	}
}

func (p *page) refused(m protocol.ClientMessage, code protocol.Code) {
	p.t.Helper()
	answer, bad := p.ask(m).(*protocol.Error)
	if !bad || answer.Code != code {
		p.t.Fatalf("%T: wanted %s, got %+v", m, code, answer)
	}
}

// pass gives the verdict once nothing locks it: in a call of seconds a frame
// that comes late takes the coverage below its floor again for a moment.
func (p *page) pass(line string) {
	p.t.Helper()
	wait(p.t, "a pass", func() bool {
		answer, bad := p.ask(&protocol.Verdict{Verdict: "pass", Line: line}).(*protocol.Error)
		if bad && (answer.Code != protocol.CodeLocked || !strings.Contains(answer.Message, "missing: coverage")) {
			p.t.Fatalf("%s: %s", answer.Code, answer.Message)
		}
		return !bad
	})
}

// until waits for a state of the page.
func (p *page) until(what string, is func(*protocol.State) bool) *protocol.State {
	p.t.Helper()
	var got *protocol.State
	if !comes(func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		got = p.state
		return got != nil && is(got)
	}) {
		last, _ := json.Marshal(got)
		p.t.Fatalf("waited in vain for %s: the last state is %s, the recorder's light %+v", what, last, p.light)
	}
	return got
}

func wait(t *testing.T, what string, is func() bool) {
	t.Helper()
	if !comes(is) {
		t.Fatalf("waited in vain for %s", what)
	}
}

// comes waits a minute for a state.
func comes(is func() bool) bool {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if is() {
			return true
		}
	}
	return false
}

// connect publishes the film and silence, and counts what comes back.
func (p *page) connect(film string) {
	p.t.Helper()
	p.drop()
	peer, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		p.t.Fatal(err)
	}
	p.peer = peer
	video := track(p.t, peer, webrtc.MimeTypeVP8, 90000)
	audio := track(p.t, peer, webrtc.MimeTypeOpus, 48000)
	peer.OnTrack(func(r *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for began, next := false, uint16(0); ; {
			pkt, _, err := r.ReadRTP()
			if err != nil {
				return
			}
			step := int16(pkt.SequenceNumber - next)
			switch {
			case !began || step >= 0:
				if began {
					p.missed.Add(int64(step))
				}
				began, next = true, pkt.SequenceNumber+1
			default: // it comes late
				p.missed.Add(-1)
			}
			p.heard[r.Kind().String()].Add(1)
		}
	})
	offer, err := peer.CreateOffer(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := peer.SetLocalDescription(offer); err != nil {
		p.t.Fatal(err)
	}
	answer, ok := p.ask(&protocol.Offer{SDP: offer.SDP}).(*protocol.Answer)
	if !ok {
		p.t.Fatal("no answer to the offer")
	}
	if err := peer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer.SDP}); err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.ending = cancel
	p.done.Go(func() { play(ctx, p.t, video, film) })
	p.done.Go(func() { hush(ctx, audio) })
}

func track(t *testing.T, peer *webrtc.PeerConnection, mime string, clock uint32) *webrtc.TrackLocalStaticSample {
	t.Helper()
	codec := webrtc.RTPCodecCapability{MimeType: mime, ClockRate: clock}
	if mime == webrtc.MimeTypeOpus {
		codec.Channels = 2
	}
	local, err := webrtc.NewTrackLocalStaticSample(codec, mime[:5], "stream")
	if err != nil {
		t.Fatal(err)
	}
	sender, err := peer.AddTrack(local)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		buf := make([]byte, 1500)
		for {
			if _, _, err := sender.Read(buf); err != nil {
				return
			}
		}
	}()
	return local
}

// play loops the film, which begins with a key frame.
func play(ctx context.Context, t *testing.T, to *webrtc.TrackLocalStaticSample, path string) {
	ticker := time.NewTicker(time.Second / 15)
	defer ticker.Stop()
	for {
		file, err := os.Open(path)
		if err != nil {
			t.Error(err)
			return
		}
		film, _, err := ivfreader.NewWith(file)
		if err != nil {
			t.Error(err)
			return
		}
		for n := 0; n < 10; n++ {
			frame, _, err := film.ParseNextFrame()
			if err == io.EOF {
				break
			}
			select {
			case <-ctx.Done():
				file.Close()
				return
			case <-ticker.C:
			}
			_ = to.WriteSample(media.Sample{Data: frame, Duration: time.Second / 15})
		}
		file.Close()
	}
}

// hush sends Opus silence, 20 ms a packet (RFC 6716 section 3.1, TOC 0xf8).
func hush(ctx context.Context, to *webrtc.TrackLocalStaticSample) {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			_ = to.WriteSample(media.Sample{Data: []byte{0xf8, 0xff, 0xfe}, Duration: 20 * time.Millisecond})
		}
	}
}

func (p *page) drop() {
	if p.peer == nil {
		return
	}
	p.ending()
	p.done.Wait()
	if err := p.peer.GracefulClose(); err != nil {
		p.t.Log(err)
	}
	p.peer = nil
}

func (p *page) hangUp() {
	p.drop()
	p.seat.Leave()
}

// sent gives every frame the page got, joined.
func (p *page) sent() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []byte
	for _, f := range p.frames {
		all = append(append(all, f...), '\n')
	}
	return all
}
