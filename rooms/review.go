package rooms

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"

	"verifycall/rooms/ledger"
	"verifycall/rooms/plan"
)

// Why a room is reviewed. Those below WhyReferred say something of the manager's
// verdict or notes, so such a review is not blind.
const (
	WhyRandom   = "random"    // the profile's share of all decided rooms
	WhySample   = "sample"    // an auditor had a sample drawn
	WhyReferred = "referred"  // the verdict was refer
	WhyFlag     = "flag"      // it has a silent flag
	WhyLate     = "late"      // entries came too late
	WhyChosen   = "chosen"    // an auditor decided without a draw
	WhyEscalate = "escalated" // of those, one that was handed to a second auditor
)

// ReviewReasons lists why a room can be reviewed.
var ReviewReasons = []string{WhyRandom, WhySample, WhyReferred, WhyFlag, WhyLate, WhyChosen, WhyEscalate}

// What an auditor decides.
const (
	ReviewApprove   = "approve"
	ReviewRecapture = "recapture"
	ReviewReject    = "reject"
	ReviewEscalate  = "escalate" // a second auditor decides
)

// ReviewDecisions lists them all.
var ReviewDecisions = []string{ReviewApprove, ReviewRecapture, ReviewReject, ReviewEscalate}

// verdictOf is the verdict that a final decision amounts to.
var verdictOf = map[string]string{ReviewApprove: VerdictPass, ReviewRecapture: VerdictRecapture, ReviewReject: VerdictFail}

// ReviewTerms are what the profile says of reviews, as the room's first entry pins it.
type ReviewTerms struct {
	ReviewShare int `json:"reviewShare,omitempty"` // ‰ of decided rooms that are drawn at random
	CloseDays   int `json:"closeDays,omitempty"`   // after the verdict, where no review was drawn
	AppealDays  int `json:"appealDays,omitempty"`  // after a failed outcome, in which the seller can ask for another look
}

func reviewTermsOf(p *plan.Profile) map[string]any {
	return map[string]any{"review_share": p.Review.Share, "close_days": p.Review.Close, "appeal_days": p.Review.AppealDays()}
}

func reviewTerms(b body) ReviewTerms {
	return ReviewTerms{ReviewShare: int(b.number("review_share")), CloseDays: int(b.number("close_days")),
		AppealDays: int(b.number("appeal_days"))}
}

// Review is the second pair of eyes on a decided room.
type Review struct {
	Why      string    `json:"why"`
	Blind    bool      `json:"blind"` // the manager's opinion is hidden from who has not decided
	Drawn    time.Time `json:"drawn"`
	Opinions []Opinion `json:"opinions,omitempty"` // oldest first; all but the last are escalations
}

// Opinion is what one auditor decided.
type Opinion struct {
	By       string            `json:"by"` // staff id
	At       time.Time         `json:"at"`
	Decision string            `json:"decision"`
	Reasons  []string          `json:"reasons,omitempty"`
	Repeat   []string          `json:"repeat,omitempty"` // slots, of a recapture
	Blind    bool              `json:"blind"`            // without having been shown the manager's
	Agrees   string            `json:"agrees,omitempty"` // AgreesSame, AgreesDifferent; empty where it can't be compared
	Checks   map[string]string `json:"checks,omitempty"` // by step or item: DecisionSame, DecisionDifferent
	Note     ledger.Commitment `json:"note,omitempty"`
}

// How a decision compares with the manager's verdict.
const (
	AgreesSame      = "same"
	AgreesDifferent = "different"
)

// agrees compares a decision with a verdict. Who refers or aborts has no opinion
// of the seller, and who escalates neither.
func agrees(verdict, decision string) string {
	mine := verdictOf[decision]
	switch {
	case mine == "" || verdict != VerdictPass && verdict != VerdictRecapture && verdict != VerdictFail:
		return ""
	case mine == verdict:
		return AgreesSame
	}
	return AgreesDifferent
}

// Reviewing says whether a room waits for an auditor's decision.
func (r *Room) Reviewing() bool { return r.Review != nil && r.State == StateInReview }

// Opinion gives the last opinion, nil where there is none.
func (r *Room) Opinion() *Opinion {
	if r.Review == nil || len(r.Review.Opinions) == 0 {
		return nil
	}
	return &r.Review.Opinions[len(r.Review.Opinions)-1]
}

// OpinionOf gives an auditor's own opinion, nil where there is none.
func (r *Room) OpinionOf(auditor string) *Opinion {
	if r.Review == nil {
		return nil
	}
	for i := range r.Review.Opinions {
		if r.Review.Opinions[i].By == auditor {
			return &r.Review.Opinions[i]
		}
	}
	return nil
}

// BlindFor says whether what the manager thought is hidden from an auditor: until
// the auditor has decided, or the review is over.
func (r *Room) BlindFor(auditor string) bool {
	return r.Reviewing() && r.Review.Blind && r.OpinionOf(auditor) == nil
}

// Outcome is what the seller is told: the verdict, or what an auditor's final
// decision replaced it by; another call where an appeal had it taken back. Line is the manager's, where the outcome is still his.
func (r *Room) Outcome() (verdict string, reasons, repeat []string, line ledger.Commitment) {
	if r.Appeal != nil && r.Appeal.Answer == AppealOverturned {
		return VerdictRecapture, nil, nil, ""
	}
	o := r.Opinion()
	if o == nil || verdictOf[o.Decision] == "" || verdictOf[o.Decision] == r.Verdict {
		return r.Verdict, r.Reasons, r.Repeat, r.Line
	}
	return verdictOf[o.Decision], o.Reasons, o.Repeat, ""
}

// flagged says whether a room whose values are opened has a silent flag.
func (r *Room) flagged() bool {
	return slices.ContainsFunc(r.Notes, func(ref NoteRef) bool { return r.Note(ref).Code != "" })
}

// lot is the room's number of 1000 in the random draw: of a hash that nobody can
// choose, since the record's head holds random salts.
func (r *Room) lot() int {
	sum := sha256.Sum256([]byte("verifycall review 1\n" + r.Record.Hash))
	return int(binary.BigEndian.Uint64(sum[:8]) % 1000)
}

// reviewDue is when a decided room closes that no review was drawn for, zero
// where it doesn't.
func (r *Room) reviewDue() time.Time {
	if r.State != StateDecided || r.Custody.Seq == 0 || r.CloseDays == 0 {
		return time.Time{}
	}
	return r.Decided.AddDate(0, 0, r.CloseDays)
}

// reviewChanged folds an entry of the custody ledger about reviews.
func (r *Room) reviewChanged(e ledger.Entry) {
	b, at := body(e.Body), e.Time()
	switch e.Type {
	case typeReviewDrawn:
		r.Review = &Review{Why: b.text("why"), Blind: b["blind"] == true, Drawn: at}
		r.State, r.Since = StateInReview, at // Cause and Verdict stay
	case typeReviewed:
		if r.Review == nil {
			r.Review = &Review{Why: WhyChosen, Drawn: at}
		}
		o := Opinion{By: b.text("who"), At: at, Decision: b.text("decision"), Reasons: b.texts("reasons"), Repeat: b.texts("repeat"),
			Blind: b["blind"] == true, Agrees: b.text("agrees"), Note: b.commitment("note")}
		for item := range b.object("checks") {
			if o.Checks == nil {
				o.Checks = map[string]string{}
			}
			o.Checks[item] = b.object("checks").text(item)
		}
		r.Review.Opinions = append(r.Review.Opinions, o)
		r.State, r.Since = StateClosed, at
		if o.Decision == ReviewEscalate {
			r.State, r.Review.Why = StateInReview, WhyEscalate
		}
	case typeClosed:
		r.State, r.Since = StateClosed, at
	case typeViewed, typePlayed, typeDownloaded:
		r.shown(b.text("who"))
	}
}

// maxShown bounds whom a room remembers of those who have seen the verdict.
const maxShown = 200

// shown notes that somebody was shown the record as it is.
func (r *Room) shown(who string) {
	if !r.BlindFor(who) && len(r.Shown) < maxShown && !slices.Contains(r.Shown, who) {
		r.Shown = append(r.Shown, who)
	}
}
