package rooms

import (
	"strings"
	"time"
	"unicode/utf8"

	"verifycall/rooms/form"
	"verifycall/rooms/ledger"
)

// Types of entries in the custody ledger about what a seller does against an outcome.
const (
	typeAppealed       = "appealed"        // text
	typeAppealAnswered = "appeal_answered" // who, answer, line
)

// How an auditor answers an appeal.
const (
	AppealUpheld     = "upheld"     // the outcome stands
	AppealOverturned = "overturned" // it is taken back: the seller can have another call
)

// AppealAnswers lists them all.
var AppealAnswers = []string{AppealUpheld, AppealOverturned}

// Bounds of the words of an appeal, in characters.
const (
	MaxAppealText = 1500 // the seller's
	MaxAppealLine = 600  // the auditor's
)

// Appeal is a seller's request to have a failed outcome looked at again. There is
// one per room.
type Appeal struct {
	At       time.Time         `json:"at"`
	Text     ledger.Commitment `json:"text"`         // the seller's words
	By       string            `json:"by,omitempty"` // staff id of who answered
	Answer   string            `json:"answer,omitempty"`
	Answered time.Time         `json:"answered,omitzero"`
	Line     ledger.Commitment `json:"line,omitempty"` // words to the seller
}

// AppealUntil is until when the seller can ask for another look, zero where that
// can't be: the profile's days after the outcome that the seller was told.
func (r *Room) AppealUntil() time.Time {
	verdict, _, _, _ := r.Outcome()
	if verdict != VerdictFail || r.AppealDays == 0 || r.Custody.Seq == 0 || r.Erased(ClassRecord) {
		return time.Time{}
	}
	told := r.Decided
	if o := r.Opinion(); o != nil && verdict != r.Verdict {
		told = o.At
	}
	return told.AddDate(0, 0, r.AppealDays)
}

// Appealing says whether an appeal waits for an answer. A review that replaced the
// outcome has answered it too.
func (r *Room) Appealing() bool {
	verdict, _, _, _ := r.Outcome()
	return r.Appeal != nil && r.Appeal.Answer == "" && verdict == VerdictFail && !r.Erased(ClassRecord)
}

// AskAgain is a seller's appeal against a failed outcome, in the own words.
type AskAgain struct{ Text string }

func (c AskAgain) decide(r *Room, now time.Time) ([]Draft, error) {
	text := strings.TrimSpace(c.Text)
	switch {
	case text == "":
		return nil, &form.InputError{Command: form.NameOf(c), Field: "text", Why: "is missing"}
	case utf8.RuneCountInString(text) > MaxAppealText:
		return nil, &form.InputError{Command: form.NameOf(c), Field: "text", Why: "is too long"}
	}
	if err := in(c, r, StateDecided, StateInReview, StateClosed); err != nil {
		return nil, err
	}
	if r.Appeal != nil {
		if r.Appeal.Answer == "" && r.Text(r.Appeal.Text) == text { // the answer was lost
			return nil, nil
		}
		return nil, refuse(c, r, "another look was asked for already")
	}
	switch until := r.AppealUntil(); {
	case until.IsZero():
		return nil, refuse(c, r, "there is nothing to be looked at again")
	case !now.Before(until):
		return nil, refuse(c, r, "the time for asking is over")
	}
	return custody(typeAppealed, map[string]any{"text": personal{text}}), nil
}

// AnswerAppeal is an auditor's answer to an appeal. Whoever held the call or has
// rejected it in a review doesn't answer.
type AnswerAppeal struct {
	Who    string // staff id
	Answer string
	Line   string // what the seller reads
}

func (c AnswerAppeal) decide(r *Room, now time.Time) ([]Draft, error) {
	line := strings.TrimSpace(c.Line)
	err := form.First(form.Check(c, "who", c.Who, form.Staff), form.OneOf(c, "answer", c.Answer, AppealAnswers...))
	if line == "" {
		err = form.First(err, &form.InputError{Command: form.NameOf(c), Field: "line", Why: "is missing"})
	}
	if utf8.RuneCountInString(line) > MaxAppealLine {
		err = form.First(err, &form.InputError{Command: form.NameOf(c), Field: "line", Why: "is too long"})
	}
	if err != nil {
		return nil, err
	}
	if err := in(c, r, StateDecided, StateInReview, StateClosed); err != nil {
		return nil, err
	}
	own := r.OpinionOf(c.Who)
	switch {
	case !r.Appealing():
		return nil, refuse(c, r, "no appeal waits for an answer")
	case r.Reviewing():
		return nil, refuse(c, r, "its review has to be decided first")
	case c.Who == r.Manager:
		return nil, refuse(c, r, "nobody answers about an own room")
	case own != nil && own.Decision == ReviewReject:
		return nil, refuse(c, r, "nobody answers about an own decision")
	}
	return custody(typeAppealAnswered, map[string]any{"who": c.Who, "answer": c.Answer, "line": personal{line}}), nil
}

// appealChanged folds an entry of the custody ledger about appeals and what follows.
func (r *Room) appealChanged(e ledger.Entry) {
	b := body(e.Body)
	switch e.Type {
	case typeAppealed:
		r.Appeal = &Appeal{At: e.Time(), Text: b.commitment("text")}
	case typeAppealAnswered:
		if r.Appeal == nil {
			r.Appeal = &Appeal{At: e.Time()}
		}
		r.Appeal.By, r.Appeal.Answer, r.Appeal.Answered, r.Appeal.Line = b.text("who"), b.text("answer"), e.Time(), b.commitment("line")
	case typeFollowed:
		r.Next = b.text("room")
	}
}

// indexAppeals has the rooms whose appeal waits for an answer.
const indexAppeals = "appeals"
