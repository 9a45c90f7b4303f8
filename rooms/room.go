// Package rooms keeps rooms: what a room is, what may happen to it, and how
// that is stored.
//
// A Room is a fold over the entries of two ledgers, the record (until the seal)
// and custody (everything after). What may happen is decided by pure functions
// of a Room, a Command and the time; Store writes their outcome with one script
// per commit. See Store for what lies where.
package rooms

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"verifycall/rooms/ledger"
)

// Room is one scheduled verification. All times are UTC.
type Room struct {
	ID       string    `json:"id"` // "R-" and 8 characters of Crockford's base32
	State    string    `json:"state"`
	Since    time.Time `json:"since"`           // of the state
	Cause    string    `json:"cause,omitempty"` // why interrupted, ended, cancelled, no_show or aborted
	Profile  string    `json:"profile"`         // id and version, "marketplace-1"
	Language string    `json:"language"`        // the seller's, BCP 47
	Zone     string    `json:"zone"`            // the seller's, IANA
	At       time.Time `json:"at,omitzero"`     // appointment; zero while invited
	Created  time.Time `json:"created"`
	Test     bool      `json:"test,omitempty"`
	Manager  string    `json:"manager,omitempty"` // staff id
	Appointment

	// LinksFrom is the entry of the record that ended the links before it, 0 where none did.
	LinksFrom int64 `json:"linksFrom,omitempty"`

	SellerName  ledger.Commitment            `json:"sellerName"`
	SellerMail  ledger.Commitment            `json:"sellerMail,omitempty"`
	Application map[string]ledger.Commitment `json:"application"` // field → value
	Documents   []Document                   `json:"documents"`
	Screening   ledger.Commitment            `json:"screening,omitempty"` // codes with spaces between, see Hints
	Helper      ledger.Commitment            `json:"helper,omitempty"`    // code of who helps the seller

	ProfileSHA256 string            `json:"profileSHA256"`      // of the profile's canonical JSON
	SeedSHA256    string            `json:"seedSHA256"`         // of the seed that the plan is drawn from, hex
	Seed          ledger.Commitment `json:"seed"`               // hex, personal until it is revealed
	Nonce         string            `json:"nonce,omitempty"`    // of the seller's page, hex, once the plan is drawn
	Document      string            `json:"document,omitempty"` // id of the document type that it was drawn for
	Steps         []Step            `json:"steps,omitempty"`    // the plan, in its order; empty before it is drawn
	Items         []string          `json:"items,omitempty"`    // compared by eye
	Tries         int               `json:"tries,omitempty"`    // captures of one slot, at most

	Notices  map[string]Notice  `json:"notices"` // by Seller, Manager
	Step     string             `json:"step,omitempty"`
	Captures []Capture          `json:"captures"`          // oldest first; a retake keeps the earlier one
	Clips    []Clip             `json:"clips,omitempty"`   // oldest first
	Photos   []Photo            `json:"photos,omitempty"`  // oldest first
	Crops    []Crop             `json:"crops,omitempty"`   // oldest first
	Awaited  *Announcement      `json:"awaited,omitempty"` // the photo that was announced and has not come yet
	Compares map[string]Compare `json:"compares"`          // by item
	Chat     []ChatRef          `json:"chat"`              // oldest first
	Notes    []NoteRef          `json:"notes"`             // oldest first, silent flags among them
	Code     CallCode           `json:"code,omitzero"`     // that the seller enters in the call

	Admitted  time.Time `json:"admitted,omitzero"`  // first admission
	LiveSince time.Time `json:"liveSince,omitzero"` // last admission or resumption
	Ended     time.Time `json:"ended,omitzero"`

	Verdict  string            `json:"verdict,omitempty"`
	Reasons  []string          `json:"reasons,omitempty"`
	Repeat   []string          `json:"repeat,omitempty"` // slots
	Line     ledger.Commitment `json:"line,omitempty"`   // words to the seller
	Decided  time.Time         `json:"decided,omitzero"`
	Coverage map[string]int    `json:"coverage,omitempty"` // "seller.video" → recorded ‰ of the call

	Keeping
	ReviewTerms

	Review *Review  `json:"review,omitempty"`
	Appeal *Appeal  `json:"appeal,omitempty"`
	Prev   string   `json:"prev,omitempty"`  // id of the room that this one goes on from
	Next   string   `json:"next,omitempty"`  // id of the room that goes on from this one
	Shown  []string `json:"shown,omitempty"` // staff ids that were shown the verdict

	Late   int    `json:"late,omitempty"`   // entries that came too late, to be reviewed
	Sealed bool   `json:"sealed,omitempty"` // the record takes no more entries
	Bundle string `json:"bundle,omitempty"` // digest of the evidence bundle, hex
	// BundleFence is the fence of the owner who sealed the bundle, 0 for the first.
	BundleFence int64       `json:"bundleFence,omitempty"`
	Record      ledger.Head `json:"record"`
	Custody     ledger.Head `json:"custody"`

	// Damaged says that the room can't be used; Store.List alone gives such ones.
	Damaged bool `json:"-"`

	// Personal holds the opened values by commitment, as JSON. Store.Load and
	// Store.Do fill all of them, Store.List the seller's name and mail.
	Personal map[ledger.Commitment]json.RawMessage `json:"-"`
}

// Appointment is what hangs on the time that a room is booked for.
type Appointment struct {
	Named    bool      `json:"named,omitempty"`    // the manager was named when the room was made
	Booked   time.Time `json:"booked,omitzero"`    // when At was last settled
	Sequence int       `json:"sequence,omitempty"` // of the calendar file, RFC 5545 section 3.8.7.4
	Reminded []string  `json:"reminded,omitempty"` // reminders sent of this At
	Came     time.Time `json:"came,omitzero"`      // when the seller first entered the waiting room for this At
	Waited   bool      `json:"waited,omitempty"`   // the seller left again after At, no manager had come
	Queued   time.Time `json:"queued,omitzero"`    // in the instant queue since
	Away     time.Time `json:"away,omitzero"`      // until when the place in the queue is kept for one who left
	Instant  bool      `json:"instant,omitempty"`  // At was given by the instant queue

	GraceEnds time.Time `json:"graceEnds,omitzero"` // while interrupted
	Resumed   bool      `json:"resumed,omitempty"`  // booked again after an interruption
	Terms
}

// Terms are what the profile says of time, as the room's first entry pins it.
type Terms struct {
	AfterGrace  string `json:"afterGrace,omitempty"`  // what becomes of an interrupted call: GraceResume, GraceAbort
	Grace       int    `json:"grace,omitempty"`       // seconds that an interrupted call waits
	LateSeller  int    `json:"lateSeller,omitempty"`  // minutes that a seller may be late
	LateManager int    `json:"lateManager,omitempty"` // minutes that a waiting seller waits for the manager
}

// Document is a picture filed with the application; SHA256 is of its bytes.
type Document struct {
	Kind   string `json:"kind"` // "id_front", "id_back", "other"
	SHA256 string `json:"sha256"`
	Mime   string `json:"mime"`
	Size   int64  `json:"size"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
}

// Notice is a person's answer to the notice about the recording.
type Notice struct {
	Answer   string    `json:"answer"` // NoticeAgreed, NoticeDeclined, NoticeWithdrawn
	Version  string    `json:"version"`
	Language string    `json:"language"`
	At       time.Time `json:"at"`
}

// Capture is a still that is byte for byte a key frame of the recording.
type Capture struct {
	Slot        string    `json:"slot"`
	SHA256      string    `json:"sha256"`      // of the WebP file
	FrameSHA256 string    `json:"frameSHA256"` // of the VP8 payload within
	Width       int       `json:"width"`
	Height      int       `json:"height"`
	RTP         uint32    `json:"rtp"`               // RTP timestamp of the frame
	At          time.Time `json:"at"`                // arrival of the frame
	Recording   string    `json:"recording"`         // id of the recording that holds it
	Frame       int64     `json:"frame"`             // its number in that recording's frame index
	Quality     *Quality  `json:"quality,omitempty"` // of a document's side; nil where it wasn't measured
}

// Quality is what was measured of a captured document, see calls/legibility.
type Quality struct {
	Hint   string `json:"hint"`   // why it can't be read; empty if it can
	Bright int    `json:"bright"` // luma of the paper
	Burnt  int    `json:"burnt"`  // ‰ burnt out by glare
	Pitch  int    `json:"pitch"`  // tenths of a pixel from character to character of the zone
	Edge   int    `json:"edge"`   // tenths of a pixel from black to white
}

// Compare is what the manager decided by eye for one item.
type Compare struct {
	Decision string            `json:"decision"`
	Typed    ledger.Commitment `json:"typed,omitempty"` // what was read on the document
}

// ChatRef is a line of the chat; its text is personal.
type ChatRef struct {
	At   time.Time         `json:"at"`
	From string            `json:"from"` // Seller or Manager
	Text ledger.Commitment `json:"text"`
}

// NoteRef is a note of staff. Its content is a personal Note.
type NoteRef struct {
	At      time.Time         `json:"at"`
	Content ledger.Commitment `json:"content"`
}

// Note is the content of a staff note: a silent flag where Code is not empty.
type Note struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// Missing is one thing that keeps a pass locked.
type Missing struct {
	Code string `json:"code"` // "notice", "plan", "capture", "step", "code", "failed", "skipped", "features", "compare", "different"
	Item string `json:"item"` // person, step or item
}

// Text is the opened value of a commitment as a string, empty where it is not
// open or no string.
func (r *Room) Text(c ledger.Commitment) string {
	var text string
	if json.Unmarshal(r.Personal[c], &text) != nil {
		return ""
	}
	return text
}

// Hints are the opened codes of the screening, for staff.
func (r *Room) Hints() []string { return strings.Fields(r.Text(r.Screening)) }

// Note is the opened content of a staff note, empty where it is not open.
func (r *Room) Note(ref NoteRef) Note {
	var note Note
	if json.Unmarshal(r.Personal[ref.Content], &note) != nil {
		return Note{}
	}
	return note
}

// Agreed says whether a person's notice stands at agreed.
func (r *Room) Agreed(who string) bool { return r.Notices[who].Answer == NoticeAgreed }

// Missing lists what keeps a pass locked, in plan order: notices that don't
// stand, steps not done, failed or skipped too often, features of the face not
// looked at, items not seen or seen to differ. What the recorder covered is judged by who recorded.
func (r *Room) Missing() []Missing {
	var list []Missing
	for _, who := range []string{Seller, Manager} {
		if !r.Agreed(who) {
			list = append(list, Missing{"notice", who})
		}
	}
	list = append(list, r.missingSteps()...)
	if r.featuresOpen() {
		list = append(list, Missing{"features", "face"})
	}
	for _, item := range r.Items {
		switch r.Compares[item].Decision {
		case DecisionSame:
		case DecisionDifferent:
			list = append(list, Missing{"different", item})
		default:
			list = append(list, Missing{"compare", item})
		}
	}
	return list
}

// featuresOpen reports whether the face is compared and one of its features was
// not looked at yet.
func (r *Room) featuresOpen() bool {
	return slices.Contains(r.Items, "face") && slices.ContainsFunc(FaceFeatures, func(feature string) bool { return r.Compares[feature].Decision == "" })
}

func (r *Room) captured(slot string) bool { return r.captures(slot) > 0 }

func (r *Room) captures(slot string) int {
	count := 0
	for _, c := range r.Captures {
		if c.Slot == slot {
			count++
		}
	}
	return count
}
