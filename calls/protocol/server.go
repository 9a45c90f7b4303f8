package protocol

import "time"

// OK answers a client message that was done.
type OK struct{}

// Error answers a client message that was refused, or (without re) says why the
// connection is about to close. Code is one of the closed set in errors.go.
type Error struct {
	Code      Code   `json:"code"`
	Message   string `json:"message"` // plain words, English
	Retryable bool   `json:"retryable"`
}

// Answer carries the SDP answer, with all candidates.
type Answer struct {
	SDP string `json:"sdp"`
}

// Reoffer asks the page to make a new offer on a new PeerConnection.
type Reoffer struct{}

// Replaced says that another tab or device has taken the call over; the
// connection closes with 4001 and must not reconnect by itself.
type Replaced struct {
	By string `json:"by"` // "tab" or "device"
}

// Bye says that the server ends this connection politely.
type Bye struct {
	Cause string `json:"cause"` // "server_stopping", "call_over"
}

// State is everything the page shows, as seen by its role. The server sends it
// after hello and again whenever something in it changes; Rev rises by one each
// time. Fields marked staff are absent for a seller.
type State struct {
	Rev       int64      `json:"rev"`
	Now       time.Time  `json:"now"` // by the server's clock when it was sent: a device's own may be wrong
	Room      RoomView   `json:"room"`
	You       Person     `json:"you"`
	Peer      *Person    `json:"peer,omitempty"` // the other side, once known
	Step      string     `json:"step"`           // current step of the plan
	Steps     []StepView `json:"steps"`
	Chat      []ChatLine `json:"chat"` // oldest first, at most 200
	Recording bool       `json:"recording"`
	Code      *CodeView  `json:"code,omitempty"` // once a code was sent in the call
	LiveSince *time.Time `json:"liveSince,omitempty"`
	Grace     int        `json:"grace"`               // seconds that a lost side has to come back
	GraceEnds *time.Time `json:"graceEnds,omitempty"` // while interrupted
	Outcome   *Outcome   `json:"outcome,omitempty"`   // after the verdict, words of the seller's page
	Relay     *Relay     `json:"relay,omitempty"`     // the TURN server, where there is one
	Staff     *Staff     `json:"staff,omitempty"`     // staff
}

// Relay is a TURN server (RFC 8656) for networks that pass nothing but TLS, with
// the receiver's own credentials, good for half an hour at least; the fields
// are RTCIceServer's.
type Relay struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username"`
	Credential string   `json:"credential"`
}

// RoomView is the room as both sides may know it.
type RoomView struct {
	ID       string    `json:"id"`
	State    string    `json:"state"`
	At       time.Time `json:"at"`   // UTC
	Zone     string    `json:"zone"` // the seller's, IANA
	Language string    `json:"language"`
	Document string    `json:"document"` // type of the seller's, as profiles name it: "passport"; "other" where none is known
	Format   string    `json:"format"`   // its size by ISO/IEC 7810: "ID-1", "ID-2", "ID-3"
	Test     bool      `json:"test"`
	Cause    string    `json:"cause,omitempty"` // why interrupted, ended or aborted
}

// Person is one side of the call.
type Person struct {
	Role      Role   `json:"role"`
	Name      string `json:"name"`
	Connected bool   `json:"connected"` // its WebSocket is open
	Media     bool   `json:"media"`     // its media transport is up
	Notice    string `json:"notice"`    // "", "agreed", "declined", "withdrawn"
	AudioOff  bool   `json:"audioOff"`
	VideoOff  bool   `json:"videoOff"`
	Zone      string `json:"zone"` // IANA
	// Uplink is how fast this side's own picture and sound came some seconds
	// after they connected, kbit/s; 0 while that isn't measured.
	Uplink int `json:"uplink"`
}

// StepView is one step of the plan.
//
// The plan is drawn when the seller's page joins first; until then there are no
// steps. A seller gets the code and kind of the current step and of those done; of
// the others that they are there.
type StepView struct {
	Step   string `json:"step"`
	Kind   string `json:"kind"`
	Done   bool   `json:"done"`
	Result string `json:"result,omitempty"` // staff; of a feature, challenge or question
	Reason string `json:"reason,omitempty"` // staff; of one skipped
}

// CodeView is how it stands with the code that the seller enters in the call.
type CodeView struct {
	Sent  time.Time `json:"sent"`  // when the last one was
	Until time.Time `json:"until"` // it can be entered until then
	Again time.Time `json:"again"` // from when on another one can be sent
	Left  int       `json:"left"`  // tries
	Done  bool      `json:"done"`  // the right one was entered
}

// ChatLine is one line of the chat.
type ChatLine struct {
	At   time.Time `json:"at"`
	From Role      `json:"from"`
	Text string    `json:"text"`
}

// Outcome is what the seller reads after the verdict.
type Outcome struct {
	Verdict string   `json:"verdict"`
	Reasons []string `json:"reasons"`
	Repeat  []string `json:"repeat"`
	Line    string   `json:"line,omitempty"`
	Digest  string   `json:"digest,omitempty"` // bundle digest, hex, once sealed
}

// Staff is the part of State that no seller ever gets.
type Staff struct {
	Unstored    int               `json:"unstored,omitempty"` // changes that the server keeps while its store is away
	Application map[string]string `json:"application"`        // field name → value as filed
	Documents   []Document        `json:"documents"`
	Captures    []CaptureView     `json:"captures"`        // oldest first
	Clips       []ClipView        `json:"clips"`           // oldest first
	Photos      []PhotoView       `json:"photos"`          // oldest first
	Crops       []CropView        `json:"crops"`           // oldest first
	Photo       *PhotoProgress    `json:"photo,omitempty"` // the one under way, or the last that failed
	CanPhoto    bool              `json:"canPhoto"`        // the seller's device can take one now
	Tries       int               `json:"tries"`           // captures that a slot may have, 0: as many as wanted
	Device      Device            `json:"device"`          // what it can do, all false while it isn't here
	Compare     []CompareView     `json:"compare"`
	Notes       []NoteView        `json:"notes"`
	Flags       []NoteView        `json:"flags"`
	Missing     []Missing         `json:"missing"`   // what locks pass; empty when open
	CanCode     bool              `json:"canCode"`   // there is an address that a code can be mailed to
	NewDevice   bool              `json:"newDevice"` // another device of the seller asks to take over
}

// Document is a filed picture, or a PDF; its bytes are at /api/manager/rooms/{id}/documents/{sha256}.
type Document struct {
	Kind   string `json:"kind"` // "id_front", "id_back", "other"
	SHA256 string `json:"sha256"`
	Mime   string `json:"mime"`
	Width  int    `json:"width"` // 0 of a PDF
	Height int    `json:"height"`
}

// CaptureView is one still; its bytes are at /api/manager/rooms/{id}/stills/{sha256}.webp.
type CaptureView struct {
	Slot      string    `json:"slot"`
	SHA256    string    `json:"sha256"`
	Width     int       `json:"width"`
	Height    int       `json:"height"`
	At        time.Time `json:"at"`
	Recording string    `json:"recording"`      // id of the recording that holds the frame
	Frame     int64     `json:"frame"`          // its number in the recording's frame index
	Hint      string    `json:"hint,omitempty"` // why the document can't be read: "dark", "glare", "blur", "small", "cropped"

	Legible *Legible `json:"legible,omitempty"` // of a document
}

// Legible is what was measured of a captured document, see docs/legibility.md.
type Legible struct {
	Bright int `json:"bright"` // luma of the paper, 0 to 255
	Burnt  int `json:"burnt"`  // ‰ burnt out by glare
	Edge   int `json:"edge"`   // tenths of a pixel from black to white
}

// ClipView is a stretch of a recording, from key frame to key frame. After the
// seal the auditor's desk plays it.
type ClipView struct {
	Slot      string    `json:"slot"`
	At        time.Time `json:"at"` // of its first frame
	MS        int64     `json:"ms"` // its length
	Recording string    `json:"recording"`
	From      int64     `json:"from"` // its first frame's number in the recording's frame index
	To        int64     `json:"to"`   // its last frame's
}

// PhotoView is one photo of the sensor; a copy without its metadata is at
// /api/manager/rooms/{id}/photos/{sha256}. It is not from the stream: Frame is
// the stream's frame at the time of the shutter.
type PhotoView struct {
	Slot   string      `json:"slot"`
	SHA256 string      `json:"sha256"` // of the original bytes
	Mime   string      `json:"mime"`
	Width  int         `json:"width"`
	Height int         `json:"height"`
	At     time.Time   `json:"at"`    // when it was announced
	Frame  CaptureView `json:"frame"` // the stream's frame beside it
}

// PhotoProgress says how the photo that was asked for goes on.
type PhotoProgress struct {
	Slot     string `json:"slot"`
	Phase    string `json:"phase"` // "asked", "sending", "storing", "failed"
	Received int64  `json:"received"`
	Size     int64  `json:"size"`          // 0 until it was announced
	Why      string `json:"why,omitempty"` // plain words, when it failed
}

// CropView is a region of a still, in the still's pixels.
type CropView struct {
	Slot   string    `json:"slot"`
	Still  string    `json:"still"` // SHA-256 of the still
	X      int       `json:"x"`
	Y      int       `json:"y"`
	Width  int       `json:"width"`
	Height int       `json:"height"`
	At     time.Time `json:"at"`
}

// CompareView is what was decided for one item.
type CompareView struct {
	Item     string `json:"item"`
	Decision string `json:"decision"` // empty while open
	Typed    string `json:"typed,omitempty"`
}

// NoteView is a note or a silent flag.
type NoteView struct {
	At   time.Time `json:"at"`
	Code string    `json:"code,omitempty"`
	Text string    `json:"text"`
}

// Missing is one thing that keeps pass locked.
type Missing struct {
	Code string `json:"code"` // "capture", "code", "compare", "different", "coverage", "notice", "features", "plan", "step", "failed", "skipped"
	Item string `json:"item,omitempty"`
	Need int    `json:"need,omitempty"` // of "coverage": the ‰ of the call that the profile wants recorded
}

// Recorder is sent once a second to staff while a call is recorded.
type Recorder struct {
	Tracks []TrackStatus `json:"tracks"`
}

// TrackStatus is the recorder's light for one track.
type TrackStatus struct {
	Participant Role   `json:"participant"`
	Kind        string `json:"kind"` // "audio" or "video"
	Bytes       int64  `json:"bytes"`
	Coverage    int    `json:"coverage"` // recorded time per mille of live time
	Gaps        int    `json:"gaps"`
	Cause       string `json:"cause,omitempty"`   // of the newest gap
	Failing     string `json:"failing,omitempty"` // while nothing can be stored: "disk_full", "disk_fails", "disk_silent", "store_silent"
}

// Photo asks the seller's page for a full-resolution photo. Its digest must be
// announced before the deadline and before any of its bytes are sent.
type Photo struct {
	Nonce   string `json:"nonce"` // 128 random bits, hex
	Slot    string `json:"slot"`
	Seconds int    `json:"seconds"` // until the announcement must be here
}

// Do is a command of the manager to the seller's device.
type Do struct {
	Act  string  `json:"act"`            // one of Commands
	On   bool    `json:"on,omitempty"`   // of "torch"
	Zoom float64 `json:"zoom,omitempty"` // of "zoom": magnification, 1 is none
}

func (*OK) serverType() string       { return "ok" }
func (*Error) serverType() string    { return "error" }
func (*Answer) serverType() string   { return "answer" }
func (*Reoffer) serverType() string  { return "reoffer" }
func (*Replaced) serverType() string { return "replaced" }
func (*Bye) serverType() string      { return "bye" }
func (*State) serverType() string    { return "state" }
func (*Recorder) serverType() string { return "recorder" }
func (*Photo) serverType() string    { return "photo" }
func (*Do) serverType() string       { return "do" }
