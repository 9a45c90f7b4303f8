package rooms

import (
	"errors"
	"testing"
	"time"

	"verifycall/rooms/db"
	"verifycall/rooms/redistest"
)

// twoNodes gives two stores on one Redis. The first is the node n1's, which holds a
// live room and has been without Redis for longer than a lease lasts; each line of a
// seller is kept there.
func twoNodes(t *testing.T, lines ...string) (owner, other *Store, last *Room) {
	t.Helper()
	o := Options{URL: redistest.Serve(t).URL(), Kept: t.TempDir(), Signer: newTestSigner(t), Mirror: &memory{parts: map[string][]byte{}}}
	owner = openStore(t, o)
	o.Kept = t.TempDir()
	other = openStore(t, o)
	last = create(t, owner, nil)
	last = do(t, owner, last.ID, append(agree[:2:2], EnterWaiting{}, Admit{})...)
	if _, err := owner.TakeLease(t.Context(), last.ID, "n1", true); err != nil {
		t.Fatal(err)
	}
	if _, err := owner.KeepLeases(t.Context(), "n1", []string{last.ID}); err != nil {
		t.Fatal(err)
	}
	owner.cutOff(t, last, lines...)
	if err := other.db.Client.Del(t.Context(), db.Prefix+"lease:"+last.ID).Err(); err != nil { // it has lapsed
		t.Fatal(err)
	}
	return owner, other, last
}

// TestNoMailOvertakesWhatAnotherNodeKeeps has a mail sent at the moment Redis is
// back: its link waits until the node that has the room is through, and then works.
func TestNoMailOvertakesWhatAnotherNodeKeeps(t *testing.T) {
	owner, other, r := twoNodes(t, "kept one", "kept two")
	if _, err := other.MailLink(t.Context(), r.ID); !errors.Is(err, ErrElsewhere) {
		t.Fatalf("before the room's node is back: %v", err)
	}
	owner.cut(t, false)
	owner.awaitStored(t, r.ID)
	if _, err := owner.KeepLeases(t.Context(), "n1", []string{r.ID}); err != nil {
		t.Fatal(err)
	}
	if _, err := other.MailLink(t.Context(), r.ID); !errors.Is(err, ErrElsewhere) {
		t.Errorf("while another node holds it: %v", err)
	}
	if got, err := other.Load(t.Context(), r.ID); err != nil || got.Late != 0 || len(got.Chat) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	lease, err := owner.LeaseOf(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.LeaveLease(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	token, err := other.MailLink(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	if opened, err := owner.RoomByLink(t.Context(), token); err != nil || opened.ID != r.ID {
		t.Errorf("the link: %v", err)
	}
}

// TestOwnersMailNeedsNoWaiting has the node that holds a room send its mail.
func TestOwnersMailNeedsNoWaiting(t *testing.T) {
	owner, _, r := twoNodes(t)
	owner.cut(t, false)
	if token, err := owner.MailLink(t.Context(), r.ID); err != nil || token == "" {
		t.Errorf("%q, %v", token, err)
	}
}

// TestNoDeadlineOvertakesWhatAnotherNodeKeeps ends a grace within which both came
// back, as only the room's node knows; what it never brings about any node does.
func TestNoDeadlineOvertakesWhatAnotherNodeKeeps(t *testing.T) {
	owner, other, r := twoNodes(t)
	owner.cut(t, false)
	r, err := owner.DoLive(t.Context(), r, "system", Interrupt{Cause: "seller_lost", Grace: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	owner.cut(t, true)
	if r, err = owner.DoLive(t.Context(), r, "system", Resume{}); err != nil {
		t.Fatal(err)
	}
	at(other, r.GraceEnds.Add(graceSlack+time.Second))
	fire := func(want string) {
		t.Helper()
		if _, err := other.FireDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, err := other.Load(t.Context(), r.ID); err != nil || got.State != want || got.Late != 0 {
			t.Fatalf("%s with %d late entries, not %s: %v", got.State, got.Late, want, err)
		}
	}
	fire(StateInterrupted)
	owner.cut(t, false)
	owner.awaitStored(t, r.ID)
	fire(StateLive)
	if r, err = owner.DoLive(t.Context(), r, "system", Interrupt{Cause: "seller_lost", Grace: time.Minute}); err != nil {
		t.Fatal(err)
	}
	at(other, r.GraceEnds.Add(graceSlack+yieldTime+time.Second))
	if _, err := other.FireDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := other.Load(t.Context(), r.ID); err != nil || got.State == StateInterrupted {
		t.Errorf("nobody ends the grace: %v", err)
	}
}
