package rooms

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"verifycall/calls/protocol"
	"verifycall/rooms/db"
	"verifycall/rooms/form"
	"verifycall/rooms/ledger"
	"verifycall/rooms/plan"
)

var (
	noon   = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	digest = strings.Repeat("ab", 32)
)

var newRoom = CreateRoom{
	SellerName: "Jörg Müller", SellerMail: "joerg@example.org", Language: "de", Zone: "Europe/Berlin", At: noon, Manager: "m1",
	Application: map[string]string{"surname": "Müller", "document_number": "L01X00T47"},
	Documents:   []Document{{"id_front", digest, "image/jpeg", 183204, 1280, 720}},
	Link:        Link{digest, noon.Add(time.Hour)}, Seed: []byte(strings.Repeat("s", plan.SeedSize)),
}

var draw = DrawPlan{Nonce: strings.Repeat("0d", plan.NonceSize), By: Seller, Profile: marketplace(), Document: plan.Default().Document("id_card")}

func marketplace() *plan.Profile {
	p, err := plan.Default().Profile(DefaultProfile)
	if err != nil {
		panic(err)
	}
	return p
}

// finish does every step of the room's plan and finds every item the same.
func finish(r *Room) []Command {
	var list []Command
	for _, s := range r.Steps {
		switch s.Kind {
		case plan.KindCapture:
			c := capture
			c.Slot = s.Code
			list = append(list, TakeCapture{c})
		case plan.KindCompare:
			for _, item := range slices.Concat(FaceFeatures, r.Items) {
				list = append(list, DecideCompare{item, DecisionSame, "Müller"})
			}
		default:
			list = append(list, FinishStep{Step: s.Code, Result: StepDone})
		}
	}
	return list
}

// run puts a room through commands at a time, as Store does without Redis.
func run(t testing.TB, r *Room, at time.Time, commands ...Command) *Room {
	t.Helper()
	for _, c := range commands {
		drafts, err := decide(r, c, at)
		if err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		change := db.Change{Chains: make([]db.Chain, 2)}
		for _, d := range drafts {
			if err := r.take(&change, at, "system", d); err != nil {
				t.Fatal(err)
			}
		}
	}
	return r
}

var agree = []Command{GiveNotice{Seller, "2026-11", "de", true}, GiveNotice{Manager, "2026-11", "en", true}}

// inState gives a room in a state that a command can lead to, both notices
// agreed where the state allows.
func inState(t testing.TB, state string) *Room {
	t.Helper()
	r := &Room{ID: "R-7K3M9QXD"}
	booked := append([]Command{newRoom, draw}, agree...)
	waiting := append(slices.Clone(booked), EnterWaiting{})
	live := append(slices.Clone(waiting), Admit{})
	ended := append(slices.Clone(live), EndCall{Cause: "hangup_seller"})
	switch state {
	case "":
		return r
	case StateInvited:
		c := newRoom
		c.At = time.Time{}
		return run(t, r, noon, c)
	case StateBooked:
		return run(t, r, noon, booked...)
	case StateWaiting:
		return run(t, r, noon, waiting...)
	case StateLive:
		return run(t, r, noon, live...)
	case StateInterrupted:
		return run(t, r, noon, append(live, Interrupt{Cause: "seller_lost"})...)
	case StateEnded:
		return run(t, r, noon, ended...)
	case StateDecided:
		return run(t, r, noon, append(ended, GiveVerdict{Verdict: VerdictFail, Reasons: []string{"D_EXPIRED"}})...)
	case StateCancelled:
		return run(t, r, noon, append(booked, Cancel{"seller"})...)
	case StateNoShow:
		return run(t, r, noon, append(booked, NoShow{Seller})...)
	case StateExpired:
		c := newRoom
		c.At = time.Time{}
		return run(t, r, noon, c, Expire{})
	case StateAborted:
		return run(t, r, noon, append(booked, Abort{"C_PROMPTING"})...)
	default: // in_review, closed, purged: no command leads there yet
		run(t, r, noon, append(ended, GiveVerdict{Verdict: VerdictFail, Reasons: []string{"D_EXPIRED"}})...)
		r.State = state
		return r
	}
}

var capture = Capture{Slot: "DOC_FRONT", SHA256: digest, FrameSHA256: digest, Width: 1280, Height: 720, RTP: 4294967295,
	At: noon, Recording: "seller-1", Frame: 4182}

// table says, for each command, the state it leads to from each state where it
// is possible. It is refused everywhere else.
var table = map[string]struct {
	command func(r *Room) Command
	leads   map[string]string
}{
	"CreateRoom":           {always(newRoom), map[string]string{"": StateBooked}},
	"FileDocument":         {always(FileDocument{Document{Kind: "id_back", SHA256: digest, Mime: "image/png", Size: 9, Width: 3, Height: 2}}), stay(StateInvited, StateBooked)},
	"AddLink":              {always(AddLink{Link{digest, noon}}), stay(StateInvited, StateBooked, StateWaiting, StateLive, StateInterrupted, StateEnded, StateDecided, StateNoShow)},
	"ReplaceLinks":         {always(ReplaceLinks{Link{digest, noon}}), stay(StateInvited, StateBooked, StateWaiting, StateLive, StateInterrupted, StateEnded, StateDecided, StateNoShow)},
	"Reschedule":           {always(Reschedule{noon.Add(time.Hour)}), to(StateBooked, StateInvited, StateBooked, StateInterrupted, StateNoShow)}, // one that its seller called off: TestRebook
	"Cancel":               {always(Cancel{"manager"}), to(StateCancelled, StateInvited, StateBooked, StateWaiting, StateNoShow)},
	"Expire":               {always(Expire{}), to(StateExpired, StateInvited)},
	"NoShow seller":        {always(NoShow{Seller}), to(StateNoShow, StateBooked)},
	"NoShow manager":       {always(NoShow{Manager}), to(StateNoShow, StateBooked, StateWaiting)},
	"Notice seller":        {always(GiveNotice{Seller, "2026-12", "de", true}), stay(StateBooked, StateWaiting, StateLive, StateInterrupted)},
	"Notice manager":       {always(GiveNotice{Manager, "2026-12", "en", true}), stay(StateBooked, StateWaiting, StateLive, StateInterrupted)},
	"Decline seller":       {always(GiveNotice{Seller, "2026-11", "de", false}), to(StateAborted, StateBooked, StateWaiting)},
	"Decline manager":      {always(GiveNotice{Manager, "2026-11", "en", false}), stay(StateBooked, StateWaiting, StateLive, StateInterrupted)},
	"Withdraw seller":      {always(WithdrawNotice{Seller}), map[string]string{StateBooked: StateBooked, StateWaiting: StateBooked, StateLive: StateLive, StateInterrupted: StateInterrupted}},
	"Withdraw manager":     {always(WithdrawNotice{Manager}), stay(StateBooked, StateWaiting, StateLive, StateInterrupted)},
	"EnterWaiting":         {always(EnterWaiting{}), to(StateWaiting, StateBooked, StateWaiting)},
	"LeaveWaiting":         {always(LeaveWaiting{}), to(StateBooked, StateBooked, StateWaiting)},
	"Admit":                {always(Admit{}), to(StateLive, StateWaiting)},
	"Interrupt":            {always(Interrupt{Cause: "manager_lost"}), to(StateInterrupted, StateLive)},
	"Resume":               {always(Resume{}), to(StateLive, StateInterrupted)},
	"ShowStep":             {always(ShowStep{"DOC_BACK"}), stay(StateLive, StateInterrupted)},
	"DrawPlan":             {always(draw), stay(StateInvited, StateBooked, StateWaiting, StateLive, StateInterrupted)},
	"FinishStep":           {func(r *Room) Command { return FinishStep{Step: feature(r), Result: StepDone} }, stay(StateLive, StateInterrupted, StateEnded)},
	"TakeCapture":          {always(TakeCapture{capture}), stay(StateLive, StateInterrupted)},
	"DecideCompare":        {always(DecideCompare{"face", DecisionSame, "typed"}), stay(StateLive, StateInterrupted, StateEnded)},
	"SendChat":             {always(SendChat{Seller, "你好"}), stay(StateWaiting, StateLive, StateInterrupted)},
	"WriteNote":            {always(WriteNote{"S_COERCION", "somebody stands beside her"}), stay(StateInvited, StateBooked, StateWaiting, StateLive, StateInterrupted, StateEnded, StateDecided, StateNoShow)},
	"EndCall":              {always(EndCall{"hangup_manager", "manager"}), to(StateEnded, StateLive, StateInterrupted)},
	"Abort":                {always(Abort{"P_AGENT_FAULT"}), to(StateAborted, StateBooked, StateWaiting, StateLive, StateInterrupted, StateEnded)},
	"GiveVerdict fail":     {always(GiveVerdict{Verdict: VerdictFail, Reasons: []string{"M_NAME"}}), to(StateDecided, StateEnded)},
	"GiveVerdict abort":    {always(GiveVerdict{Verdict: VerdictAbort, Reasons: []string{"P_DISCONNECT"}}), to(StateDecided, StateEnded)},
	"Seal":                 {always(Seal{map[string]any{"gaps": 0}}), stay(StateDecided, StateAborted)},
	"OpenCustody":          {func(r *Room) Command { return OpenCustody{RecordHead: r.Record} }, stay(StateInReview, StateClosed, StateAborted, StateCancelled, StateNoShow, StateExpired)}, // decided: once sealed
	"Book":                 {always(Book{At: noon.Add(time.Hour), Manager: "m1"}), to(StateBooked, StateInvited, StateBooked, StateInterrupted, StateNoShow, StateCancelled)},               // cancelled by the seller
	"Miss too early":       {always(Miss{}), nil},
	"EndGrace early":       {always(EndGrace{}), nil},
	"Remind not due":       {always(Remind{"reminder_1h"}), stay(StateBooked, StateWaiting)},
	"JoinQueue":            {always(JoinQueue{}), stay(StateInvited)},
	"StepAway not queued":  {always(StepAway{}), nil},
	"LeaveQueue":           {always(LeaveQueue{"left"}), stay(StateInvited)},
	"Assign not queued":    {always(Assign{"m1"}), nil},
	"LogView unopened":     {always(LogView{"a1", "room"}), nil}, // possible once custody is open
	"LogPlay unopened":     {always(LogPlay{"a1", "seller-1"}), nil},
	"LogDownload unopened": {always(LogDownload{"a1", "bundle.zip"}), nil},
	"LogReason unopened":   {always(LogReason{"o1", "complaint"}), nil},

	// decided: once sealed; ended: a hold, once decided
	"PlaceHold":  {always(PlaceHold{"litigation"}), stay(StateInReview, StateClosed, StateAborted, StateCancelled, StateNoShow, StateExpired)},
	"BeginPurge": {always(BeginPurge{Classes, "request"}), to(StatePurged, StateEnded, StateInReview, StateClosed, StateAborted, StateCancelled, StateNoShow, StateExpired)},

	// nothing to release, note or finish
	"ReleaseHold": {always(ReleaseHold{}), stay(append(States, "")...)},
	"NoteHold":    {always(NoteHold{On: true}), stay(append(States, "")...)},
	"FinishPurge": {always(FinishPurge{}), stay(append(States, "")...)},
}

// feature gives the first security feature of the plan.
func feature(r *Room) string {
	for _, s := range r.Steps {
		if s.Kind == plan.KindFeature {
			return s.Code
		}
	}
	return "FEATURE_NONE"
}

func always(c Command) func(*Room) Command { return func(*Room) Command { return c } }

func to(state string, from ...string) map[string]string {
	leads := map[string]string{}
	for _, f := range from {
		leads[f] = state
	}
	return leads
}

func stay(states ...string) map[string]string {
	leads := map[string]string{}
	for _, s := range states {
		leads[s] = s
	}
	return leads
}

func TestEveryCommandInEveryState(t *testing.T) {
	for name, row := range table {
		for _, state := range append([]string{""}, States...) {
			r := inState(t, state)
			if r.State != state {
				t.Fatalf("room is %q, not %q", r.State, state)
			}
			c := row.command(r)
			before := r.Record
			want, possible := row.leads[state]
			if possible {
				if run(t, r, noon, c); r.State != want {
					t.Errorf("%s from %q leads to %q, want %q", name, state, r.State, want)
				}
				continue
			}
			_, err := decide(r, c, noon)
			var illegal *TransitionError
			if !errors.As(err, &illegal) {
				t.Errorf("%s in %q: got %v, want a TransitionError", name, state, err)
				continue
			}
			if illegal.State != state || illegal.Why == "" || illegal.Command != form.NameOf(c) {
				t.Errorf("%s in %q: %+v", name, state, illegal)
			}
			if r.Record != before || r.State != state {
				t.Errorf("%s in %q changed the room", name, state)
			}
		}
	}
}

func TestEveryCommandIsInTheTable(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range table {
		seen[form.NameOf(row.command(&Room{}))] = true
	}
	for _, c := range []Command{CreateRoom{}, FileDocument{}, AddLink{}, ReplaceLinks{}, Reschedule{}, Cancel{}, Expire{}, NoShow{}, GiveNotice{}, WithdrawNotice{},
		EnterWaiting{}, LeaveWaiting{}, Admit{}, Interrupt{}, Resume{}, DrawPlan{}, ShowStep{}, FinishStep{}, TakeCapture{}, DecideCompare{}, SendChat{},
		WriteNote{}, EndCall{}, Abort{}, GiveVerdict{}, Seal{}, Book{}, Miss{}, EndGrace{}, Remind{},
		JoinQueue{}, StepAway{}, LeaveQueue{}, Assign{}, OpenCustody{}, LogView{}, LogPlay{}, LogDownload{}, LogReason{},
		PlaceHold{}, ReleaseHold{}, NoteHold{}, BeginPurge{}, FinishPurge{}} {
		if !seen[form.NameOf(c)] {
			t.Errorf("%T is in no row", c)
		}
	}
}

func TestAdmissionNeedsBothNotices(t *testing.T) {
	for name, c := range map[string][]Command{
		"none":              {},
		"seller alone":      {agree[0]},
		"manager alone":     {agree[1]},
		"manager declined":  {agree[0], GiveNotice{Manager, "2026-11", "en", false}},
		"manager withdrawn": {agree[0], agree[1], WithdrawNotice{Manager}},
	} {
		r := run(t, &Room{ID: "R-1"}, noon, append([]Command{newRoom}, c...)...)
		if r.Agreed(Seller) {
			run(t, r, noon, EnterWaiting{})
		} else if _, err := decide(r, EnterWaiting{}, noon); !errors.Is(err, ErrNeedsNotice) {
			t.Errorf("%s: waiting without the seller's notice: %v", name, err)
		}
		if _, err := decide(r, Admit{}, noon); err == nil {
			t.Errorf("%s: admitted", name)
		} else if r.State == StateWaiting && !errors.Is(err, ErrNeedsNotice) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if r := run(t, inState(t, StateWaiting), noon, Admit{}); r.State != StateLive || !r.Admitted.Equal(noon) {
		t.Errorf("not admitted: %+v", r)
	}
}

func TestNoCaptureWithoutTheSellersNotice(t *testing.T) {
	r := run(t, inState(t, StateLive), noon, WithdrawNotice{Seller})
	if r.State != StateLive || r.Notices[Seller].Answer != NoticeWithdrawn {
		t.Fatalf("%s, %+v", r.State, r.Notices)
	}
	if _, err := decide(r, TakeCapture{capture}, noon); !errors.Is(err, ErrNeedsNotice) {
		t.Fatal(err)
	}
	run(t, r, noon, agree[0], TakeCapture{capture})
	if len(r.Captures) != 1 || r.Captures[0] != capture {
		t.Fatalf("%+v", r.Captures)
	}
}

func TestDeclinedNoticeAborts(t *testing.T) {
	r := run(t, &Room{ID: "R-1"}, noon, newRoom, GiveNotice{Seller, "2026-11", "de", false})
	if r.State != StateAborted || r.Cause != NoConsent {
		t.Fatalf("%s, %s", r.State, r.Cause)
	}
}

func TestWhatIsAlreadyWantedWritesNothing(t *testing.T) {
	sealed := run(t, inState(t, StateDecided), noon, Seal{})
	run(t, sealed, noon, OpenCustody{Bundle: digest, RecordHead: sealed.Record})
	for _, c := range []struct {
		room    *Room
		command Command
	}{
		{inState(t, StateWaiting), EnterWaiting{}}, {inState(t, StateBooked), LeaveWaiting{}}, {inState(t, StateBooked), agree[0]},
		{run(t, inState(t, StateLive), noon, WithdrawNotice{Seller}), WithdrawNotice{Seller}},
		{run(t, inState(t, StateLive), noon, ShowStep{"FACE"}), ShowStep{"FACE"}},
		{sealed, Seal{}}, {sealed, OpenCustody{Bundle: digest, RecordHead: sealed.Record}},
	} {
		if drafts, err := decide(c.room, c.command, noon); err != nil || len(drafts) > 0 {
			t.Errorf("%T writes %+v, %v", c.command, drafts, err)
		}
	}
}

func TestPassIsLockedUntilComplete(t *testing.T) {
	r := inState(t, StateLive)
	var want []Missing
	for _, s := range r.Steps[:len(r.Steps)-1] {
		code := "step"
		if s.Kind == plan.KindCapture {
			code = "capture"
		}
		want = append(want, Missing{code, s.Code})
	}
	want = append(want, Missing{"features", "face"})
	for _, item := range protocol.Items {
		want = append(want, Missing{"compare", item})
	}
	if got := r.Missing(); !slices.Equal(got, want) {
		t.Fatalf("missing %+v, want %+v", got, want)
	}
	run(t, r, noon, finish(r)...)
	run(t, r, noon, EndCall{Cause: "verdict"})
	features := []string{}
	for _, s := range r.Steps {
		if s.Kind == plan.KindFeature {
			features = append(features, s.Code)
		}
	}
	for _, c := range []struct {
		command Command
		missing Missing
	}{
		{DecideCompare{"name", DecisionDifferent, "Muller"}, Missing{"different", "name"}},
		{DecideCompare{"name", DecisionNotVisible, ""}, Missing{"compare", "name"}},
		{DecideCompare{"name", DecisionSame, ""}, Missing{}},
		{DecideCompare{"face_ears", DecisionNotVisible, ""}, Missing{}},
		{DecideCompare{"face_hairline", DecisionDifferent, ""}, Missing{}},
		{FinishStep{features[0], StepFailed, ""}, Missing{"failed", features[0]}},
		{FinishStep{features[0], StepOpen, ""}, Missing{"step", features[0]}},
		{FinishStep{features[0], StepSkipped, "not_on_document"}, Missing{}},
		{FinishStep{features[1], StepSkipped, "not_visible"}, Missing{"skipped", features[1]}},
	} {
		run(t, r, noon, c.command)
		if c.missing == (Missing{}) {
			if got := r.Missing(); len(got) > 0 {
				t.Fatalf("%+v: missing %+v", c.command, got)
			}
			continue
		}
		var locked *LockedError
		_, err := decide(r, GiveVerdict{Verdict: VerdictPass}, noon)
		if !errors.Is(err, ErrPassLocked) || !errors.As(err, &locked) || !slices.Equal(locked.Missing, []Missing{c.missing}) {
			t.Fatalf("%+v: %v", c.command, err)
		}
	}
	run(t, r, noon, FinishStep{features[1], StepDone, ""}, GiveVerdict{Verdict: VerdictPass, Coverage: map[string]int{"seller.video": 993}})
	if r.State != StateDecided || r.Verdict != VerdictPass || r.Coverage["seller.video"] != 993 || r.Cause != "verdict" {
		t.Fatalf("%+v", r)
	}
}

func TestWithdrawnNoticeLocksPass(t *testing.T) {
	r := run(t, inState(t, StateLive), noon, WithdrawNotice{Seller})
	if !slices.Contains(r.Missing(), Missing{"notice", Seller}) {
		t.Fatalf("%+v", r.Missing())
	}
}

func TestInputIsChecked(t *testing.T) {
	without := func(change func(c *CreateRoom)) Command {
		c := newRoom
		change(&c)
		return c
	}
	many := map[string]string{}
	for i := range 41 {
		many["f"+strings.Repeat("x", i%30)+string(rune('a'+i%26))] = "v"
	}
	for name, c := range map[string]struct {
		state   string
		command Command
	}{
		"no name":         {"", without(func(c *CreateRoom) { c.SellerName = "" })},
		"zone":            {"", without(func(c *CreateRoom) { c.Zone = "../etc/passwd" })},
		"language":        {"", without(func(c *CreateRoom) { c.Language = "Straße" })},
		"field name":      {"", without(func(c *CreateRoom) { c.Application = map[string]string{"Jörg Müller": "x"} })},
		"fields":          {"", without(func(c *CreateRoom) { c.Application = many })},
		"document digest": {"", without(func(c *CreateRoom) { c.Documents = []Document{{Kind: "id_front", SHA256: "x"}} })},
		"manager":         {"", without(func(c *CreateRoom) { c.Manager = "Ann Lee" })},
		"link":            {"", without(func(c *CreateRoom) { c.Link.Hash = "the token itself" })},
		"time":            {StateBooked, Reschedule{}},
		"who":             {StateBooked, GiveNotice{"auditor", "1", "en", true}},
		"cause":           {StateLive, Interrupt{Cause: "Jörg hung up"}},
		"slot":            {StateLive, TakeCapture{Capture{Slot: "NOSE"}}},
		"item":            {StateLive, DecideCompare{"nose", DecisionSame, ""}},
		"decision":        {StateLive, DecideCompare{"face", "maybe", ""}},
		"from":            {StateLive, SendChat{"observer", "x"}},
		"verdict":         {StateEnded, GiveVerdict{Verdict: "ok"}},
		"no reason":       {StateEnded, GiveVerdict{Verdict: VerdictFail}},
		"silent reason":   {StateEnded, GiveVerdict{Verdict: VerdictFail, Reasons: []string{"S_FRAUD"}}},
		"repeat":          {StateEnded, GiveVerdict{Verdict: VerdictFail, Reasons: []string{"Q_BLUR"}, Repeat: []string{"FACE"}}},
		"abort silently":  {StateEnded, Abort{"S_COERCION"}},
	} {
		var input *form.InputError
		if _, err := decide(inState(t, c.state), c.command, noon); !errors.As(err, &input) {
			t.Errorf("%s: got %v, want an InputError", name, err)
		}
	}
}

func TestBookingAndItsTimes(t *testing.T) {
	early := run(t, &Room{ID: "R-1"}, noon.Add(-time.Hour), newRoom)
	if _, err := decide(early, NoShow{Seller}, noon.Add(-time.Second)); !errors.Is(err, ErrTooEarly) {
		t.Errorf("no-show before the appointment: %v", err)
	}
	missed := run(t, inState(t, StateBooked), noon, NoShow{Manager})
	if missed.Cause != Manager {
		t.Errorf("whose no-show: %q", missed.Cause)
	}
	if _, err := decide(missed, Reschedule{noon}, noon.Add(24*time.Hour+time.Second)); err == nil {
		t.Error("booked again after more than 24 hours")
	}
	again := run(t, missed, noon.Add(24*time.Hour), Reschedule{noon.Add(48 * time.Hour)})
	if again.State != StateBooked || again.Cause != "" || !again.At.Equal(noon.Add(48*time.Hour)) {
		t.Errorf("%+v", again)
	}
}

func TestInterruptedRoomGoesOnLater(t *testing.T) {
	r := run(t, inState(t, StateInterrupted), noon, Reschedule{noon.Add(time.Hour)}, EnterWaiting{})
	run(t, r, noon.Add(time.Hour), Admit{})
	if !r.Admitted.Equal(noon) || !r.LiveSince.Equal(noon.Add(time.Hour)) {
		t.Fatalf("admitted %s, live since %s", r.Admitted, r.LiveSince)
	}
}

func TestSealedRecordTakesNothing(t *testing.T) {
	r := run(t, inState(t, StateDecided), noon, Seal{map[string]any{"recordings": []any{}}})
	head := r.Record
	for _, c := range []Command{WriteNote{"", "late"}, AddLink{Link{digest, noon}}} {
		var illegal *TransitionError
		if _, err := decide(r, c, noon); !errors.As(err, &illegal) {
			t.Errorf("%T after the seal: %v", c, err)
		}
	}
	if _, err := decide(r, OpenCustody{Bundle: digest, RecordHead: ledger.Head{Seq: head.Seq, Hash: digest}}, noon); err == nil {
		t.Error("custody over another record")
	}
	run(t, r, noon, OpenCustody{Bundle: digest, RecordHead: head}, LogView{"a1", "room"}, LogPlay{"a1", "seller-1"}, LogDownload{"a1", "bundle.zip"})
	if r.Record != head || r.Custody.Seq != 4 || r.Bundle != digest {
		t.Fatalf("%+v, custody %+v", r.Record, r.Custody)
	}
	if _, err := decide(r, OpenCustody{Bundle: strings.Repeat("cd", 32), RecordHead: head}, noon); err == nil {
		t.Error("custody opened again with another bundle")
	}
}

func TestCustodyWaitsForTheSeal(t *testing.T) {
	r := inState(t, StateDecided)
	var illegal *TransitionError
	if _, err := decide(r, OpenCustody{Bundle: digest, RecordHead: r.Record}, noon); !errors.As(err, &illegal) {
		t.Fatal(err)
	}
}

func TestWordsAreThoseOfTheProtocol(t *testing.T) {
	if !slices.Equal(Slots, protocol.Slots) || !slices.Equal(Items, protocol.Items) {
		t.Error("slots or items differ from the protocol's")
	}
	for _, reason := range protocol.Reasons {
		if !reasonForm.MatchString(reason) {
			t.Errorf("%s is refused", reason)
		}
	}
	for _, flag := range protocol.Flags {
		if reasonForm.MatchString(flag) {
			t.Errorf("%s is taken as a reason", flag)
		}
	}
	for _, v := range protocol.Verdicts {
		if err := (GiveVerdict{Verdict: v, Reasons: []string{"Q_BLUR"}}).check(); err != nil {
			t.Error(err)
		}
	}
}

// TestRecordIsBounded fills a room: what a person sends without end is refused,
// what ends the call and takes an agreement back is not.
func TestRecordIsBounded(t *testing.T) {
	r := inState(t, StateLive)
	var illegal *TransitionError
	for range maxChat {
		r.Chat = append(r.Chat, ChatRef{})
	}
	if _, err := decide(r, SendChat{Seller, "one more"}, noon); !errors.As(err, &illegal) {
		t.Errorf("chat without end: %v", err)
	}
	r.Record.Seq = maxEntries
	for _, c := range []Command{GiveNotice{Seller, "2026-12", "de", true}, ShowStep{"FACE"}, WriteNote{"", "one more"},
		AddLink{Link{digest, noon}}} {
		if _, err := decide(r, c, noon); !errors.As(err, &illegal) {
			t.Errorf("%T into a full record: %v", c, err)
		}
	}
	run(t, r, noon, WithdrawNotice{Seller}, Interrupt{Cause: "seller_lost"}, EndCall{Cause: "P_DISCONNECT"},
		GiveVerdict{Verdict: VerdictAbort, Reasons: []string{"P_DISCONNECT"}}, Seal{})

	r = inState(t, StateBooked)
	r.Record.Seq = maxEntries
	run(t, r, noon, ReplaceLinks{Link{digest, noon.Add(time.Hour)}}) // whoever filled it came in by one

	r = inState(t, StateInterrupted)
	r.Record.Seq, r.AfterGrace = maxEntries, GraceResume
	if run(t, r, r.GraceEnds, EndGrace{}); r.State != StateBooked {
		t.Errorf("a full record stays %s when the grace is over", r.State)
	}
	r = run(t, inState(t, StateInvited), noon, JoinQueue{})
	r.Record.Seq = maxEntries
	if run(t, r, noon, StepAway{}, LeaveQueue{"left"}); !r.Queued.IsZero() {
		t.Error("a full record keeps its place in the queue")
	}
}

// TestComingToAnotherAppointment: a manager who had agreed before the room was moved
// says so again, and has come then.
func TestComingToAnotherAppointment(t *testing.T) {
	r := inState(t, StateBooked)
	manager := GiveNotice{Manager, "2026-11", "en", true}
	if drafts, err := decide(r, manager, noon); err != nil || len(drafts) > 0 {
		t.Errorf("noted twice: %v, %v", drafts, err)
	}
	run(t, r, noon.Add(time.Minute), Reschedule{At: noon.Add(time.Hour)})
	if r.Hosted() {
		t.Fatal("has come to an appointment that was not there")
	}
	if run(t, r, noon.Add(time.Hour), manager); !r.Hosted() {
		t.Error("has not come")
	}
}

// TestComeAndGone: a manager who has come and is gone has not held the call.
func TestComeAndGone(t *testing.T) {
	r := inState(t, StateWaiting)
	due := r.MissedAt()
	if _, set := deadlines(r)["missed"]; set || !r.Hosted() {
		t.Fatal("missed with both there")
	}
	for _, c := range []struct {
		miss Miss
		at   time.Time
	}{{Miss{}, due}, {Miss{Gone: true}, due.Add(-time.Second)}} {
		if _, err := decide(r, c.miss, c.at); !errors.Is(err, ErrTooEarly) {
			t.Errorf("%+v at %s: %v", c.miss, c.at, err)
		}
	}
	if run(t, r, due, Miss{Gone: true}); r.State != StateNoShow || r.Cause != Manager {
		t.Errorf("%s %s", r.State, r.Cause)
	}
}
