package rooms

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// commandsOfModel are what the model test draws from: each state has some that are
// possible and some that are not.
var commandsOfModel = []Command{
	agree[0], agree[1], EnterWaiting{}, LeaveWaiting{}, Admit{}, Interrupt{Cause: "seller_lost"}, Resume{}, ShowStep{"FACE"},
	SendChat{Seller, "a line"}, WriteNote{"S_FRAUD", "a note"}, TakeCapture{capture}, DecideCompare{"face", DecisionSame, ""},
	EndCall{Cause: "hangup_seller"}, GiveVerdict{Verdict: VerdictFail, Reasons: []string{"P_OTHER"}}, Cancel{By: "seller"},
	GiveVerdict{Verdict: VerdictPass}, Seal{map[string]any{}},
}

// TestModel gives random commands to two stores on one Redis in turns, and to the
// pure state machine; the same are refused, and the room is the same.
func TestModel(t *testing.T) {
	server := startServer(t)
	one, two := openStore(t, Options{URL: server.URL()}), openStore(t, Options{URL: server.URL()})
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	one.now, two.now = func() time.Time { return at }, func() time.Time { return at }
	rapid.Check(t, func(rt *rapid.T) {
		stored, err := one.Create(t.Context(), "system", newRoom)
		if err != nil {
			rt.Fatal(err)
		}
		model := &Room{ID: stored.ID}
		pure := &Store{now: one.now}
		if _, err := pure.decided(model, "system", newRoom); err != nil {
			rt.Fatal(err)
		}
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			c := rapid.SampledFrom(commandsOfModel).Draw(rt, "command")
			s := one
			if rapid.Bool().Draw(rt, "second store") {
				s = two
			}
			next, err := model.clone()
			if err != nil {
				rt.Fatal(err)
			}
			_, wanted := pure.decided(next, "system", c)
			got, err := s.Do(t.Context(), stored.ID, "system", c)
			if (err == nil) != (wanted == nil) {
				rt.Fatalf("%T in %s: store says %v, model %v", c, model.State, err, wanted)
			}
			if err != nil {
				var illegal, same *TransitionError
				if errors.As(wanted, &illegal) != errors.As(err, &same) || illegal != nil && illegal.Error() != same.Error() {
					rt.Fatalf("%T: store says %v, model %v", c, err, wanted)
				}
				continue
			}
			model, stored = next, got
			if told, want := outline(stored), outline(model); told != want {
				rt.Fatalf("after %T the store has %s, the model %s", c, told, want)
			}
		}
		loaded, err := two.Load(t.Context(), stored.ID)
		if err != nil || outline(loaded) != outline(model) {
			rt.Fatalf("%v: loaded %s, model %s", err, outline(loaded), outline(model))
		}
	})
}

// outline is a room without what is drawn at random: salts, and the hashes that
// follow from them.
func outline(r *Room) string {
	return fmt.Sprint(r.State, r.Since, r.Cause, r.Step, r.Notices, r.Captures, len(r.Compares), len(r.Chat), len(r.Notes),
		r.Admitted, r.LiveSince, r.Ended, r.Verdict, r.Reasons, r.Sealed, r.Record.Seq, r.Custody.Seq)
}
