//go:build fault

package fault

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"verifycall/access"
	"verifycall/bench/robot"
	"verifycall/calls/protocol"
)

// TestRefusals does to the server what it must refuse, beside a live call that
// must go on untouched.
func TestRefusals(t *testing.T) {
	program := build(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	film, err := robot.OpenFilm("../../bench/testdata/card.ivf")
	must(t, err)
	dir := t.TempDir()
	server, err := robot.StartServer(ctx, program, dir)
	must(t, err)
	defer server.Kill()
	live, err := server.Wait(ctx, film)
	must(t, err)
	must(t, live.Admit(ctx))

	room, err := server.NewRoom(ctx)
	must(t, err)
	seller, err := server.SignIn(ctx, protocol.RoleSeller, room)
	must(t, err)

	t.Run("a seller may not send a manager's messages", func(t *testing.T) {
		r := connect(t, ctx, seller)
		for _, msg := range []protocol.ClientMessage{
			&protocol.Admit{}, &protocol.Step{Step: protocol.SlotFace}, &protocol.Capture{Slot: protocol.SlotFace},
			&protocol.Compare{Item: "face", Decision: "same"}, &protocol.Note{Text: "x"}, &protocol.Flag{Code: "S_FRAUD"},
			&protocol.Verdict{Verdict: "abort", Reasons: []string{"Q_BLUR"}}, &protocol.AllowDevice{Allow: true},
		} {
			refused(t, r.Do(ctx, msg), protocol.CodeForbidden)
		}
	})
	t.Run("an offer without VP8", func(t *testing.T) {
		r := connect(t, ctx, seller)
		must(t, r.Do(ctx, &protocol.Notice{Version: "2026-11", Language: "en", Agree: true}))
		offer, err := robot.SampleOffer()
		must(t, err)
		refused(t, r.Do(ctx, &protocol.Offer{SDP: strings.ReplaceAll(offer, "VP8/90000", "H264/90000")}), protocol.CodeNoVP8)
		refused(t, r.Do(ctx, &protocol.Offer{SDP: "v=0\r\nnonsense"}), protocol.CodeBadSDP)
	})
	t.Run("a malformed message", func(t *testing.T) {
		for _, frame := range []string{"{", `{"t":"nonsense","id":"1"}`, `{"t":"chat","id":"1","d":{"text":""}}`, `{"t":"chat","id":"1","d":{"text":"a","more":1}}`} {
			r := connect(t, ctx, seller)
			must(t, r.Raw(websocket.TextMessage, []byte(frame)))
			refused(t, r.Refusal(ctx), protocol.CodeMalformed)
		}
	})
	t.Run("an oversized message", func(t *testing.T) {
		r := connect(t, ctx, seller)
		must(t, r.Raw(websocket.TextMessage, []byte(strings.Repeat("x", protocol.MaxFrame+1))))
		closedWith(t, r, websocket.CloseMessageTooBig)
	})
	t.Run("too many messages", func(t *testing.T) {
		r := connect(t, ctx, seller)
		for range 120 {
			if r.Raw(websocket.TextMessage, []byte(`{"t":"mute","d":{"kind":"audio","off":true}}`)) != nil {
				break // it is closed already
			}
		}
		refused(t, r.Refusal(ctx), protocol.CodeTooMany)
		closedWith(t, r, websocket.ClosePolicyViolation)
	})
	t.Run("someone else's room", func(t *testing.T) {
		other := live.Manager.In(room)
		_, err := other.Connect(ctx, film)
		refused(t, err, protocol.CodeNotFound, protocol.CodeForbidden)
	})
	t.Run("no session", func(t *testing.T) {
		_, err := server.Stranger(protocol.RoleSeller).Connect(ctx, film)
		refused(t, err, protocol.CodeUnauthorized)
	})

	capture(t, ctx, live.M, protocol.SlotFace)
	state, err := live.M.Wait(ctx, func(s *protocol.State) bool { return len(s.Staff.Captures) == 1 })
	must(t, err)
	if state.Room.State != "live" || !state.Peer.Media {
		t.Errorf("the live call was touched: %+v", state.Room)
	}
	_ = live.Close()
	if code := server.Stop(); code != 0 {
		t.Errorf("ended with %d:\n%s", code, server.Log())
	}
	text, err := exec.Command(program, "access", "list", "--data", filepath.Join(dir, "data"), "--keys", filepath.Join(dir, "keys")).CombinedOutput()
	if line := string(access.Say("verdict")); err != nil || !strings.Contains(string(text), line) {
		t.Errorf("the access ledger has no refused %s (%v):\n%s", line, err, text)
	}
}

func connect(t *testing.T, ctx context.Context, s *robot.Session) *robot.Robot {
	t.Helper()
	r, err := s.Connect(ctx, nil)
	must(t, err)
	t.Cleanup(func() { _ = r.Close() }) // the server may have closed it first
	_, err = r.Wait(ctx, func(*protocol.State) bool { return true })
	must(t, err)
	return r
}

// refused wants an error with one of the codes and words for a person.
func refused(t *testing.T, err error, codes ...protocol.Code) {
	t.Helper()
	var fault *protocol.Fault
	if !errors.As(err, &fault) {
		t.Errorf("got %v, want code %v", err, codes)
		return
	}
	for _, code := range codes {
		if fault.Code == code {
			if len(fault.Message) < 10 || strings.Contains(fault.Message, "\n") {
				t.Errorf("%s: no words for a person: %q", code, fault.Message)
			}
			return
		}
	}
	t.Errorf("got %v, want code %v", err, codes)
}

func closedWith(t *testing.T, r *robot.Robot, code int) {
	t.Helper()
	select {
	case <-r.Ended():
	case <-time.After(10 * time.Second):
		t.Error("the connection was not closed")
		return
	}
	var closed *websocket.CloseError
	if !errors.As(r.Cause(), &closed) || closed.Code != code {
		t.Errorf("closed by %v, want code %d", r.Cause(), code)
	}
}
