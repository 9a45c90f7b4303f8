package rooms

import (
	"slices"
	"time"

	"verifycall/rooms/form"
)

// GiveNotice is a person's answer to the notice. A seller who declines ends the
// room before anything of the call happened; a manager's answer is recorded.
type GiveNotice struct {
	Who      string // Seller or Manager
	Version  string // of the text shown
	Language string // it was shown in, BCP 47
	Agree    bool
}

func (c GiveNotice) decide(r *Room, now time.Time) ([]Draft, error) {
	err := form.First(in(c, r, StateBooked, StateWaiting, StateLive, StateInterrupted), form.OneOf(c, "who", c.Who, Seller, Manager),
		form.Check(c, "version", c.Version, form.ASCII), form.Check(c, "language", c.Language, form.Code))
	if err != nil {
		return nil, err
	}
	answer := NoticeAgreed
	if !c.Agree {
		answer = NoticeDeclined
	}
	anew := c.Who == Manager && c.Agree && (r.State == StateBooked || r.State == StateWaiting) && !r.Hosted() // it says who has come
	if n := r.Notices[c.Who]; n.Answer == answer && n.Version == c.Version && n.Language == c.Language && !anew {
		return nil, nil
	}
	if c.Who == Seller && !c.Agree && r.State != StateBooked && r.State != StateWaiting {
		return nil, refuse(c, r, "the call runs already, the agreement can be withdrawn")
	}
	return record(typeNotice, map[string]any{"who": c.Who, "answer": answer, "version": c.Version, "language": c.Language}), nil
}

// WithdrawNotice takes an agreement back. A waiting seller is booked again; a
// live call goes on without recording that person.
type WithdrawNotice struct{ Who string }

func (c WithdrawNotice) decide(r *Room, now time.Time) ([]Draft, error) {
	err := form.First(in(c, r, StateBooked, StateWaiting, StateLive, StateInterrupted), form.OneOf(c, "who", c.Who, Seller, Manager))
	if err != nil {
		return nil, err
	}
	n := r.Notices[c.Who]
	if n.Answer == NoticeWithdrawn {
		return nil, nil
	}
	if n.Answer != NoticeAgreed {
		return nil, refuse(c, r, "there is no agreement to withdraw")
	}
	return record(typeNotice, map[string]any{"who": c.Who, "answer": NoticeWithdrawn, "version": n.Version, "language": n.Language}), nil
}

// EnterWaiting brings the seller into the waiting room.
type EnterWaiting struct{}

func (c EnterWaiting) decide(r *Room, now time.Time) ([]Draft, error) {
	if err := in(c, r, StateBooked, StateWaiting); err != nil {
		return nil, err
	}
	if r.State == StateWaiting {
		return nil, nil
	}
	if err := agreed(c, r, Seller); err != nil {
		return nil, err
	}
	return record(typeWaiting, nil), nil
}

// LeaveWaiting says that the seller is gone from the waiting room.
type LeaveWaiting struct{}

func (c LeaveWaiting) decide(r *Room, now time.Time) ([]Draft, error) {
	if err := in(c, r, StateWaiting, StateBooked); err != nil {
		return nil, err
	}
	if r.State == StateBooked {
		return nil, nil
	}
	return record(typeLeftWaiting, nil), nil
}

// Admit starts the call with the waiting seller; both must have agreed.
type Admit struct{}

func (c Admit) decide(r *Room, now time.Time) ([]Draft, error) {
	if err := form.First(in(c, r, StateWaiting), agreed(c, r, Seller), agreed(c, r, Manager)); err != nil {
		return nil, err
	}
	return record(typeAdmitted, nil), nil
}

func agreed(c Command, r *Room, who string) error {
	if r.Agreed(who) {
		return nil
	}
	return &TransitionError{form.NameOf(c), r.State, "the " + who + " has not agreed to the recording", ErrNeedsNotice}
}

// Interrupt says that the live call lost a side. Both have Grace to come back; 0
// is what the room's profile gives.
type Interrupt struct {
	Cause string
	Grace time.Duration
}

func (c Interrupt) decide(r *Room, now time.Time) ([]Draft, error) {
	if err := form.First(in(c, r, StateLive), form.Check(c, "cause", c.Cause, form.Code)); err != nil {
		return nil, err
	}
	if c.Grace <= 0 {
		c.Grace = r.GraceTime()
	}
	return record(typeInterrupted, map[string]any{"cause": c.Cause, "grace_ends": stamp(now.Add(c.Grace))}), nil
}

// Resume makes an interrupted call live again.
type Resume struct{}

func (c Resume) decide(r *Room, now time.Time) ([]Draft, error) {
	if err := in(c, r, StateInterrupted); err != nil {
		return nil, err
	}
	return record(typeResumed, nil), nil
}

// ShowStep makes a step of the plan the current one.
type ShowStep struct{ Step string }

func (c ShowStep) decide(r *Room, now time.Time) ([]Draft, error) {
	if err := form.First(in(c, r, StateLive, StateInterrupted), form.Check(c, "step", c.Step, form.Code)); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(r.Steps, func(s Step) bool { return s.Code == c.Step }) {
		return nil, &form.InputError{Command: form.NameOf(c), Field: "step", Why: "is none of the plan's"}
	}
	if c.Step == r.Step {
		return nil, nil
	}
	return record(typeStep, map[string]any{"step": c.Step}), nil
}

// TakeCapture puts a stored still into its slot.
type TakeCapture struct{ Capture }

func (c TakeCapture) decide(r *Room, now time.Time) ([]Draft, error) {
	err := form.First(in(c, r, StateLive, StateInterrupted), form.OneOf(c, "slot", c.Slot, Slots...), agreed(c, r, Seller),
		form.Check(c, "digest", c.SHA256, form.Hash), form.Check(c, "frame digest", c.FrameSHA256, form.Hash),
		form.Check(c, "recording", c.Recording, form.Code))
	if err != nil {
		return nil, err
	}
	if r.Tries > 0 && r.captures(c.Slot) >= r.Tries {
		return nil, &TransitionError{form.NameOf(c), r.State, "this slot has had as many captures as the profile allows", ErrTries}
	}
	body := map[string]any{
		"kind": captureFrame, "slot": c.Slot, "sha256": c.SHA256, "frame_sha256": c.FrameSHA256,
		"width": c.Width, "height": c.Height, "rtp": c.RTP, "taken": stamp(c.Capture.At),
		"recording": c.Recording, "frame": c.Frame,
	}
	if q := c.Quality; q != nil {
		body["quality"] = map[string]any{"hint": q.Hint, "bright": q.Bright, "burnt": q.Burnt, "pitch": q.Pitch, "edge": q.Edge}
	}
	return record(typeCapture, body), nil
}

// DecideCompare records what the manager saw for one item. Typed is what was
// read on the document and is personal.
type DecideCompare struct {
	Item     string
	Decision string
	Typed    string
}

func (c DecideCompare) decide(r *Room, now time.Time) ([]Draft, error) {
	err := form.First(in(c, r, StateLive, StateInterrupted, StateEnded), form.OneOf(c, "item", c.Item, slices.Concat(Items, FaceFeatures)...),
		form.OneOf(c, "decision", c.Decision, DecisionSame, DecisionDifferent, DecisionNotVisible))
	if err != nil {
		return nil, err
	}
	body := map[string]any{"item": c.Item, "decision": c.Decision}
	if c.Typed != "" {
		body["typed"] = personal{c.Typed}
	}
	return record(typeCompare, body), nil
}

// maxChat bounds the lines of a room's chat, so that nobody fills its record.
const maxChat = 1000

// SendChat is a line of the chat; its text is personal.
type SendChat struct {
	From string // Seller or Manager
	Text string
}

func (c SendChat) decide(r *Room, now time.Time) ([]Draft, error) {
	err := form.First(in(c, r, StateWaiting, StateLive, StateInterrupted), form.OneOf(c, "from", c.From, Seller, Manager))
	if err != nil {
		return nil, err
	}
	if len(r.Chat) >= maxChat {
		return nil, refuse(c, r, "the chat is full")
	}
	return record(typeChat, map[string]any{"from": c.From, "text": personal{c.Text}}), nil
}

// WriteNote is a note of staff, a silent flag where Code is not empty. Both are
// personal and hidden together, so that the chain does not tell one from the
// other.
type WriteNote struct {
	Code string
	Text string
}

func (c WriteNote) decide(r *Room, now time.Time) ([]Draft, error) {
	err := in(c, r, StateInvited, StateBooked, StateWaiting, StateLive, StateInterrupted, StateEnded, StateDecided,
		StateNoShow)
	if err != nil {
		return nil, err
	}
	return record(typeStaffNote, map[string]any{"content": personal{Note(c)}}), nil
}
