package signaling

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/mail/letter"
	"verifycall/rooms"
	"verifycall/rooms/calendar"
	"verifycall/rooms/calendars"
	"verifycall/signaling/intake"
)

// SlotView is a time that can be booked, and the zone of the account manager who
// would hold the call.
type SlotView struct {
	At   time.Time `json:"at"`   // UTC
	Zone string    `json:"zone"` // IANA
}

// AppointmentView is a room's appointment as its seller sees it.
type AppointmentView struct {
	Now         time.Time  `json:"now"` // by the server's clock
	State       string     `json:"state"`
	Missed      string     `json:"missed,omitempty"` // who did not come: "seller", "manager"
	At          *time.Time `json:"at,omitempty"`     // UTC; absent while there is none
	Zone        string     `json:"zone"`             // the seller's
	Language    string     `json:"language"`
	SellerName  string     `json:"sellerName"`
	ManagerName string     `json:"managerName"` // empty while there is none
	ManagerZone string     `json:"managerZone"`
	Books       bool       `json:"books"` // the seller can choose or move the time now
	Cancels     bool       `json:"cancels"`
	Minutes     int        `json:"minutes"`  // that the call is planned for
	Mail        bool       `json:"mail"`     // an address is known, reminders go there
	Code        bool       `json:"code"`     // the call wants a mailed code first
	Queued      bool       `json:"queued"`   // has a place in the instant queue
	KeepDays    int        `json:"keepDays"` // after the call, of what is kept longest; the notice says it
}

func (s *Server) bookingRoutes() map[string]door {
	return map[string]door{
		"GET /api/seller/appointment":     s.as(access.SellerAppointment, s.sellerAppointment),
		"GET /api/seller/slots":           s.as(access.SellerAppointment, s.sellerSlots),
		"POST /api/seller/appointment":    s.as(access.SellerBook, s.sellerBook),
		"GET /api/seller/appointment.ics": s.as(access.SellerAppointment, s.sellerCalendar),
		"POST /api/seller/cancel":         s.as(access.SellerBook, s.sellerCancel),
		"GET /api/manager/availability":   s.as(access.ManagerDesk, s.managerAvailability),
		"POST /api/manager/availability":  s.as(access.ManagerHours, s.managerSetAvailability),
	}
}

func sellerRoom(who session) (*rooms.Room, error) {
	return who.at, openToSeller(who.at)
}

func (s *Server) sellerAppointment(w http.ResponseWriter, r *http.Request, who session) error {
	room, err := sellerRoom(who)
	if err != nil {
		return err
	}
	return s.writeAppointment(w, r, room, who)
}

func (s *Server) writeAppointment(w http.ResponseWriter, r *http.Request, room *rooms.Room, who session) error {
	view, err := s.appointmentOf(r.Context(), room, who)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, view)
}

func (s *Server) appointmentOf(ctx context.Context, room *rooms.Room, who session) (AppointmentView, error) {
	if room.Over() && !who.Proved { // names open by a code then
		return AppointmentView{Now: s.now().UTC(), State: room.State, Zone: room.Zone, Language: room.Language, Mail: room.SellerMail != ""}, nil
	}
	view := AppointmentView{Now: s.now().UTC(), Queued: room.State == rooms.StateInvited && !room.Queued.IsZero(), State: room.State, Zone: room.Zone, Language: room.Language, SellerName: room.Text(room.SellerName),
		Books: movable(room, time.Now()), Minutes: calendar.Default(room.Zone).Length, Mail: room.SellerMail != "", Code: !who.Proved && s.cfg.House.WantsCode(room),
		KeepDays: room.KeptLongest(), Cancels: slices.Contains([]string{rooms.StateInvited, rooms.StateBooked, rooms.StateNoShow}, room.State)}
	if room.State == rooms.StateNoShow {
		view.Missed = room.Cause
	}
	if !room.At.IsZero() {
		at := room.At.UTC()
		view.At = &at
	}
	if room.Manager == "" || room.State == rooms.StateInvited {
		return view, nil
	}
	account, err := s.cfg.Rooms.Accounts.Get(ctx, room.Manager)
	switch {
	case err == nil:
		view.ManagerName, view.ManagerZone = account.Name, account.Zone
	case !errors.Is(err, rooms.ErrNotFound): // a robot's room has none
		return AppointmentView{}, fmt.Errorf("account manager: %w", err)
	}
	view.Minutes = int(s.lengthOf(ctx, room) / time.Minute)
	return view, nil
}

// movable says whether a seller can choose a time: not in a call, and not of a
// room that was made for now while that has not passed.
func movable(room *rooms.Room, now time.Time) bool {
	switch room.State {
	case rooms.StateInvited:
		return true
	case rooms.StateBooked:
		return room.At.After(now) || room.Resumed
	case rooms.StateNoShow:
		return now.Sub(room.Since) < rooms.NoShowGrace
	case rooms.StateCancelled:
		return room.Rebooks(now)
	}
	return false
}

// sellerSlots lists what can be booked. The form value language asks for a call
// in another language than the room's.
func (s *Server) sellerSlots(w http.ResponseWriter, r *http.Request, who session) error {
	room, err := sellerRoom(who)
	if err != nil {
		return err
	}
	language := r.FormValue("language")
	if language != "" && !intake.IsLanguage(language) {
		return malformed("language is no language tag such as en or pt-BR.")
	}
	slots, err := s.cfg.Rooms.Offers(r.Context(), room, language)
	if err != nil {
		return fmt.Errorf("slots: %w", err)
	}
	languages, err := s.cfg.Rooms.Calendars.Languages(r.Context())
	if err != nil {
		return fmt.Errorf("languages: %w", err)
	}
	return writeJSON(w, http.StatusOK, map[string]any{"slots": slotViews(slots), "languages": orEmpty(languages)})
}

func slotViews(slots []calendars.Slot) []SlotView {
	views := make([]SlotView, 0, len(slots))
	for _, slot := range slots {
		views = append(views, SlotView{slot.At.UTC(), slot.Zone})
	}
	return views
}

type bookRequest struct {
	At       time.Time `json:"at"`
	Zone     string    `json:"zone"`     // the seller's, empty = as it is
	Language string    `json:"language"` // of the call, empty = as it is
}

func (s *Server) sellerBook(w http.ResponseWriter, r *http.Request, who session) error {
	var req bookRequest
	if err := readSmall(w, r, &req); err != nil {
		return err
	}
	if req.Zone != "" && !intake.IsZone(req.Zone) {
		return malformed("zone is no time zone name such as America/Toronto.")
	}
	if req.Language != "" && !intake.IsLanguage(req.Language) {
		return malformed("language is no language tag such as en or pt-BR.")
	}
	room, err := sellerRoom(who)
	if err != nil {
		return err
	}
	if !movable(room, time.Now()) && !room.At.Equal(req.At) { // the same time again: its answer was lost
		return protocol.Faultf(protocol.CodeWrongState, "The time can't be changed any more.")
	}
	room, err = s.cfg.Rooms.Book(r.Context(), room.ID, "seller", rooms.Wish{At: req.At, Zone: req.Zone, Language: req.Language})
	if err != nil {
		return err
	}
	s.cfg.House.Refresh(room.ID)
	return s.writeAppointment(w, r, room, who)
}

func (s *Server) sellerCancel(w http.ResponseWriter, r *http.Request, who session) error {
	room, err := sellerRoom(who)
	if err != nil {
		return err
	}
	if room.State == rooms.StateWaiting {
		return protocol.Faultf(protocol.CodeWrongState, "Leave the waiting room first.")
	}
	if room, err = s.cfg.Rooms.Do(r.Context(), room.ID, "seller", rooms.Cancel{By: rooms.Seller}); err != nil {
		return err
	}
	s.cfg.House.Refresh(room.ID)
	return s.writeAppointment(w, r, room, who)
}

func (s *Server) managerAvailability(w http.ResponseWriter, r *http.Request, who session) error {
	return s.writeAvailability(w, r, who.Subject)
}

func (s *Server) writeAvailability(w http.ResponseWriter, r *http.Request, manager string) error {
	c, err := s.cfg.Rooms.Calendars.Get(r.Context(), manager)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, c.Availability)
}

func (s *Server) managerSetAvailability(w http.ResponseWriter, r *http.Request, who session) error {
	return s.setAvailability(w, r, actorOf(who), who.Subject, false)
}

// maxAvailability bounds a calendar's terms: 400 days off and 60 hours fit well.
const maxAvailability = 64 << 10

func (s *Server) setAvailability(w http.ResponseWriter, r *http.Request, actor, manager string, operator bool) error {
	terms := calendar.Default("UTC")
	if err := readJSON(w, r, maxAvailability, &terms); err != nil {
		return err
	}
	if !operator { // a certification isn't the manager's own to prolong
		now, err := s.cfg.Rooms.Calendars.Get(r.Context(), manager)
		if err != nil {
			return err
		}
		terms.Certified = now.Certified
	}
	if err := s.cfg.Rooms.Calendars.Set(r.Context(), actor, manager, terms); err != nil {
		return err
	}
	return s.writeAvailability(w, r, manager)
}

func (s *Server) restCalendar(w http.ResponseWriter, r *http.Request, _ apiKey) error {
	return s.writeAvailability(w, r, r.PathValue("id"))
}

func (s *Server) restSetCalendar(w http.ResponseWriter, r *http.Request, key apiKey) error {
	return s.setAvailability(w, r, key.actor(), r.PathValue("id"), true)
}

// sellerCalendar is the appointment's calendar file.
func (s *Server) sellerCalendar(w http.ResponseWriter, r *http.Request, who session) error {
	room, err := sellerRoom(who)
	if err != nil {
		return err
	}
	if room.At.IsZero() {
		return protocol.Faultf(protocol.CodeNotFound, "There is no appointment yet.")
	}
	l := letter.Letter{Language: room.Language, Appointment: letter.Appointment{Room: room.ID, At: room.At, Length: s.lengthOf(r.Context(), room),
		Zone: room.Zone, Sequence: room.Sequence, Stamp: room.Booked, Host: s.cfg.Public.Hostname()}}
	text, err := l.Calendar("PUBLISH") // into a calendar by hand: nobody is asked for an answer
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8; method=PUBLISH")
	w.Header().Set("Content-Disposition", `attachment; filename="verifycall.ics"`)
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(text)
	return nil
}

// lengthOf is how long a room's call is planned for.
func (s *Server) lengthOf(ctx context.Context, room *rooms.Room) time.Duration {
	if c, err := s.cfg.Rooms.Calendars.Get(ctx, room.Manager); err == nil {
		return c.CallLength()
	}
	return time.Duration(calendar.Default(room.Zone).Length) * time.Minute // nobody's calendar
}
