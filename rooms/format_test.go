package rooms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"verifycall/rooms/db"
	"verifycall/rooms/tickets"
)

// While an earlier release is there nothing is written that it can't carry: its own
// fold of the entries is the projection, and entries that it doesn't know are put
// off. What the entries tell beyond that is still read here.
func TestFormatOfAnEarlierNode(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		s.witness = newWitness(newTestSigner(t), &memory{parts: map[string][]byte{}})
		if err := s.CheckFormat(t.Context()); err != nil { // a Redis that no release of ours has marked
			t.Fatal(err)
		}
		id := create(t, s, nil).ID
		last := do(t, s, id, wholeCall(t)...)
		do(t, s, id, OpenCustody{Bundle: digest, RecordHead: last.Record}, LogView{"a1", "room"})
		state := func() string {
			t.Helper()
			text, err := s.db.Client.HGet(t.Context(), db.Prefix+"room:"+id, "state").Result()
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
		if text := state(); strings.Contains(text, `"shown"`) || !strings.Contains(text, `"bundle"`) {
			t.Errorf("an earlier node can't carry %s", text)
		}
		for range 2 { // from Redis, then from what is known of it
			r, err := s.Load(t.Context(), id)
			if err != nil || !slices.Equal(r.Shown, []string{"a1"}) || len(r.Personal) == 0 {
				t.Fatalf("shown to %v, %v", r, err)
			}
		}
		if _, err := s.Do(t.Context(), id, "auditor:a1", GiveReview{Who: "a1", Decision: ReviewApprove}); !errors.Is(err, ErrEarlierNode) {
			t.Errorf("a review: %v", err)
		}
		if err := s.AgreeFormat(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		away, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.AgreeFormat(away, Format); (err == nil) != (s.format.Load() == Format) { // the embedded one writes it
			t.Fatalf("format %d, %v", s.format.Load(), err)
		}
		if err := s.AgreeFormat(t.Context(), Format); err != nil { // once more: what wasn't written isn't taken for it
			t.Fatal(err)
		}
		r, err := s.Do(t.Context(), id, "auditor:a1", GiveReview{Who: "a1", Decision: ReviewApprove})
		if err != nil || r.State != StateClosed || !strings.Contains(state(), `"shown"`) {
			t.Errorf("a review with all nodes of this release: %v", err)
		}
		if err := s.CheckFormat(t.Context()); err != nil || s.format.Load() != Format {
			t.Errorf("marked: %d, %v", s.format.Load(), err)
		}
		if _, _, err := s.db.Write(t.Context(), "SET", formatKey, strconv.Itoa(Format+1)); err != nil {
			t.Fatal(err)
		}
		if err := s.CheckFormat(t.Context()); !errors.Is(err, ErrLaterRelease) || !strings.Contains(err.Error(), fmt.Sprint("format ", Format+1)) {
			t.Errorf("a later release's: %v", err)
		}
	})
}

// A projection that isn't what the entries tell is no earlier format's either.
func TestCutProjections(t *testing.T) {
	r := &Room{ID: "R-7K3M9QXD"}
	hinted := newRoom
	hinted.Hints, hinted.Helper = []string{"new_bank_account", "new_device"}, "sign_language"
	run(t, r, noon, hinted)
	r.Shown, r.CloseDays = []string{"a1"}, 30
	text, err := json.Marshal(r)
	if err != nil || strings.Contains(string(text), "sign_language") || !slices.Equal(r.Hints(), hinted.Hints) {
		t.Fatalf("%s, hints %v, %v", text, r.Hints(), err)
	}
	less, err := earlier[1].cut(text)
	if err != nil || strings.Contains(string(less), "shown") || strings.Contains(string(less), "closeDays") || !json.Valid(less) {
		t.Fatalf("%s, %v", less, err)
	}
	screening, helper := r.Screening, r.Helper
	r.Shown, r.CloseDays, r.ReviewShare, r.AppealDays = nil, 0, 0, 0
	r.Screening, r.Helper = "", ""
	if whole, err := json.Marshal(r); err != nil || string(whole) != string(less) {
		t.Errorf("cut is\n%s, want\n%s", less, whole)
	}
	for state, cut := range map[string]bool{string(less): true, string(text): false} {
		r.Shown, r.CloseDays, r.ReviewShare, r.AppealDays = []string{"a1"}, 30, reviewShareOf(text), 14
		r.Screening, r.Helper = screening, helper
		if got, err := tells(r, state); err != nil || got != cut {
			t.Errorf("cut %v, %v", got, err)
		}
	}
	if _, err := tells(r, strings.Replace(string(less), "Toronto", "Berlin", 1)+" "); err == nil {
		t.Error("another projection is taken")
	}
}

func reviewShareOf(text []byte) int {
	var r Room
	if json.Unmarshal(text, &r) != nil {
		return -1
	}
	return r.ReviewShare
}

// A node of format 2 would let in by links that were replaced, so none are while one
// is there.
func TestLinksAreReplacedByAllNodes(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		r := create(t, s, nil)
		if err := s.AgreeFormat(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		replace := ReplaceLinks{Link{tickets.HashToken("new"), s.now().Add(time.Hour)}}
		if _, err := s.Do(t.Context(), r.ID, "manager:m1", replace); !errors.Is(err, ErrEarlierNode) {
			t.Errorf("beside an earlier node: %v", err)
		}
		if err := s.AgreeFormat(t.Context(), Format); err != nil {
			t.Fatal(err)
		}
		if r, err := s.Do(t.Context(), r.ID, "manager:m1", replace); err != nil || r.LinksFrom == 0 {
			t.Errorf("with all of this release: %v", err)
		}
	})
}
