package rooms

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"verifycall/rooms/form"
	"verifycall/rooms/redistest"

	"pgregory.net/rapid"
)

// commandsOfModel are what the model test draws from: each state has some that are
// possible and some that are not.
var commandsOfModel = []Command{
	agree[0], agree[1], draw, EnterWaiting{}, LeaveWaiting{}, Admit{}, Interrupt{Cause: "seller_lost"}, Resume{}, ShowStep{"FACE"},
	SendChat{Seller, "a line"}, WriteNote{"S_FRAUD", "a note"}, TakeCapture{capture}, DecideCompare{"face", DecisionSame, ""},
	EndCall{Cause: "hangup_seller"}, GiveVerdict{Verdict: VerdictFail, Reasons: []string{"P_OTHER"}}, Cancel{By: "seller"},
	GiveVerdict{Verdict: VerdictPass}, Seal{map[string]any{}},
}

// begun are where the model test begins: by chance alone a room seldom gets far.
var begun = func() (list [][]Command) {
	live := []Command{agree[0], agree[1], draw, EnterWaiting{}, Admit{}}
	for n := range len(live) + 1 {
		list = append(list, live[:n:n])
	}
	tried := slices.Clip(live)
	for range triesOfModel {
		tried = append(tried, TakeCapture{capture})
	}
	ended := append(slices.Clip(live), Interrupt{Cause: "seller_lost"}, EndCall{Cause: "hangup_seller"})
	decided := append(slices.Clip(ended), GiveVerdict{Verdict: VerdictFail, Reasons: []string{"P_OTHER"}})
	return append(list, tried, append(slices.Clip(live), Interrupt{Cause: "seller_lost"}), ended, decided, append(slices.Clip(decided), Seal{map[string]any{}}))
}()

// next draws the n-th command: of the beginning, then any, every other one of those
// that are possible.
func (e expected) next(rt *rapid.T, begin []Command, n int) Command {
	if n < len(begin) {
		return begin[n]
	}
	list := commandsOfModel
	if rapid.Bool().Draw(rt, "possible") {
		list = slices.DeleteFunc(slices.Clone(list), func(c Command) bool { _, possible := e.after(c); return !possible })
	}
	if len(list) == 0 {
		list = commandsOfModel
	}
	return rapid.SampledFrom(list).Draw(rt, "command")
}

// expected is what this test, and nothing of the program, says of a room: without
// it a fault of the state machine would be one of the model too.
type expected struct {
	state                        string
	seller, manager              bool // have agreed
	drawn, sealed                bool
	chats, notes, stills, looked int
}

// leads is the state that a command leads to from each state where it is possible.
func leads(c Command) map[string]string {
	call := []string{StateLive, StateInterrupted}
	switch c := c.(type) {
	case GiveNotice:
		return stay(StateBooked, StateWaiting, StateLive, StateInterrupted)
	case DrawPlan:
		return stay(StateInvited, StateBooked, StateWaiting, StateLive, StateInterrupted)
	case EnterWaiting:
		return to(StateWaiting, StateBooked, StateWaiting)
	case LeaveWaiting:
		return to(StateBooked, StateBooked, StateWaiting)
	case Admit:
		return to(StateLive, StateWaiting)
	case Interrupt:
		return to(StateInterrupted, StateLive)
	case Resume:
		return to(StateLive, StateInterrupted)
	case ShowStep, TakeCapture:
		return stay(call...)
	case SendChat:
		return stay(StateWaiting, StateLive, StateInterrupted)
	case WriteNote:
		return stay(StateBooked, StateWaiting, StateLive, StateInterrupted, StateEnded, StateDecided)
	case DecideCompare:
		return stay(StateLive, StateInterrupted, StateEnded)
	case EndCall:
		return to(StateEnded, call...)
	case GiveVerdict:
		if c.Verdict == VerdictPass { // the plan is never done here
			return nil
		}
		return to(StateDecided, StateEnded)
	case Cancel:
		return to(StateCancelled, StateBooked, StateWaiting, StateCancelled)
	case Seal:
		return stay(StateDecided)
	}
	panic(form.NameOf(c) + " is not in the model")
}

// after gives what a command makes of a room, possible false where it is refused.
func (e expected) after(c Command) (next expected, possible bool) {
	state, possible := leads(c)[e.state]
	next = e
	next.state = state
	switch c := c.(type) {
	case GiveNotice:
		next.seller, next.manager = e.seller || c.Who == Seller, e.manager || c.Who == Manager
	case DrawPlan:
		next.drawn = true
	case EnterWaiting:
		possible = possible && (e.seller || e.state == StateWaiting)
	case Admit:
		possible = possible && e.seller && e.manager
	case ShowStep:
		possible = possible && e.drawn
	case SendChat:
		next.chats++
	case WriteNote:
		possible = possible && !e.sealed
		next.notes++
	case TakeCapture:
		possible = possible && (!e.drawn || e.stills < triesOfModel)
		next.stills++
	case DecideCompare:
		next.looked = 1
	case Seal:
		next.sealed = true
	}
	if !possible {
		return e, false
	}
	return next, true
}

// triesOfModel is how often the profile lets a slot be captured.
const triesOfModel = 12

// is says whether a room is as expected.
func (e expected) is(r *Room) bool {
	return e == expected{r.State, r.Agreed(Seller), r.Agreed(Manager), len(r.Steps) > 0, r.Sealed,
		len(r.Chat), len(r.Notes), len(r.Captures), len(r.Compares)}
}

// TestModel gives random commands to two stores on one Redis in turns, to the pure
// state machine, and to what is expected of it; the same are refused, and the room
// is the same.
func TestModel(t *testing.T) {
	server := redistest.Serve(t)
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
		want := expected{state: StateBooked}
		begin := rapid.SampledFrom(begun).Draw(rt, "begin")
		for n := range len(begin) + rapid.IntRange(1, 15).Draw(rt, "steps") {
			c := want.next(rt, begin, n)
			s := one
			if rapid.Bool().Draw(rt, "second store") {
				s = two
			}
			next, err := model.clone()
			if err != nil {
				rt.Fatal(err)
			}
			_, wanted := pure.decided(next, "system", c)
			then, possible := want.after(c)
			if possible != (wanted == nil) {
				rt.Fatalf("%T in %+v: the machine says %v", c, want, wanted)
			}
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
			model, stored, want = next, got, then
			if !want.is(stored) {
				rt.Fatalf("after %T %s, expected %+v", c, outline(stored), want)
			}
			if told, modelled := outline(stored), outline(model); told != modelled {
				rt.Fatalf("after %T the store has %s, the model %s", c, told, modelled)
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
