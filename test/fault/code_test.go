//go:build fault

package fault

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"verifycall/bench/robot"
	"verifycall/calls/protocol"
	"verifycall/recorder/evidence"
	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
	"verifycall/rooms/outbox"
)

// mailedCode gives the six digits that were mailed to a room's seller, as who has
// the deployment's keys can read them.
func (c *cluster) mailedCode(t *testing.T, ctx context.Context, room string) string {
	t.Helper()
	signer, err := evidence.LoadOrCreateKeys(filepath.Join(c.dir, "keys"))
	must(t, err)
	files, err := objects.OpenFS(filepath.Join(c.dir, "store"))
	must(t, err)
	defer files.Close()
	keys, err := vault.Open(files, filepath.Join(c.dir, "keys"))
	must(t, err)
	store, err := rooms.Open(ctx, rooms.Options{URL: c.redis.URL, Signer: signer, Keys: keys})
	must(t, err)
	defer store.Close()
	for {
		mails, err := store.Outbox.Of(ctx, room)
		must(t, err)
		for field := range mails { // the mailer has taken it up
			_, kind, _ := strings.Cut(field, ".")
			code, is, err := store.MailedCode(ctx, outbox.Mail{Room: room, Kind: kind})
			must(t, err)
			if is {
				return code
			}
		}
		select {
		case <-ctx.Done():
			t.Fatal("no code was mailed")
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// guess enters a code that is another one.
func guess(t *testing.T, ctx context.Context, seller *robot.Robot, code string, left int) {
	t.Helper()
	other := "000000"
	if code == other {
		other = "000001"
	}
	var fault *protocol.Fault
	if err := seller.Do(ctx, &protocol.CheckCode{Code: other}); !errors.As(err, &fault) || fault.Code != protocol.CodeCodeWrong {
		t.Fatalf("another code: %v", err)
	}
	_, err := seller.Wait(ctx, func(s *protocol.State) bool { return s.Code != nil && s.Code.Left == left && !s.Code.Done })
	must(t, err)
}

// codeSent has a code mailed on the node that is lost later, and one guess made.
func (c *cluster) codeSent(t *testing.T, ctx context.Context, call *robot.Call) string {
	t.Helper()
	must(t, call.M.Do(ctx, &protocol.SendCode{}))
	code := c.mailedCode(t, ctx, call.Room.ID)
	guess(t, ctx, call.S, code, rooms.CodeTries-1)
	return code
}

// codeEntered has the code of the lost node entered on another one, where the guess
// before counts too.
func codeEntered(t *testing.T, ctx context.Context, call *robot.Call, code string) {
	t.Helper()
	guess(t, ctx, call.S, code, rooms.CodeTries-2)
	must(t, call.S.Do(ctx, &protocol.CheckCode{Code: code}))
	_, err := call.M.Wait(ctx, func(s *protocol.State) bool { return s.Code != nil && s.Code.Done })
	must(t, err)
	var fault *protocol.Fault
	if err := call.S.Do(ctx, &protocol.CheckCode{Code: code}); !errors.As(err, &fault) || fault.Code != protocol.CodeWrongState {
		t.Errorf("the code once more: %v", err)
	}
}
