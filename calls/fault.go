package calls

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/media"
	"verifycall/rooms"
	"verifycall/rooms/db"
	"verifycall/rooms/form"
)

// Fault gives an error of this package, or of those below it, its code and its
// plain words; what it doesn't know is internal.
func Fault(err error) *protocol.Fault {
	var f *protocol.Fault
	var illegal *rooms.TransitionError
	var input *form.InputError
	var damaged *db.DamagedError
	of := func(code protocol.Code, message string) *protocol.Fault {
		return &protocol.Fault{Code: code, Message: message, Err: err}
	}
	if refused := access.Refused(err); refused != nil {
		return refusal(refused)
	}
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, rooms.ErrNeedsNotice):
		return of(protocol.CodeNeedsNotice, "Both people have to agree to the notice first.")
	case errors.As(err, &input):
		return of(protocol.CodeMalformed, "This can't be taken as it is: "+input.Field+" "+input.Why+".")
	case errors.As(err, &illegal):
		return of(protocol.CodeWrongState, "That is not possible now: "+illegal.Why+".")
	case errors.Is(err, rooms.ErrPassLocked):
		return of(protocol.CodeLocked, "Pass is locked, something is still missing.")
	case errors.As(err, &damaged):
		return of(protocol.CodeDamaged, "Record damaged: what is stored isn't what was signed. Nobody can go on with this room until an operator has looked at it.")
	case errors.Is(err, rooms.ErrNotFound):
		return of(protocol.CodeNotFound, "There is no such room.")
	case errors.Is(err, rooms.ErrConflict):
		return of(protocol.CodeConflict, "Somebody else changed this at the same moment. Try again.")
	case errors.Is(err, rooms.ErrFenced), errors.Is(err, rooms.ErrHeld), errors.Is(err, rooms.ErrLapsed):
		return of(protocol.CodeUnavailable, "The call moves to another server. Try again in a moment.")
	case errors.Is(err, rooms.ErrEarlierNode):
		return of(protocol.CodeUnavailable, "The servers are being renewed. Try again in some minutes.")
	case errors.Is(err, media.ErrNoVP8), errors.Is(err, media.ErrNoOpus):
		return of(protocol.CodeNoVP8, "This browser offers no VP8 video or no Opus sound. Use a current Chrome, Firefox or Safari.")
	case errors.Is(err, media.ErrBadSDP):
		return of(protocol.CodeBadSDP, "The browser's media offer can't be read.")
	case errors.Is(err, rooms.ErrUnknown), errors.Is(err, db.ErrAway), errors.Is(err, context.DeadlineExceeded):
		return of(protocol.CodeUnavailable, "The server could not store that. Try again.")
	}
	return of(protocol.CodeInternal, "Something went wrong on our side. Try again.")
}

// refusal says in plain words what the table of access refuses.
func refusal(r *access.Refusal) *protocol.Fault {
	of := func(code protocol.Code, message string) *protocol.Fault {
		return &protocol.Fault{Code: code, Message: message, Err: r}
	}
	switch r.Why {
	case access.WhySignIn:
		return of(protocol.CodeUnauthorized, "You are not signed in here.")
	case access.WhyHidden:
		return of(protocol.CodeNotFound, "There is no such room, or it is not yours.")
	case access.WhyScope:
		return of(protocol.CodeForbidden, "This key lacks the scope "+r.Scope+".")
	case access.WhyReason:
		return of(protocol.CodeForbidden, "Say why: reason must be one of "+strings.Join(access.Reasons, ", ")+".")
	}
	return of(protocol.CodeForbidden, "Your role may not do that.")
}

// cmdName names a command in the log: its type without the package.
func cmdName(cmd rooms.Command) string {
	_, name, _ := strings.Cut(fmt.Sprintf("%T", cmd), ".")
	return name
}
