package protocol

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Hello is the first message of a connection, within 10 s. Tab is random, made
// by the page and kept for its life: the same tab coming back resumes, another
// tab of the same browser takes over, another device has to be allowed.
//
// Nonce is the seller's share in drawing the plan: 16 random bytes in lower-case
// hex, of which the first that a room gets counts. Without it the server makes one
// and the ledger says so.
type Hello struct {
	Tab   string `json:"tab"`
	Nonce string `json:"nonce,omitempty"`
}

// Offer carries a complete SDP offer (RFC 3264). The answer carries all
// candidates; there is no trickle. It comes from a new PeerConnection, unless
// restart says that it restarts ICE (RFC 8445 section 9) on the one that the
// server knows, after the network has changed.
type Offer struct {
	SDP     string `json:"sdp"`
	Restart bool   `json:"restart,omitempty"` // refused with "wrong_state" where the server has none
}

// Notice is a person's answer to the notice about the recording. Until it was
// given with agree nothing of that person is recorded.
type Notice struct {
	Version  string `json:"version"`  // of the text shown, one that the server knows: "2026-11"
	Language string `json:"language"` // language it was shown in, BCP 47
	Agree    bool   `json:"agree"`
}

// Admit lets the waiting seller in (manager).
type Admit struct{}

// Mute tells the others that the sender's microphone or camera is off or on.
type Mute struct {
	Kind string `json:"kind"` // "audio" or "video"
	Off  bool   `json:"off"`
}

// Chat is a line of text to everybody in the call.
type Chat struct {
	Text string `json:"text"`
}

// SendCode has a six-digit code mailed to the seller (manager); when the first was
// sent, the seller can ask for another one too.
type SendCode struct{}

// CheckCode is the code that the seller enters in the call (seller). The answer is
// "ok" when it is the one that was sent and that stands in the ledger.
type CheckCode struct {
	Code string `json:"code"` // six digits
}

// Step makes a step of the plan the current one (manager); the seller's page
// shows its instruction.
type Step struct {
	Step string `json:"step"`
}

// StepResult says what came of a feature, a challenge or a question (manager); "open" takes it back.
type StepResult struct {
	Step   string `json:"step"`
	Result string `json:"result"`
	Reason string `json:"reason,omitempty"` // of "skipped", one of SkipReasons
}

// Capture asks for a picture in a slot (manager). The answer to a frame is "ok"
// when it is stored and in the ledger, to a clip when its some 5 s are over; to
// a photo it comes at once, and how it goes on is in the state.
type Capture struct {
	Slot string `json:"slot"`
	Kind string `json:"kind,omitempty"` // "frame" (also if empty), "clip" or "photo"
}

// Crop marks a region of a still (manager). It is kept as the rectangle and the
// still's digest, nothing is cut out.
type Crop struct {
	Still  string `json:"still"` // SHA-256 of the still, hex
	X      int    `json:"x"`     // pixels of the still, from its left edge
	Y      int    `json:"y"`     // from its upper edge
	Width  int    `json:"width"`
	Height int    `json:"height"`
}

// Device says what the seller's device can do and does (seller), again whenever
// that changes.
type Device struct {
	Photo  bool    `json:"photo"`            // a full-resolution photo beside the running camera
	Flip   bool    `json:"flip,omitempty"`   // there is a camera on its other side
	Torch  bool    `json:"torch,omitempty"`  // its lamp can be switched
	Zoom   float64 `json:"zoom,omitempty"`   // largest magnification, 0 where there is none
	Facing string  `json:"facing,omitempty"` // the open camera: "user", "environment", empty where unknown
	Lit    bool    `json:"lit,omitempty"`    // the lamp is on
	Zoomed float64 `json:"zoomed,omitempty"` // magnification now
}

// Command has the seller's device do something (manager), where the device said
// that it can. The seller sees it, and can take it back.
type Command struct {
	Act  string  `json:"act"`            // one of Commands
	On   bool    `json:"on,omitempty"`   // of "torch"
	Zoom float64 `json:"zoom,omitempty"` // of "zoom": magnification, 1 is none
}

// PhotoAnnounce says that the photo asked for was taken, before any of it is
// uploaded (seller). The answer is "ok" when that stands in the ledger; then the
// bytes go to POST /api/seller/photo/{nonce}.
type PhotoAnnounce struct {
	Nonce  string `json:"nonce"`  // of the photo message
	SHA256 string `json:"sha256"` // of the file's bytes, hex
	Size   int64  `json:"size"`   // bytes, at most MaxPhoto
}

// PhotoFailed says that the device took no photo (seller).
type PhotoFailed struct {
	Nonce string `json:"nonce"`
}

// Compare records what the manager saw by eye for one item.
type Compare struct {
	Item     string `json:"item"`
	Decision string `json:"decision"`
	Typed    string `json:"typed,omitempty"` // what the manager read on the document
}

// Note is a note of staff about the room, never shown to the seller.
type Note struct {
	Text string `json:"text"`
}

// Flag is a silent flag, never shown to the seller.
type Flag struct {
	Code string `json:"code"`
	Text string `json:"text,omitempty"`
}

// Verdict decides the room (manager). In a live call it ends the call first.
type Verdict struct {
	Verdict string   `json:"verdict"`
	Reasons []string `json:"reasons,omitempty"` // at least one unless pass
	Repeat  []string `json:"repeat,omitempty"`  // slots to repeat, recapture only
	Line    string   `json:"line,omitempty"`    // optional words to the seller
}

// End ends the call, from either side.
type End struct{}

// Withdraw takes the sender's consent back: recording of that person stops at
// once (seller).
type Withdraw struct{}

// AllowDevice lets another device of the seller take the call over (manager).
type AllowDevice struct {
	Allow bool `json:"allow"`
}

// Check implements ClientMessage.
func (m *Hello) Check() error {
	if m.Nonce != "" && !nonceForm.MatchString(m.Nonce) {
		return errors.New("nonce isn't 16 bytes in lower-case hex")
	}
	return text("tab", m.Tab, 8, MaxTab)
}

var (
	nonceForm = regexp.MustCompile(`^[0-9a-f]{32}$`)
	codeForm  = regexp.MustCompile(`^[0-9]{6}$`)
	stepForm  = regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,63}$`)
)

// Check implements ClientMessage.
func (m *Offer) Check() error { return text("sdp", m.SDP, 1, MaxSDP) }

// Check implements ClientMessage.
func (m *Notice) Check() error {
	return errors.Join(word("version", m.Version, NoticeVersions), text("language", m.Language, 2, 35))
}

// Check implements ClientMessage.
func (m *Admit) Check() error { return nil }

// Check implements ClientMessage.
func (m *Mute) Check() error { return word("kind", m.Kind, []string{"audio", "video"}) }

// Check implements ClientMessage.
func (m *Chat) Check() error { return text("text", m.Text, 1, MaxChat) }

// Check implements ClientMessage.
func (m *SendCode) Check() error { return nil }

// Check implements ClientMessage.
func (m *CheckCode) Check() error {
	if !codeForm.MatchString(m.Code) {
		return errors.New("a code has six digits") // not what was sent: it may be the code
	}
	return nil
}

// Check implements ClientMessage.
func (m *Step) Check() error { return step(m.Step) }

// Check implements ClientMessage.
func (m *StepResult) Check() error {
	err := errors.Join(step(m.Step), word("result", m.Result, StepResults))
	if m.Result == "skipped" {
		return errors.Join(err, word("reason", m.Reason, SkipReasons))
	}
	return errors.Join(err, text("reason", m.Reason, 0, 0))
}

func step(code string) error {
	if !stepForm.MatchString(code) {
		return fmt.Errorf("step %.32q is no code of a step", code)
	}
	return nil
}

// Check implements ClientMessage.
func (m *Capture) Check() error {
	if m.Kind == "" {
		return word("slot", m.Slot, Slots)
	}
	return errors.Join(word("slot", m.Slot, Slots), word("kind", m.Kind, CaptureKinds))
}

// Check implements ClientMessage.
func (m *Crop) Check() error {
	for field, value := range map[string]int{"x": m.X, "y": m.Y, "width": m.Width, "height": m.Height} {
		if value < 0 || value > maxEdge {
			return fmt.Errorf("%s is %d, allowed is 0 to %d", field, value, maxEdge)
		}
	}
	return hexText("still", m.Still, 64)
}

// maxEdge bounds a coordinate in a still: VP8 has 14 bits for it (RFC 6386 section 9.1).
const maxEdge = 1<<14 - 1

// Check implements ClientMessage.
func (m *Device) Check() error {
	return errors.Join(word("facing", m.Facing, []string{"", "user", "environment"}), magnification("zoom", m.Zoom), magnification("zoomed", m.Zoomed))
}

// Check implements ClientMessage.
func (m *Command) Check() error {
	return errors.Join(word("act", m.Act, Commands), magnification("zoom", m.Zoom))
}

func magnification(field string, value float64) error {
	if value < 0 || value > MaxZoom { // JSON has no NaN
		return fmt.Errorf("%s is %g, allowed is 0 to %d", field, value, MaxZoom)
	}
	return nil
}

// Check implements ClientMessage.
func (m *PhotoAnnounce) Check() error {
	if m.Size < 1 || m.Size > MaxPhoto {
		return fmt.Errorf("size is %d bytes, allowed are 1 to %d", m.Size, MaxPhoto)
	}
	return errors.Join(hexText("nonce", m.Nonce, nonceLength), hexText("sha256", m.SHA256, 64))
}

// Check implements ClientMessage.
func (m *PhotoFailed) Check() error { return hexText("nonce", m.Nonce, nonceLength) }

// Check implements ClientMessage.
func (m *Compare) Check() error {
	return errors.Join(word("item", m.Item, slices.Concat(Items, FaceFeatures)), word("decision", m.Decision, Decisions),
		text("typed", m.Typed, 0, MaxTyped))
}

// Check implements ClientMessage.
func (m *Note) Check() error { return text("text", m.Text, 1, MaxNote) }

// Check implements ClientMessage.
func (m *Flag) Check() error {
	return errors.Join(word("code", m.Code, Flags), text("text", m.Text, 0, MaxNote))
}

// Check implements ClientMessage.
func (m *Verdict) Check() error {
	if err := errors.Join(word("verdict", m.Verdict, Verdicts), text("line", m.Line, 0, MaxLine)); err != nil {
		return err
	}
	if len(m.Reasons) > MaxCauses || len(m.Repeat) > len(Slots) {
		return errors.New("too many reasons or repeats")
	}
	if m.Verdict != "pass" && len(m.Reasons) == 0 {
		return errors.New("reasons are missing, every verdict but pass needs one")
	}
	if m.Verdict != "recapture" && len(m.Repeat) > 0 {
		return errors.New("repeat goes with recapture only")
	}
	for _, reason := range m.Reasons {
		if err := word("reason", reason, Reasons); err != nil {
			return err
		}
	}
	for _, slot := range m.Repeat {
		if err := word("repeat", slot, Slots); err != nil {
			return err
		}
	}
	return nil
}

// Check implements ClientMessage.
func (m *End) Check() error { return nil }

// Check implements ClientMessage.
func (m *Withdraw) Check() error { return nil }

// Check implements ClientMessage.
func (m *AllowDevice) Check() error { return nil }

func text(field, value string, least, most int) error {
	if n := utf8.RuneCountInString(value); n < least || n > most {
		return fmt.Errorf("%s has %d characters, allowed are %d to %d", field, n, least, most)
	}
	return nil
}

// nonceLength is the length of a photo's nonce in hex digits: 128 bits.
const nonceLength = 32

func hexText(field, value string, length int) error {
	if len(value) != length || strings.Trim(value, "0123456789abcdef") != "" {
		return fmt.Errorf("%s is not of %d lower-case hex digits", field, length)
	}
	return nil
}

func word(field, value string, set []string) error {
	if !oneOf(value, set) {
		return fmt.Errorf("%s %.32q is not one of %v", field, value, set)
	}
	return nil
}
