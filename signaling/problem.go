package signaling

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"

	"verifycall/calls"
	"verifycall/calls/protocol"
	"verifycall/recorder/evidence/objects"
	"verifycall/rooms"
	"verifycall/rooms/calendars"
)

// Problem is the body of every HTTP error, RFC 9457, with the code and the
// retryability of protocol.Table.
type Problem struct {
	Type      string        `json:"type"`
	Title     string        `json:"title"`
	Status    int           `json:"status"`
	Code      protocol.Code `json:"code"`
	Detail    string        `json:"detail"` // plain words, safe to show
	Retryable bool          `json:"retryable"`
	Nearest   []SlotView    `json:"nearest,omitempty"` // with slot_taken: what can be booked instead
}

// problemOf gives what a fault looks like outside.
func problemOf(f *protocol.Fault) Problem {
	kind := protocol.Table[f.Code]
	var taken *calendars.TakenError
	var near []SlotView
	if errors.As(f, &taken) {
		near = slotViews(taken.Nearest)
	}
	return Problem{Nearest: near, Type: "urn:verifycall:problem:" + string(f.Code), Title: http.StatusText(kind.Status),
		Status: kind.Status, Code: f.Code, Detail: f.Message, Retryable: kind.Retryable}
}

func writeProblem(w http.ResponseWriter, f *protocol.Fault) {
	p := problemOf(f)
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Del("ETag")
	if f.Code == protocol.CodeTooMany {
		h.Set("Retry-After", strconv.Itoa(retryAfter(f)))
	}
	h.Del("Content-Disposition")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client is gone if this fails
}

// retryAfter is what RFC 9110 section 10.2.3 asks for, in seconds.
func retryAfter(f *protocol.Fault) int {
	var over *tooMany
	if !errors.As(f, &over) {
		return 10
	}
	return max(1, int(math.Ceil(over.wait.Seconds())))
}

// faultOf gives every error that can reach the outside its code and its plain
// words. A fault keeps its own.
func faultOf(err error) *protocol.Fault {
	var fault *protocol.Fault
	var tooLarge *http.MaxBytesError
	var taken *calendars.TakenError
	of := func(code protocol.Code, message string) *protocol.Fault {
		return &protocol.Fault{Code: code, Message: message, Err: err}
	}
	switch {
	case errors.As(err, &fault):
		return fault
	case errors.As(err, &taken):
		return of(protocol.CodeSlotTaken, "This time was just taken.")
	case errors.Is(err, rooms.ErrCursor):
		return of(protocol.CodeMalformed, "The cursor is none that a list gave.")
	case errors.As(err, &tooLarge):
		return of(protocol.CodeTooLarge, "That is too much in one request.")
	case errors.Is(err, rooms.ErrLinkExpired):
		return of(protocol.CodeLinkExpired, "The time of this link is over.")
	case errors.Is(err, rooms.ErrNotFound), errors.Is(err, objects.ErrNotFound), errors.Is(err, objects.ErrName):
		return of(protocol.CodeNotFound, "There is no such thing here, or it is not yours.")
	case errors.Is(err, objects.ErrExists):
		return of(protocol.CodeNotStored, "The evidence store refused the file.")
	}
	return calls.Fault(err)
}

func malformed(message string) *protocol.Fault {
	return protocol.Faultf(protocol.CodeMalformed, message)
}
