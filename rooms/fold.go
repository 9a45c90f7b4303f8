package rooms

import (
	"fmt"
	"time"

	"verifycall/rooms/ledger"
)

// Types of entries in the record.
const (
	typeCreated     = "created"         // room, profile, profile_sha256, seed_sha256, seed, language, zone, test, manager, appointment, seller_name, seller_mail, application, hints, helper, documents
	typeLinkAdded   = "link_added"      // link (hash of the token), expires
	typeLinksEnded  = "links_ended"     // those added before it
	typeBooked      = "booked"          // appointment
	typeCancelled   = "cancelled"       // by
	typeExpired     = "expired"         //
	typeNoShow      = "no_show"         // who
	typeNotice      = "notice"          // who, answer, version, language
	typeWaiting     = "waiting"         //
	typeLeftWaiting = "left_waiting"    //
	typeAdmitted    = "admitted"        //
	typeInterrupted = "interrupted"     // cause
	typeResumed     = "resumed"         //
	typeStep        = "step"            // step
	typeCapture     = "capture"         // kind, slot, sha256, frame_sha256, width, height, rtp, taken, recording, frame
	typeAnnounced   = "photo_announced" // nonce, slot, sha256, size
	typeCompare     = "compare"         // item, decision, typed
	typeChat        = "chat"            // from, text
	typeStaffNote   = "staff_note"      // content
	typeEnded       = "ended"           // cause, by
	typeAborted     = "aborted"         // reason
	typeVerdict     = "verdict"         // verdict, reasons, repeat, line, coverage
	typeSealed      = "sealed"          // facts
	typeReminded    = "reminded"        // kind, appointment, late
	typeQueued      = "queued"          //
	typeQueueAway   = "queue_away"      // until
	typeQueueLeft   = "queue_left"      // cause
	typePostponed   = "postponed"       // cause: an interrupted call goes on another time
)

// What the seller brings before the call.
const typeDocument = "document" // kind, sha256, mime, size, width, height

// Types of entries in the custody ledger.
const (
	typeCustodyOpened = "custody_opened" // record_seq, record_hash, bundle, fence
	typeViewed        = "viewed"         // who, what
	typePlayed        = "played"         // who, what
	typeDownloaded    = "downloaded"     // who, what
)

// Fold gives the room that the entries of its record and custody ledgers tell.
// The chains are not checked here, see ledger.Verify. The error names the first
// entry that can't be understood, or stands where it can't.
func Fold(id string, record, custody []ledger.Entry) (*Room, error) {
	r := &Room{ID: id}
	for _, e := range record {
		if err := r.apply(ledgerRecord, e); err != nil {
			return nil, err
		}
	}
	for _, e := range custody {
		if err := r.apply(ledgerCustody, e); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// apply takes one entry in.
func (r *Room) apply(name string, e ledger.Entry) error {
	b := body(e.Body)
	if name == ledgerCustody {
		r.Custody = e.Head()
		switch e.Type {
		case typeCustodyOpened:
			r.Bundle, r.BundleFence = b.text("bundle"), b.number("fence")
		case typeLate:
			r.Late++
		default:
			r.keepingChanged(e)
			r.reviewChanged(e)
			r.appealChanged(e)
		}
		return nil
	}
	if first := r.Record.Seq == 0; first != (e.Type == typeCreated) {
		return fmt.Errorf("room %s: entry %d is %q: a record begins with %q, once", r.ID, e.Seq, e.Type, typeCreated)
	}
	r.Record = e.Head()
	at := e.Time()
	if state, changes := stateAfter[e.Type]; changes {
		r.become(state, at)
	}
	if take, known := applies[e.Type]; known {
		take(r, at, b)
		return nil
	}
	if _, changes := stateAfter[e.Type]; !changes {
		return fmt.Errorf("room %s: entry %d has the unknown type %q", r.ID, e.Seq, e.Type)
	}
	return nil
}

// stateAfter says which entries lead to which state. Those of typeCreated and
// typeNotice depend on their body.
var stateAfter = map[string]string{
	typeBooked: StateBooked, typeCancelled: StateCancelled, typeExpired: StateExpired, typeNoShow: StateNoShow,
	typeWaiting: StateWaiting, typeLeftWaiting: StateBooked, typeAdmitted: StateLive, typeInterrupted: StateInterrupted,
	typeResumed: StateLive, typePostponed: StateBooked, typeEnded: StateEnded, typeAborted: StateAborted, typeVerdict: StateDecided,
}

func (r *Room) become(state string, at time.Time) {
	r.State, r.Since = state, at
	if state != StateDecided { // keeps why the call ended
		r.Cause = ""
	}
}

// applies says what an entry changes beside the state.
var applies = map[string]func(r *Room, at time.Time, b body){
	typeCreated:     created,
	typeLinkAdded:   func(*Room, time.Time, body) {}, // lives in the link's own key
	typeLinksEnded:  func(r *Room, _ time.Time, _ body) { r.LinksFrom = r.Record.Seq },
	typeBooked:      booked,
	typeReminded:    reminded,
	typeWaiting:     came,
	typeLeftWaiting: left,
	typeQueued:      queued,
	typeQueueAway:   func(r *Room, _ time.Time, b body) { r.Away = b.time("until") },
	typeQueueLeft:   func(r *Room, _ time.Time, _ body) { r.Queued, r.Away = time.Time{}, time.Time{} },
	typePostponed:   postponed,
	typeCancelled:   cancelled,
	typeNoShow:      func(r *Room, _ time.Time, b body) { r.Cause = b.text("who") },
	typeNotice:      noticeGiven,
	typeAdmitted:    admitted,
	typeInterrupted: interrupted,
	typeResumed:     resumed,
	typeStep:        func(r *Room, _ time.Time, b body) { r.Step = b.text("step") },
	typeCapture:     captureKindTaken,
	typeAnnounced:   photoAnnounced,
	typeCrop:        cropMarked,

	typeDocument: documentFiled,

	typePlan:         planDrawn,
	typeStepResult:   stepFinished,
	typePlanRevealed: func(*Room, time.Time, body) {}, // for those who draw the plan again

	typeCodeAsked:   codeAsked,
	typeCodeChecked: func(r *Room, at time.Time, _ body) { r.Code.Checked = at },
	typeCodeFailed:  codeFailed,

	typeCompare: func(r *Room, _ time.Time, b body) {
		r.Compares[b.text("item")] = Compare{b.text("decision"), b.commitment("typed")}
	},
	typeChat: func(r *Room, at time.Time, b body) {
		r.Chat = append(r.Chat, ChatRef{at, b.text("from"), b.commitment("text")})
	},
	typeStaffNote: func(r *Room, at time.Time, b body) {
		r.Notes = append(r.Notes, NoteRef{at, b.commitment("content")})
	},
	typeEnded:   func(r *Room, at time.Time, b body) { r.Ended, r.Cause = at, b.text("cause") },
	typeAborted: aborted,
	typeVerdict: verdictGiven,
	typeSealed:  func(r *Room, _ time.Time, _ body) { r.Sealed = true },

	typeLate:       func(r *Room, _ time.Time, _ body) { r.Late++ },
	typeCheckpoint: func(*Room, time.Time, body) {}, // proves, changes nothing
	typeRestored:   func(*Room, time.Time, body) {}, // the entries themselves stand before it
}

func created(r *Room, at time.Time, b body) {
	r.Keeping, r.ReviewTerms = keeping(b), reviewTerms(b)
	r.Created, r.Profile, r.Language, r.Zone = at, b.text("profile"), b.text("language"), b.text("zone")
	r.ProfileSHA256, r.SeedSHA256, r.Seed = b.text("profile_sha256"), b.text("seed_sha256"), b.commitment("seed")
	r.Test, r.Manager, r.At = b["test"] == true, b.text("manager"), b.time("appointment")
	r.Named, r.Terms, r.Prev = r.Manager != "", terms(b), b.text("prev")
	r.SellerName, r.SellerMail = b.commitment("seller_name"), b.commitment("seller_mail")
	r.Screening, r.Helper = b.commitment("hints"), b.commitment("helper")
	r.Application = map[string]ledger.Commitment{}
	for field := range b.object("application") {
		r.Application[field] = b.object("application").commitment(field)
	}
	r.Documents = []Document{}
	for _, d := range b.objects("documents") {
		r.Documents = append(r.Documents, documentOf(d))
	}
	r.Notices, r.Compares = map[string]Notice{}, map[string]Compare{}
	r.Captures, r.Chat, r.Notes = []Capture{}, []ChatRef{}, []NoteRef{}
	if r.At.IsZero() {
		r.become(StateInvited, at)
	} else {
		r.become(StateBooked, at)
		r.Booked = at
	}
}

func noticeGiven(r *Room, at time.Time, b body) {
	who, answer := b.text("who"), b.text("answer")
	r.Notices[who] = Notice{answer, b.text("version"), b.text("language"), at}
	if who != Seller {
		return
	}
	switch {
	case answer == NoticeDeclined:
		r.become(StateAborted, at)
		r.Cause = NoConsent
	case answer == NoticeWithdrawn && r.State == StateWaiting:
		r.become(StateBooked, at)
	}
}

func admitted(r *Room, at time.Time, _ body) {
	r.LiveSince = at
	if r.Admitted.IsZero() {
		r.Admitted = at
	}
}

func captureTaken(r *Room, _ time.Time, b body) {
	c := Capture{
		Slot: b.text("slot"), SHA256: b.text("sha256"), FrameSHA256: b.text("frame_sha256"),
		Width: int(b.number("width")), Height: int(b.number("height")), RTP: uint32(b.number("rtp")),
		At: b.time("taken"), Recording: b.text("recording"), Frame: b.number("frame"),
	}
	if q := b.object("quality"); q != nil {
		c.Quality = &Quality{q.text("hint"), int(q.number("bright")), int(q.number("burnt")), int(q.number("pitch")), int(q.number("edge"))}
	}
	r.Captures = append(r.Captures, c)
}

func aborted(r *Room, at time.Time, b body) {
	r.Cause = b.text("reason")
	if !r.Admitted.IsZero() && r.Ended.IsZero() {
		r.Ended = at
	}
}

func verdictGiven(r *Room, at time.Time, b body) {
	r.Verdict, r.Decided, r.Line = b.text("verdict"), at, b.commitment("line")
	r.Reasons, r.Repeat = b.texts("reasons"), b.texts("repeat")
	r.Coverage = map[string]int{}
	for track := range b.object("coverage") {
		r.Coverage[track] = int(b.object("coverage").number(track))
	}
}

// body reads the fields of an entry; absent ones and those of another type are
// empty.
type body map[string]any

func (b body) text(key string) string { s, _ := b[key].(string); return s }

func (b body) number(key string) int64 { n, _ := b[key].(int64); return n }

func (b body) commitment(key string) ledger.Commitment { return ledger.Commitment(b.text(key)) }

func (b body) object(key string) body { m, _ := b[key].(map[string]any); return m }

func (b body) time(key string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, b.text(key))
	if err != nil {
		return time.Time{} // absent
	}
	return at
}

func (b body) texts(key string) []string {
	var list []string
	items, _ := b[key].([]any)
	for _, item := range items {
		if s, ok := item.(string); ok {
			list = append(list, s)
		}
	}
	return list
}

func (b body) objects(key string) []body {
	var list []body
	items, _ := b[key].([]any)
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			list = append(list, m)
		}
	}
	return list
}
