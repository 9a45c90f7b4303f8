package rooms

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"verifycall/rooms/form"
	"verifycall/rooms/outbox"
)

// sealedWith is a decided room with its custody ledger open.
func sealedWith(t *testing.T, verdict string, share int, more ...Command) *Room {
	t.Helper()
	r := run(t, inState(t, StateEnded), noon, more...)
	r.ReviewShare, r.CloseDays = share, 30
	run(t, r, noon, GiveVerdict{Verdict: verdict, Reasons: []string{"M_NAME"}}, Seal{map[string]any{}})
	return run(t, r, noon, OpenCustody{Bundle: digest, RecordHead: r.Record}, DrawReview{})
}

// What a rule draws is open, what the lot draws is blind, test rooms are left alone.
func TestDrawReview(t *testing.T) {
	for name, test := range map[string]struct {
		room  *Room
		why   string
		blind bool
	}{
		"a referred one": {sealedWith(t, VerdictRefer, 0), WhyReferred, false},
		"a flagged one":  {sealedWith(t, VerdictFail, 1000, WriteNote{"S_FRAUD", "a film"}), WhyFlag, false},
		"a noted one":    {sealedWith(t, VerdictFail, 0, WriteNote{"", "nervous"}), "", false},
		"by lot":         {sealedWith(t, VerdictFail, 1000), WhyRandom, true},
	} {
		why, blind := "", false
		if test.room.Review != nil {
			why, blind = test.room.Review.Why, test.room.Review.Blind
		}
		if why != test.why || blind != test.blind || (why != "") != (test.room.State == StateInReview) {
			t.Errorf("%s: %q, blind %v, in state %s", name, why, blind, test.room.State)
		}
		head := test.room.Custody
		if run(t, test.room, noon, DrawReview{}); why != "" && test.room.Custody != head {
			t.Errorf("%s is drawn twice", name)
		}
	}
	r := sealedWith(t, VerdictFail, 0)
	r.Test, r.ReviewShare = true, 1000
	if run(t, r, noon, DrawReview{}); r.Review != nil {
		t.Error("a test room is reviewed")
	}
	drawn := 0
	for range 400 {
		if r := sealedWith(t, VerdictFail, 250); r.Review != nil {
			drawn++
		}
	}
	if drawn < 50 || drawn > 150 { // 100 ± 5.8 standard deviations
		t.Errorf("a share of 250 ‰ drew %d of 400", drawn)
	}
}

// A decision replaces the outcome and closes the room; an escalation leaves both to
// another auditor, to whom the first one's opinion is blind too.
func TestReview(t *testing.T) {
	r := sealedWith(t, VerdictFail, 1000)
	for _, c := range []GiveReview{
		{Who: "m1", Decision: ReviewApprove},                                                        // held the call
		{Who: "a1", Decision: ReviewReject},                                                         // no reason
		{Who: "a1", Decision: "perhaps", Reasons: []string{"M_NAME"}},                               // no decision
		{Who: "a1", Decision: ReviewReject, Reasons: []string{"S_FRAUD"}},                           // a flag
		{Who: "a1", Decision: ReviewReject, Reasons: []string{"M_NAME"}, Repeat: []string{"FACE"}},  // nothing is repeated
		{Who: "a1", Decision: ReviewApprove, Checks: map[string]string{"SHOE_SIZE": DecisionSame}},  // no step
		{Who: "a1", Decision: ReviewApprove, Note: strings.Repeat("x", maxReviewNote+1)},            // too long
		{Who: "a1", Decision: ReviewApprove, Checks: map[string]string{"name": DecisionNotVisible}}, // yes or no
	} {
		var input *form.InputError
		if _, err := decide(r, c, noon); !errors.As(err, &input) && !isRefused(err) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	run(t, r, noon, LogView{"a1", "room"}, LogPlay{"a2", "seller-1"})
	if len(r.Shown) != 0 || !r.BlindFor("a1") {
		t.Errorf("a blind room was shown to %v", r.Shown)
	}
	run(t, r, noon.Add(time.Hour), GiveReview{Who: "a1", Decision: ReviewEscalate, Reasons: []string{"M_FACE_DOUBT"}, Note: "not sure"})
	first := r.Opinion()
	if r.State != StateInReview || r.Review.Why != WhyEscalate || !first.Blind || first.Agrees != "" || r.Text(first.Note) != "not sure" {
		t.Fatalf("%s: %+v", r.State, first)
	}
	if r.BlindFor("a1") || !r.BlindFor("a2") {
		t.Error("who has decided is blind, or the second auditor isn't")
	}
	if _, err := decide(r, GiveReview{Who: "a1", Decision: ReviewApprove}, noon); !isRefused(err) {
		t.Errorf("an auditor's second decision: %v", err)
	}
	run(t, r, noon, LogView{"a1", "room"})
	if verdict, _, _, _ := r.Outcome(); verdict != VerdictFail || !slices.Equal(r.Shown, []string{"a1"}) {
		t.Errorf("outcome %s, shown to %v", verdict, r.Shown)
	}
	run(t, r, noon.Add(2*time.Hour), GiveReview{Who: "a2", Decision: ReviewApprove, Checks: map[string]string{"name": DecisionDifferent, "FACE": DecisionSame}})
	last := r.Opinion()
	if verdict, _, _, _ := r.Outcome(); verdict != VerdictPass || r.State != StateClosed || last.Agrees != AgreesDifferent || !last.Blind || last.Checks["name"] != DecisionDifferent {
		t.Errorf("%s, outcome %s: %+v", r.State, verdict, last)
	}
	if _, err := decide(r, GiveReview{Who: "a3", Decision: ReviewApprove}, noon); !isRefused(err) {
		t.Errorf("a decision on a closed room: %v", err)
	}
	if r.Verdict != VerdictFail {
		t.Error("the manager's verdict has changed")
	}
}

// Who was shown the verdict before the draw decides, but not blindly.
func TestAShownRoomIsNotBlind(t *testing.T) {
	r := run(t, sealedWith(t, VerdictRecapture, 0), noon, LogView{"a1", "room"}, TakeSample{"S1", digest, 9, digest})
	if !r.Review.Blind || !r.BlindFor("a1") {
		t.Fatalf("%+v", r.Review)
	}
	run(t, r, noon, GiveReview{Who: "a1", Decision: ReviewRecapture, Reasons: []string{"M_NAME"}})
	if o := r.Opinion(); o.Blind || o.Agrees != AgreesSame {
		t.Errorf("%+v", o)
	}
}

// A room that nobody reviews closes after its days, a drawn one waits.
func TestRoomsCloseByTime(t *testing.T) {
	r, drawn := sealedWith(t, VerdictFail, 0), sealedWith(t, VerdictRefer, 0)
	if due := deadlines(r)["close"]; due != noon.AddDate(0, 0, 30).UnixMilli() || deadlines(drawn)["close"] != 0 {
		t.Errorf("closes at %d and %d", due, deadlines(drawn)["close"])
	}
	if _, err := decide(r, CloseRoom{}, noon.AddDate(0, 0, 29)); !errors.Is(err, ErrTooEarly) {
		t.Error(err)
	}
	if run(t, r, noon.AddDate(0, 0, 30), CloseRoom{}); r.State != StateClosed || r.Verdict != VerdictFail {
		t.Errorf("%+v", r)
	}
	missed := run(t, inState(t, StateEnded), noon, GiveVerdict{Verdict: VerdictRefer, Reasons: []string{"M_NAME"}}, Seal{map[string]any{}})
	missed.CloseDays = 30
	run(t, missed, noon, OpenCustody{Bundle: digest, RecordHead: missed.Record})
	if run(t, missed, noon.AddDate(0, 0, 30), CloseRoom{}); missed.State != StateInReview || missed.Review.Why != WhyReferred {
		t.Errorf("one that wasn't drawn with its seal: %+v", missed)
	}
}

func TestDrawSample(t *testing.T) {
	var ids []string
	for i := range 50 {
		ids = append(ids, fmt.Sprintf("R-%08d", i))
	}
	one := DrawSample("aa", ids, 100)
	if len(one) != 5 || !slices.Equal(one, DrawSample("aa", ids, 100)) || slices.Equal(one, DrawSample("ab", ids, 100)) {
		t.Errorf("drawn %v", one)
	}
	slices.Reverse(ids)
	if !slices.Equal(one, DrawSample("aa", ids, 100)) || len(DrawSample("aa", ids, 1000)) != 50 || len(DrawSample("aa", ids[:3], 1)) != 1 {
		t.Error("the order matters, or the share doesn't")
	}
}

// A sample is drawn of what is left, stands in each room's custody ledger, and can
// be drawn again; blind rooms are on no list that asks for the verdict.
func TestSampleAndLists(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		at(s, noon)
		var ids []string
		for i := range 10 {
			r := create(t, s, func(c *CreateRoom) {
				if i == 9 {
					c.Manager = "a1"
				}
			})
			last := do(t, s, r.ID, wholeCall(t)...)
			do(t, s, r.ID, OpenCustody{Bundle: digest, RecordHead: last.Record})
			ids = append(ids, r.ID)
		}
		do(t, s, ids[8], LogView{"a1", "room"})
		drawn, err := s.Sample(ctx, "a1", Query{}, 500)
		if err != nil {
			t.Fatal(err)
		}
		population := slices.Sorted(slices.Values(ids[:8]))
		if drawn.Of != 8 || len(drawn.Rooms) != 4 || drawn.Population != PopulationDigest(ids[:8]) || !slices.Equal(drawn.Rooms, DrawSample(drawn.Seed, population, 500)) {
			t.Errorf("%+v of %v", drawn, population)
		}
		if kept, err := s.Samples(ctx); err != nil || len(kept) != 1 || !slices.Equal(kept[0].Rooms, drawn.Rooms) {
			t.Errorf("kept %+v, %v", kept, err)
		}
		custody, err := s.CustodyLog(ctx, drawn.Rooms[0])
		if err != nil || body(custody[1].Body).text("seed") != drawn.Seed || body(custody[1].Body).number("of") != 8 {
			t.Errorf("custody %+v, %v", custody, err)
		}
		if got := all(t, s, Query{ForReview: true, Auditor: "a1"}); len(got) != 4 {
			t.Errorf("waiting for review: %v", got)
		}
		for name, q := range map[string]Query{"verdict": {Verdict: VerdictPass, Auditor: "a1"}, "of no auditor": {Verdict: VerdictPass}} {
			want := map[string]int{"verdict": 5, "of no auditor": 10}[name]
			if got := all(t, s, q); len(got) != want {
				t.Errorf("%s: %d rooms, want %d", name, len(got), want)
			}
		}
		do(t, s, drawn.Rooms[0], GiveReview{Who: "a1", Decision: ReviewRecapture, Reasons: []string{"Q_GLARE"}, Repeat: []string{"FACE"}, Note: "glare"})
		if got := all(t, s, Query{Reviewed: true}); !slices.Equal(got, drawn.Rooms[:1]) {
			t.Errorf("reviewed: %v", got)
		}
		if got := all(t, s, Query{ForReview: true}); len(got) != 3 {
			t.Errorf("still waiting: %v", got)
		}
		mails, err := s.Outbox.Take(ctx, 100)
		if err != nil || !slices.ContainsFunc(mails, func(m outbox.Mail) bool { return m.Room == drawn.Rooms[0] && m.Kind == outbox.Reviewed }) {
			t.Errorf("no mail of the new outcome: %+v, %v", mails, err)
		}
		if _, err := s.Sample(ctx, "a1", Query{Manager: "nobody"}, 500); !errors.Is(err, ErrNoneToSample) {
			t.Error(err)
		}
	})
}
