package protocol

import "net/http"

// Code is the closed set of reasons for a refusal, the same on HTTP and
// WebSocket.
type Code string

// The codes. Table says what each means outside.
const (
	CodeMalformed     Code = "malformed"      // the message or request can't be read
	CodeTooLarge      Code = "too_large"      // over the size limit
	CodeTooMany       Code = "too_many"       // over the rate limit
	CodeUnauthorized  Code = "unauthorized"   // no session, or it has ended
	CodeForbidden     Code = "forbidden"      // this role may not do that
	CodeLinkUnknown   Code = "link_unknown"   // no such link
	CodeLinkExpired   Code = "link_expired"   // the link's time is over
	CodeRoomCancelled Code = "room_cancelled" // the appointment was cancelled
	CodeNotFound      Code = "not_found"      // no such thing, or not yours
	CodeWrongState    Code = "wrong_state"    // not possible in the room's state
	CodeConflict      Code = "conflict"       // somebody else was faster
	CodeSlotTaken     Code = "slot_taken"     // this time can't be booked any more, others can
	CodeLocked        Code = "locked"         // pass is locked, something is missing
	CodeNotPicture    Code = "not_a_picture"  // the file is no picture that can be read
	CodeNoVP8         Code = "no_vp8"         // the offer has no VP8 video or no Opus audio
	CodeBadSDP        Code = "bad_sdp"        // the offer can't be read
	CodeNoVideo       Code = "no_video"       // no video arrives from the seller
	CodeNoKeyFrame    Code = "no_key_frame"   // no complete picture before the deadline
	CodeNotStored     Code = "not_stored"     // the evidence store refused
	CodeNeedsNotice   Code = "needs_notice"   // the person has not agreed to the notice yet
	CodeNeedsAllow    Code = "needs_allow"    // another device is live; the manager must allow it
	CodeNeedsCode     Code = "needs_code"     // the seller has to enter a mailed code first
	CodeCodeWrong     Code = "code_wrong"     // the code is another
	CodeCodeOver      Code = "code_over"      // no code can be entered: too late, used, or tried too often
	CodeDamaged       Code = "record_damaged" // the stored record isn't the one that was signed
	CodeUnavailable   Code = "unavailable"    // a part that is needed is down, try again
	CodeInternal      Code = "internal"       // our fault
)

// Kind is how a code looks outside.
type Kind struct {
	Status    int  // HTTP status
	Close     int  // WebSocket close code when it ends the connection, RFC 6455 section 7.4
	Retryable bool // the same request may succeed later
}

// Table is the one table of codes.
var Table = map[Code]Kind{
	CodeMalformed:     {http.StatusBadRequest, 1008, false},
	CodeTooLarge:      {http.StatusRequestEntityTooLarge, 1009, false},
	CodeTooMany:       {http.StatusTooManyRequests, 1008, true},
	CodeUnauthorized:  {http.StatusUnauthorized, 4401, false},
	CodeForbidden:     {http.StatusForbidden, 4403, false},
	CodeLinkUnknown:   {http.StatusNotFound, 4404, false},
	CodeLinkExpired:   {http.StatusGone, 4410, false},
	CodeRoomCancelled: {http.StatusGone, 4410, false},
	CodeNotFound:      {http.StatusNotFound, 4404, false},
	CodeWrongState:    {http.StatusConflict, 4409, false},
	CodeConflict:      {http.StatusConflict, 4409, true},
	CodeSlotTaken:     {http.StatusConflict, 4409, false},
	CodeLocked:        {http.StatusConflict, 4409, false},
	CodeNotPicture:    {http.StatusUnprocessableEntity, 1008, false},
	CodeNoVP8:         {http.StatusUnprocessableEntity, 1008, false},
	CodeBadSDP:        {http.StatusUnprocessableEntity, 1008, false},
	CodeNoVideo:       {http.StatusConflict, 4409, true},
	CodeNoKeyFrame:    {http.StatusGatewayTimeout, 4504, true},
	CodeNotStored:     {http.StatusInsufficientStorage, 4507, true},
	CodeNeedsNotice:   {http.StatusConflict, 4409, false},
	CodeNeedsAllow:    {http.StatusConflict, 4409, true},
	CodeNeedsCode:     {http.StatusConflict, 4409, false},
	CodeCodeWrong:     {http.StatusConflict, 4409, false},
	CodeCodeOver:      {http.StatusGone, 4410, false},
	CodeDamaged:       {http.StatusInternalServerError, 4500, false},
	CodeUnavailable:   {http.StatusServiceUnavailable, 1013, true},
	CodeInternal:      {http.StatusInternalServerError, 1011, true},
}

// Fault is an error with a code. Message is in plain words and safe to show.
type Fault struct {
	Code    Code
	Message string
	Err     error // cause, for the log; may be nil
}

// Error implements error.
func (f *Fault) Error() string {
	if f.Err != nil {
		return string(f.Code) + ": " + f.Message + ": " + f.Err.Error()
	}
	return string(f.Code) + ": " + f.Message
}

// Unwrap gives the cause.
func (f *Fault) Unwrap() error { return f.Err }

// Faultf makes a Fault without a cause.
func Faultf(code Code, message string) *Fault { return &Fault{Code: code, Message: message} }
