package rooms

// States of a room. A new Room has none.
const (
	StateInvited     = "invited"     // has a link, no time yet
	StateBooked      = "booked"      // has a time
	StateWaiting     = "waiting"     // the seller is in the waiting room
	StateLive        = "live"        // the call runs and is recorded
	StateInterrupted = "interrupted" // the call lost a side and may go on
	StateEnded       = "ended"       // the call is over, no verdict yet
	StateDecided     = "decided"     // has a verdict
	StateInReview    = "in_review"   // an auditor looks at it
	StateClosed      = "closed"      // nothing more will change
	StatePurged      = "purged"      // retention has ended, evidence is erased
	StateCancelled   = "cancelled"   // called off before a call
	StateNoShow      = "no_show"     // one side did not come, Cause says which
	StateExpired     = "expired"     // the link ran out unused
	StateAborted     = "aborted"     // given up without a verdict, Cause says why
)

// States lists all states in the order of a room's life.
var States = []string{
	StateInvited, StateBooked, StateWaiting, StateLive, StateInterrupted, StateEnded, StateDecided,
	StateInReview, StateClosed, StatePurged, StateCancelled, StateNoShow, StateExpired, StateAborted,
}

// Answers to the notice.
const (
	NoticeAgreed    = "agreed"
	NoticeDeclined  = "declined"
	NoticeWithdrawn = "withdrawn"
)

// The two people of a room, as notices, chat and recordings name them.
const (
	Seller  = "seller"
	Manager = "manager"
)

// Verdicts of a room.
const (
	VerdictPass      = "pass"
	VerdictRecapture = "recapture"
	VerdictRefer     = "refer"
	VerdictFail      = "fail"
	VerdictAbort     = "abort"
)

// Decisions of one compared item.
const (
	DecisionSame       = "same"
	DecisionDifferent  = "different"
	DecisionNotVisible = "not_visible"
)

// DefaultProfile is the rule set that a room gets when it names none.
const DefaultProfile = "marketplace-1"

// Slots and Items are what DefaultProfile wants before a pass: a capture in
// every slot, and every item seen to be the same.
var (
	Slots = []string{"FACE", "DOC_FRONT", "DOC_BACK", "FACE_WITH_DOC"}
	Items = []string{"face", "name", "number", "birth_date"}
)

// FaceFeatures are what a person compares of two faces, by eye and one after
// the other, before the item "face" counts; after the checklist of FISWG's
// facial image comparison. No software looks at any of them. One seen to be
// different keeps nothing locked: hair and glasses change.
var FaceFeatures = []string{
	"face_shape", "face_hairline", "face_forehead", "face_eyebrows", "face_eyes", "face_nose_bridge",
	"face_nose_tip", "face_mouth", "face_chin", "face_ears", "face_marks", "face_overall",
}

// NoConsent is the Cause of a room whose seller declined the notice.
const NoConsent = "P_NO_CONSENT"
