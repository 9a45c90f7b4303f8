package rooms

import (
	"slices"
	"time"

	"verifycall/rooms/form"
	"verifycall/rooms/plan"
)

// What becomes of an interrupted call whose grace is over.
const (
	GraceResume = "resume" // booked again: the same record goes on by the same link
	GraceAbort  = "abort"  // the call has ended and can be judged as far as it came
)

// Times of an appointment.
const (
	InvitationLife = 14 * 24 * time.Hour // an invitation that isn't used ends
	OpenLife       = 24 * time.Hour      // a room made for now, or cut off, waits for its seller
	graceSlack     = 3 * time.Second     // the call's own node ends the grace before others do
	InstantGrace   = 5 * time.Minute     // a seller whose turn it is in the queue comes by then
)

// reminders are sent so long before the appointment.
var reminders = map[string]time.Duration{
	"reminder_24h": 24 * time.Hour, "reminder_1h": time.Hour, "reminder_10m": 10 * time.Minute,
}

func booked(r *Room, at time.Time, b body) {
	if !r.Booked.IsZero() {
		r.Sequence++
	}
	r.At, r.Booked, r.Reminded = b.time("appointment"), at, nil
	r.Came, r.Waited, r.Queued, r.Away, r.GraceEnds, r.Resumed = time.Time{}, false, time.Time{}, time.Time{}, time.Time{}, false
	r.Instant = b["instant"] == true
	for into, field := range map[*string]string{&r.Manager: "manager", &r.Zone: "zone", &r.Language: "language"} {
		if text := b.text(field); text != "" {
			*into = text
		}
	}
}

func cancelled(r *Room, _ time.Time, b body) {
	r.Cause = b.text("by")
	r.Sequence++
	r.Queued, r.Away = time.Time{}, time.Time{}
}

func came(r *Room, at time.Time, _ body) {
	if r.Came.IsZero() {
		r.Came = at
	}
}

// left says whether a seller who leaves the waiting room has waited in vain: the
// time had come and no manager had, or had not let the seller in for as long as
// the profile wants a seller to wait.
func left(r *Room, at time.Time, _ body) {
	since := later(r.At, r.Came)
	if at.After(r.At) && !r.Hosted() || at.Sub(since) >= r.ManagerGrace() {
		r.Waited = true
	}
}

// Hosted reports that the manager has come for this appointment: has agreed to
// the notice since it was made.
func (r *Room) Hosted() bool { return r.Agreed(Manager) && !r.Notices[Manager].At.Before(r.Booked) }

// termsOf are the fields of a room's first entry that pin what its profile says
// of time.
func termsOf(p *plan.Profile) map[string]any {
	return map[string]any{"after_grace": p.Interrupted.Then, "grace_s": p.Interrupted.Grace,
		"late_seller_min": p.Late.Seller, "late_manager_min": p.Late.Manager}
}

func terms(b body) Terms {
	return Terms{AfterGrace: b.text("after_grace"), Grace: int(b.number("grace_s")),
		LateSeller: int(b.number("late_seller_min")), LateManager: int(b.number("late_manager_min"))}
}

// GraceTime is how long an interrupted call waits for its people.
func (t Terms) GraceTime() time.Duration { return time.Duration(t.Grace) * time.Second }

// SellerGrace is how long after the appointment a seller may still come.
func (t Terms) SellerGrace() time.Duration { return time.Duration(t.LateSeller) * time.Minute }

// ManagerGrace is how long a waiting seller waits for the manager.
func (t Terms) ManagerGrace() time.Duration { return time.Duration(t.LateManager) * time.Minute }

func interrupted(r *Room, _ time.Time, b body) {
	r.Cause, r.GraceEnds = b.text("cause"), b.time("grace_ends")
}

func resumed(r *Room, at time.Time, _ body) {
	r.LiveSince, r.GraceEnds = at, time.Time{}
}

func postponed(r *Room, at time.Time, b body) {
	r.Cause, r.GraceEnds, r.Resumed, r.Booked = b.text("cause"), time.Time{}, true, at
	r.Came, r.Waited = time.Time{}, false
}

// deadlines gives what is to happen to a room by time alone, "kind" → when, ms
// since 1970. They stand in the index "due" and change with the room's entries,
// so that each belongs to the state it was set in.
func deadlines(r *Room) map[string]int64 {
	due := map[string]int64{}
	set := func(kind string, at time.Time) { due[kind] = at.UnixMilli() }
	switch r.State {
	case StateInvited:
		set("expire", r.Created.Add(InvitationLife))
		if !r.Away.IsZero() {
			set("queue", r.Away)
		}
	case StateBooked, StateWaiting:
		set("missed", r.MissedAt())
		for kind, before := range reminders {
			at := r.At.Add(-before)
			if r.SellerMail != "" && at.After(r.Booked) && !slices.Contains(r.Reminded, kind) {
				set(kind, at)
			}
		}
		if r.State == StateWaiting && r.Hosted() { // both are here
			delete(due, "missed")
		}
	case StateInterrupted:
		set("grace", r.GraceEnds.Add(graceSlack))
	}
	if at := r.reviewDue(); !at.IsZero() {
		set("close", at)
	}
	if at := r.purgeDue(); !at.IsZero() {
		set("purge", at)
	}
	return due
}

// MissedAt is when a room that nothing happens to is missed.
func (r *Room) MissedAt() time.Time {
	switch {
	case r.State == StateWaiting && r.Came.After(r.At):
		return r.Came.Add(r.ManagerGrace())
	case r.State == StateWaiting:
		return r.At.Add(r.ManagerGrace())
	case r.Waited:
		return later(r.At.Add(r.ManagerGrace()), r.Since)
	case r.Resumed, !r.At.After(r.Booked) && !r.Instant: // nobody chose that time
		return later(r.At, r.Booked).Add(OpenLife)
	}
	if r.Instant { // somebody waits, and others behind
		return r.ComeBy()
	}
	return later(r.At, r.Booked).Add(r.SellerGrace())
}

// ComeBy is when an appointment that the queue gave is over for a seller who has
// not come.
func (r *Room) ComeBy() time.Time { return r.At.Add(min(InstantGrace, r.SellerGrace())) }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// absent is who missed the appointment: the manager, where the seller is in the
// waiting room or left it unseen after the time had come.
func (r *Room) absent() string {
	if r.State == StateWaiting || r.Waited {
		return Manager
	}
	return Seller
}

// Miss ends an appointment that one side did not come to, once the profile's
// grace for that side is over. Who it was follows from the record. A call that was cut off and never
// went on has ended. Gone says that the manager, who had come, is not here any more.
type Miss struct{ Gone bool }

func (c Miss) decide(r *Room, now time.Time) ([]Draft, error) {
	if err := in(c, r, StateBooked, StateWaiting); err != nil {
		return nil, err
	}
	if _, set := deadlines(r)["missed"]; !set && !c.Gone || now.Before(r.MissedAt()) {
		return nil, &TransitionError{form.NameOf(c), r.State, "the grace for those who are late is not over", ErrTooEarly}
	}
	if r.Resumed { // what was recorded is judged
		return record(typeEnded, map[string]any{"cause": "P_DISCONNECT", "by": "system"}), nil
	}
	return record(typeNoShow, map[string]any{"who": r.absent()}), nil
}

// Remind says that a reminder of the appointment goes out: "reminder_24h",
// "reminder_1h", "reminder_10m". One is sent once; one whose time passed while
// nobody served is noted as late and not sent.
type Remind struct{ Kind string }

func (c Remind) decide(r *Room, now time.Time) ([]Draft, error) {
	if err := in(c, r, StateBooked, StateWaiting); err != nil {
		return nil, err
	}
	due, set := deadlines(r)[c.Kind]
	if _, known := reminders[c.Kind]; !known || !set {
		return nil, nil
	}
	if now.UnixMilli() < due {
		return nil, &TransitionError{form.NameOf(c), r.State, "the reminder is not due", ErrTooEarly}
	}
	body := map[string]any{"kind": c.Kind, "appointment": stamp(r.At)}
	if !now.Before(ReminderOver(c.Kind, r.At)) {
		body["late"] = true
	}
	return record(typeReminded, body), nil
}

// ReminderOver is when a reminder of an appointment has no use any more: the
// time of the next one, or of the appointment itself.
func ReminderOver(kind string, at time.Time) time.Time {
	over := at
	for _, before := range reminders {
		if next := at.Add(-before); before < reminders[kind] && next.Before(over) {
			over = next
		}
	}
	return over
}

func reminded(r *Room, _ time.Time, b body) {
	r.Reminded = append(r.Reminded, b.text("kind"))
}

// EndGrace ends the wait of an interrupted call as the room's profile says.
type EndGrace struct{}

func (c EndGrace) decide(r *Room, now time.Time) ([]Draft, error) {
	if err := in(c, r, StateInterrupted); err != nil {
		return nil, err
	}
	if now.Before(r.GraceEnds) {
		return nil, &TransitionError{form.NameOf(c), r.State, "the grace is not over", ErrTooEarly}
	}
	if r.AfterGrace == GraceResume {
		return record(typePostponed, map[string]any{"cause": "P_DISCONNECT"}), nil
	}
	return record(typeEnded, map[string]any{"cause": "P_DISCONNECT", "by": "system"}), nil
}
