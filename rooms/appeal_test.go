package rooms

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"verifycall/rooms/db"
	"verifycall/rooms/form"
	"verifycall/rooms/outbox"
)

// failed is a sealed room whose outcome a seller can appeal against.
func failed(t *testing.T) *Room {
	t.Helper()
	return sealedWith(t, VerdictFail, 0)
}

// A seller asks once, within the profile's days, with words that only the private
// values have.
func TestAskAgain(t *testing.T) {
	r := failed(t)
	if want := noon.AddDate(0, 0, 14); !r.AppealUntil().Equal(want) {
		t.Errorf("until %v, want %v", r.AppealUntil(), want)
	}
	var input *form.InputError
	for _, text := range []string{"", " \n ", strings.Repeat("ü", MaxAppealText+1)} {
		if _, err := decide(r, AskAgain{text}, noon); !errors.As(err, &input) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
	if _, err := decide(r, AskAgain{"late"}, noon.AddDate(0, 0, 14)); !isRefused(err) {
		t.Errorf("after the time: %v", err)
	}
	ask := AskAgain{"  The name is my maiden name.  "}
	drafts, err := decide(r, ask, noon)
	if err != nil || len(drafts) != 1 || drafts[0].Ledger != ledgerCustody {
		t.Fatalf("%+v, %v", drafts, err)
	}
	run(t, r, noon, ask)
	text, err := json.Marshal(r)
	if err != nil || strings.Contains(string(text), "maiden") || r.Text(r.Appeal.Text) != "The name is my maiden name." || !r.Appealing() {
		t.Errorf("%s, %v", text, err)
	}
	if head := r.Custody; run(t, r, noon, ask).Custody != head { // its answer was lost
		t.Error("the same words are entered twice")
	}
	if _, err := decide(r, AskAgain{"And another thing"}, noon); !isRefused(err) {
		t.Errorf("a second one: %v", err)
	}
	for _, verdict := range []string{VerdictRecapture, VerdictRefer} {
		if _, err := decide(sealedWith(t, verdict, 0), ask, noon); !isRefused(err) {
			t.Errorf("against %s: %v", verdict, err)
		}
	}
	none := failed(t)
	none.AppealDays = 0
	if _, err := decide(none, ask, noon); !isRefused(err) {
		t.Errorf("where the profile has no days: %v", err)
	}
}

// Who held the call or rejected it answers nothing, nor does anybody while a review
// is open; an answer stands, and only one that takes the outcome back gives another call.
func TestAnswerAppeal(t *testing.T) {
	answer := func(who, word string) AnswerAppeal {
		return AnswerAppeal{Who: who, Answer: word, Line: "We looked at it."}
	}
	r := run(t, failed(t), noon, AskAgain{"Please look again."})
	for _, c := range []AnswerAppeal{answer("m1", AppealUpheld), answer("a1", "perhaps"), {Who: "a1", Answer: AppealUpheld},
		{Who: "a1", Answer: AppealUpheld, Line: strings.Repeat("x", MaxAppealLine+1)}} {
		var input *form.InputError
		if _, err := decide(r, c, noon); !errors.As(err, &input) && !isRefused(err) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if _, err := decide(r, FollowUp{"R-7K3M9QXD"}, noon); !isRefused(err) {
		t.Errorf("another call before the answer: %v", err)
	}
	upheld := run(t, r, noon.Add(time.Hour), answer("a1", AppealUpheld))
	if verdict, _, _, _ := upheld.Outcome(); verdict != VerdictFail || upheld.Appealing() || upheld.Follows() || upheld.Text(upheld.Appeal.Line) != "We looked at it." {
		t.Errorf("upheld: %s, %+v", verdict, upheld.Appeal)
	}
	if _, err := decide(upheld, answer("a2", AppealOverturned), noon); !isRefused(err) {
		t.Errorf("a second answer: %v", err)
	}

	r = run(t, failed(t), noon, AskAgain{"Please look again."}, TakeSample{"S1", digest, 9, digest})
	if _, err := decide(r, answer("a1", AppealOverturned), noon); !isRefused(err) {
		t.Errorf("while a review is open: %v", err)
	}
	run(t, r, noon, GiveReview{Who: "a1", Decision: ReviewReject, Reasons: []string{"M_NAME"}})
	if _, err := decide(r, answer("a1", AppealUpheld), noon); !isRefused(err) {
		t.Errorf("by who rejected it: %v", err)
	}
	run(t, r, noon, answer("a2", AppealOverturned))
	if verdict, reasons, _, _ := r.Outcome(); verdict != VerdictRecapture || len(reasons) > 0 || !r.Follows() || r.Verdict != VerdictFail {
		t.Errorf("overturned: %s %v", verdict, reasons)
	}
	run(t, r, noon, FollowUp{"R-7K3M9QXD"}, FollowUp{"R-7K3M9QXE"})
	if r.Next != "R-7K3M9QXD" {
		t.Errorf("goes on in %s", r.Next)
	}

	// A review that changes the outcome has answered it.
	r = run(t, failed(t), noon, AskAgain{"Please look again."}, GiveReview{Who: "a1", Decision: ReviewApprove})
	if r.Appealing() {
		t.Error("an appeal against an outcome that is gone")
	}
}

// What waits for an answer is listed, not to its manager nor to who is blind; the
// words are encrypted beside the chain and go with the record.
func TestAppealsInTheStore(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		if err := s.AgreeFormat(t.Context(), Format); err != nil {
			t.Fatal(err)
		}
		id := create(t, s, func(c *CreateRoom) { c.Hints, c.Helper = []string{"new_bank_account"}, "sign_language" }).ID
		last := do(t, s, id, wholeCall(t)...)
		if last.Verdict != VerdictPass {
			t.Fatalf("verdict %s", last.Verdict)
		}
		appeals := func(auditor string) int {
			t.Helper()
			page, err := s.List(t.Context(), Query{DecidedOnly: true, Appeals: true, Auditor: auditor})
			if err != nil {
				t.Fatal(err)
			}
			return len(page.Rooms)
		}
		do(t, s, id, OpenCustody{Bundle: digest, RecordHead: last.Record}, GiveReview{Who: "a1", Decision: ReviewReject, Reasons: []string{"M_NAME"}})
		if n := appeals("a1"); n != 0 {
			t.Errorf("%d before there is one", n)
		}
		do(t, s, id, AskAgain{"My maiden name is Xylander."})
		if a, m := appeals("a2"), appeals("m1"); a != 1 || m != 0 {
			t.Errorf("listed to an auditor %d, to its manager %d", a, m)
		}
		entries, err := s.CustodyLog(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(entries)
		if err != nil || strings.Contains(string(text), "Xylander") || !strings.Contains(string(text), typeAppealed) {
			t.Errorf("the ledger has %s, %v", text, err)
		}
		kept, err := s.db.Client.HGetAll(t.Context(), db.Prefix+"room:"+id+":private").Result()
		if err != nil || len(kept) == 0 {
			t.Fatal(err)
		}
		loaded, err := s.Load(t.Context(), id)
		if err != nil || loaded.Text(loaded.Appeal.Text) != "My maiden name is Xylander." {
			t.Errorf("read back %+v, %v", loaded.Appeal, err)
		}
		do(t, s, id, AnswerAppeal{Who: "a2", Answer: AppealOverturned, Line: "Sorry."})
		if n := appeals("a2"); n != 0 {
			t.Errorf("%d after the answer", n)
		}
		mails, err := s.Outbox.Take(t.Context(), 50)
		if err != nil {
			t.Fatal(err)
		}
		told := 0
		for _, m := range mails {
			if m.Kind == outbox.Appeal {
				told++
			}
		}
		if told != 1 {
			t.Errorf("%d mails tell of the answer", told)
		}
		loaded, err = s.Load(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		first, err := s.Follow(t.Context(), loaded, marketplace())
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.Follow(t.Context(), loaded, marketplace())
		if err != nil || again.ID != first.ID || first.Prev != id || first.State != StateInvited || first.Text(first.SellerName) != loaded.Text(loaded.SellerName) || len(first.Documents) != 0 ||
			first.Text(first.Helper) != "sign_language" || len(first.Hints()) != 0 {
			t.Errorf("goes on in %+v and %s, %v", first, again.ID, err)
		}
		do(t, s, id, BeginPurge{Classes: []string{ClassRecord}, Policy: "request"}, FinishPurge{})
		if left, err := s.db.Client.HLen(t.Context(), db.Prefix+"room:"+id+":private").Result(); err != nil || left != 0 {
			t.Errorf("%d private values after the purge, %v", left, err)
		}
	})
}
