package rooms

import (
	"maps"
	"strings"
	"time"

	"verifycall/rooms/form"
	"verifycall/rooms/plan"
)

// NoShowGrace is how long after a missed appointment the link still books.
const NoShowGrace = 24 * time.Hour

const (
	maxFields = 40 // of the application
	maxHints  = 8
)

// CreateRoom makes a room: booked for At, invited where At is zero. Name, mail,
// the application's values, hints and helper are personal. Link is a seller's link, see
// NewToken and HashToken.
type CreateRoom struct {
	ID          string // from NewRoomID, where something has to be stored under it before; else empty
	SellerName  string
	SellerMail  string // may be empty
	Application map[string]string
	Documents   []Document
	Hints       []string // codes of a screening, for the account manager alone
	Helper      string   // code of who helps the seller, "interpreter"; may be empty
	Language    string
	Zone        string
	At          time.Time
	Manager     string        // staff id, may be empty
	Profile     *plan.Profile // plan.Default's DefaultProfile where nil
	Seed        []byte        // plan.SeedSize random bytes; Store.Create makes them where nil
	Test        bool
	Prev        string // id of the room that this one goes on from, may be empty
	Link        Link
}

// Link is the hash of a link's token and when it stops working.
type Link struct {
	Hash    string
	Expires time.Time
}

func (c CreateRoom) decide(r *Room, now time.Time) ([]Draft, error) {
	if r.State != "" {
		return nil, refuse(c, r, "the room is there already")
	}
	if c.Profile == nil {
		var err error
		if c.Profile, err = plan.Default().Profile(DefaultProfile); err != nil {
			return nil, err
		}
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	body := map[string]any{
		"room": r.ID, "profile": c.Profile.ID(), "profile_sha256": c.Profile.Digest(), "language": c.Language, "zone": c.Zone, "test": c.Test,
		"seller_name": personal{c.SellerName}, "application": c.application(), "documents": c.documents(),
	}
	seedOf(c.Seed, body)
	if c.SellerMail != "" {
		body["seller_mail"] = personal{c.SellerMail}
	}
	if len(c.Hints) > 0 {
		body["hints"] = personal{strings.Join(c.Hints, " ")}
	}
	if c.Helper != "" {
		body["helper"] = personal{c.Helper}
	}
	if c.Manager != "" {
		body["manager"] = c.Manager
	}
	if !c.At.IsZero() {
		body["appointment"] = stamp(c.At)
	}
	if c.Prev != "" {
		body["prev"] = c.Prev
	}
	maps.Copy(body, termsOf(c.Profile))
	maps.Copy(body, keepingOf(c.Profile))
	maps.Copy(body, reviewTermsOf(c.Profile))
	drafts := record(typeCreated, body)
	if c.Link.Hash != "" {
		drafts = append(drafts, linkAdded(c.Link)...)
	}
	return drafts, nil
}

func (c CreateRoom) check() error {
	if c.SellerName == "" {
		return &form.InputError{Command: form.NameOf(c), Field: "seller name", Why: "is missing"}
	}
	if len(c.Application) > maxFields {
		return &form.InputError{Command: form.NameOf(c), Field: "application", Why: "has too many fields"}
	}
	if len(c.Hints) > maxHints {
		return &form.InputError{Command: form.NameOf(c), Field: "hints", Why: "has too many codes"}
	}
	if len(c.Seed) != plan.SeedSize {
		return &form.InputError{Command: form.NameOf(c), Field: "seed", Why: "has the wrong length"}
	}
	err := form.First(form.Check(c, "language", c.Language, form.Code),
		form.Check(c, "zone", c.Zone, form.Zone))
	if c.Manager != "" {
		err = form.First(err, form.Check(c, "manager", c.Manager, form.Code))
	}
	if c.Prev != "" {
		err = form.First(err, form.Check(c, "room before", c.Prev, form.Room))
	}
	for field := range c.Application {
		err = form.First(err, form.Check(c, "application field", field, form.Field))
	}
	for _, hint := range c.Hints {
		err = form.First(err, form.Check(c, "hint", hint, form.Code))
	}
	if c.Helper != "" {
		err = form.First(err, form.Check(c, "helper", c.Helper, form.Code))
	}
	for _, d := range c.Documents {
		err = form.First(err, form.Check(c, "document kind", d.Kind, form.Code), form.Check(c, "document digest", d.SHA256, form.Hash),
			form.Check(c, "document type", d.Mime, form.ASCII))
	}
	if c.Link.Hash != "" {
		err = form.First(err, form.Check(c, "link", c.Link.Hash, form.Hash))
	}
	return err
}

func (c CreateRoom) application() map[string]any {
	fields := make(map[string]any, len(c.Application))
	for field, value := range c.Application {
		fields[field] = personal{value}
	}
	return fields
}

func (c CreateRoom) documents() []any {
	list := make([]any, 0, len(c.Documents))
	for _, d := range c.Documents {
		list = append(list, map[string]any{"kind": d.Kind, "sha256": d.SHA256, "mime": d.Mime,
			"size": d.Size, "width": d.Width, "height": d.Height})
	}
	return list
}

// AddLink gives the seller another link; earlier ones go on working, see ReplaceLinks.
type AddLink struct{ Link }

func (c AddLink) decide(r *Room, now time.Time) ([]Draft, error) {
	return c.addTo(r, c)
}

// ReplaceLinks gives the seller another link and ends all before it, with the
// sessions that began by them.
type ReplaceLinks struct{ Link }

func (c ReplaceLinks) decide(r *Room, now time.Time) ([]Draft, error) {
	added, err := c.addTo(r, c)
	if err != nil {
		return nil, err
	}
	return append(record(typeLinksEnded, nil), added...), nil
}

// addMailLink is AddLink for a token that follows from Room.LinksFrom as it was.
type addMailLink struct {
	Link
	from int64
}

func (c addMailLink) decide(r *Room, now time.Time) ([]Draft, error) {
	if r.LinksFrom != c.from {
		return nil, ErrConflict
	}
	return c.addTo(r, AddLink{c.Link})
}

// addTo adds a link, for a command.
func (l Link) addTo(r *Room, c Command) ([]Draft, error) {
	if err := form.First(in(c, r, StateInvited, StateBooked, StateWaiting, StateLive, StateInterrupted, StateEnded,
		StateDecided, StateNoShow), form.Check(c, "link", l.Hash, form.Hash)); err != nil {
		return nil, err
	}
	return linkAdded(l), nil
}

func linkAdded(l Link) []Draft {
	return record(typeLinkAdded, map[string]any{"link": l.Hash, "expires": stamp(l.Expires)})
}

// Reschedule books the room for another time: one that is invited or booked, an
// interrupted one that goes on later, and one that was missed within 24 h.
type Reschedule struct{ At time.Time }

func (c Reschedule) decide(r *Room, now time.Time) ([]Draft, error) {
	if err := movable(c, r, now); err != nil {
		return nil, err
	}
	if c.At.IsZero() {
		return nil, &form.InputError{Command: form.NameOf(c), Field: "time", Why: "is missing"}
	}
	return record(typeBooked, map[string]any{"appointment": stamp(c.At)}), nil
}

// Cancel calls the room off before a call. Who has called it off may say so again:
// the answer may have been lost.
type Cancel struct{ By string }

func (c Cancel) decide(r *Room, now time.Time) ([]Draft, error) {
	if r.State == StateCancelled && r.Cause == c.By {
		return nil, nil
	}
	if err := form.First(in(c, r, StateInvited, StateBooked, StateWaiting, StateNoShow), form.Check(c, "by", c.By, form.Code)); err != nil {
		return nil, err
	}
	return record(typeCancelled, map[string]any{"by": c.By}), nil
}

// Expire ends an invitation that nobody took up in its time.
type Expire struct{}

func (c Expire) decide(r *Room, now time.Time) ([]Draft, error) {
	if err := in(c, r, StateInvited); err != nil { // who booked meanwhile has the appointment
		return nil, err
	}
	return record(typeExpired, nil), nil
}

// NoShow says that Who (Seller or Manager) did not come to the appointment. A
// seller in the waiting room has come.
type NoShow struct{ Who string }

func (c NoShow) decide(r *Room, now time.Time) ([]Draft, error) {
	if err := form.First(in(c, r, StateBooked, StateWaiting), form.OneOf(c, "who", c.Who, Seller, Manager)); err != nil {
		return nil, err
	}
	if c.Who == Seller && r.State == StateWaiting {
		return nil, refuse(c, r, "the seller is in the waiting room")
	}
	if now.Before(r.At) {
		return nil, &TransitionError{form.NameOf(c), r.State, "the appointment is still to come", ErrTooEarly}
	}
	return record(typeNoShow, map[string]any{"who": c.Who}), nil
}

// stamp is how times stand in bodies.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
