package calls_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"verifycall/calls/protocol"
	"verifycall/rooms"
	"verifycall/rooms/limits"
	"verifycall/rooms/plan"
)

// mailed gives the code of the newest mail to a room's seller.
func (r *rig) mailed(room string) string {
	r.t.Helper()
	mails, err := r.rooms.Outbox.Take(r.t.Context(), 20)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, m := range mails {
		if code, is, err := r.rooms.MailedCode(r.t.Context(), m); err != nil {
			r.t.Fatal(err)
		} else if is && m.Room == room {
			return code
		}
	}
	r.t.Fatal("no mail brings a code")
	return ""
}

// bookCoded makes a room whose plan has a step of the code.
func (r *rig) bookCoded() string {
	r.t.Helper()
	profile, err := plan.Default().Profile("bafin_like-2")
	if err != nil {
		r.t.Fatal(err)
	}
	room, err := r.rooms.Create(r.t.Context(), "system", rooms.CreateRoom{SellerName: "Anna", SellerMail: "anna@example.org", Language: "en",
		Zone: "UTC", At: time.Now(), Manager: "jonas", Profile: profile})
	if err != nil {
		r.t.Fatal(err)
	}
	return room.ID
}

func notCode(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

func lacks(s *protocol.State, code string) bool {
	return slices.ContainsFunc(s.Staff.Missing, func(m protocol.Missing) bool { return m.Code == code })
}

// The whole step: sent by the manager, entered wrongly and rightly by the seller,
// over a restart of the server in between. Pass wants it, the ledger tells it, and
// neither the code nor the address stands anywhere.
func TestCodeInTheCall(t *testing.T) {
	r := &rig{t: t, dir: t.TempDir(), mails: true}
	r.bare = len(r.scratch())
	r.start()
	t.Cleanup(func() { r.stop() })
	room, seller, manager := r.admittedTo(r.bookCoded())
	s := manager.until("a step of the code", func(s *protocol.State) bool { return lacks(s, "code") && s.Staff.CanCode })
	if n := len(s.Steps); s.Steps[n-2].Step != "CODE" || s.Steps[n-2].Kind != "code" || s.Code != nil {
		t.Fatalf("steps %+v, code %+v", s.Steps, s.Code)
	}
	seller.refused(&protocol.SendCode{}, protocol.CodeWrongState) // the manager sends the first one
	seller.refused(&protocol.CheckCode{Code: "123456"}, protocol.CodeWrongState)
	manager.refused(&protocol.CheckCode{Code: "123456"}, protocol.CodeForbidden)
	manager.do(&protocol.Step{Step: "CODE"})
	manager.refused(&protocol.StepResult{Step: "CODE", Result: "done"}, protocol.CodeMalformed) // it isn't the manager's to say
	manager.do(&protocol.SendCode{})
	code := r.mailed(room)
	for _, p := range []*page{seller, manager} {
		s := p.until("the code's time", func(s *protocol.State) bool { return s.Code != nil })
		if s.Code.Left != rooms.CodeTries || s.Code.Done || !s.Code.Until.After(s.Code.Again) {
			t.Errorf("%s sees %+v", p.role, s.Code)
		}
	}
	manager.refused(&protocol.SendCode{}, protocol.CodeTooMany)
	seller.refused(&protocol.SendCode{}, protocol.CodeTooMany)
	seller.refused(&protocol.CheckCode{Code: notCode(code)}, protocol.CodeCodeWrong)
	seller.until("one try less", func(s *protocol.State) bool { return s.Code.Left == rooms.CodeTries-1 })

	// Another device of the seller, not allowed yet, and another room's seller have no say.
	thief := open(t, r.house, room, protocol.RoleSeller, "another phone", "tab-thief")
	thief.refused(&protocol.CheckCode{Code: code}, protocol.CodeNeedsAllow)
	manager.do(&protocol.AllowDevice{})
	other := open(t, r.house, r.bookCoded(), protocol.RoleSeller, "phone 2", "tab-other")
	other.refused(&protocol.CheckCode{Code: code}, protocol.CodeWrongState)
	other.hangUp()

	// The node stops; the next one knows how it stands, and takes the same code.
	frames := append(seller.sent(), manager.sent()...)
	seller.drop()
	manager.drop()
	r.stop()
	r.start()
	seller, manager = open(t, r.house, room, protocol.RoleSeller, "phone", "tab-seller"), open(t, r.house, room, protocol.RoleManager, "desk", "tab-manager")
	s = seller.until("the code again", func(s *protocol.State) bool { return s.Code != nil })
	if s.Code.Left != rooms.CodeTries-1 || s.Code.Done {
		t.Errorf("after a restart the code is %+v", s.Code)
	}
	seller.do(&protocol.CheckCode{Code: code})
	seller.refused(&protocol.CheckCode{Code: code}, protocol.CodeWrongState)
	manager.refused(&protocol.SendCode{}, protocol.CodeWrongState)
	s = manager.until("the step done", func(s *protocol.State) bool { return s.Code.Done && !lacks(s, "code") })
	if step := s.Steps[len(s.Steps)-2]; !step.Done {
		t.Errorf("step %+v", step)
	}
	r.checkCodeEntries(room, code, append(frames, append(seller.sent(), manager.sent()...)...))
}

func (r *rig) checkCodeEntries(room, code string, frames []byte) {
	r.t.Helper()
	var types []string
	entries, err := r.rooms.Record(r.t.Context(), room)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Type, "code_") {
			continue
		}
		types = append(types, e.Type+" "+e.Actor)
		for key := range e.Body {
			if key != "until" && key != "left" {
				r.t.Errorf("%s has %s", e.Type, key)
			}
		}
	}
	if want := []string{"code_asked manager:jonas", "code_failed seller", "code_checked seller"}; !slices.Equal(types, want) {
		r.t.Errorf("the ledger has %v, want %v", types, want)
	}
	for _, secret := range []string{`"` + code + `"`, "anna@example.org"} {
		if bytes.Contains(frames, []byte(secret)) {
			r.t.Errorf("a page was told %s", secret)
		}
	}
}

// Who has used up the codes, or the tries, gets no more in the call either: the
// buckets are those of the codes before it.
func TestCodesInTheCallAreLimited(t *testing.T) {
	use := func(r *rig, l limits.Limit, room string) {
		r.t.Helper()
		if wait := r.rooms.Limits.Take(r.t.Context(), l, room, l.Burst); wait > 0 {
			r.t.Fatalf("the bucket is full in %v", wait)
		}
	}
	for name, try := range map[string]func(r *rig, room string, seller, manager *page){
		"tries of one code": func(r *rig, room string, seller, manager *page) {
			manager.do(&protocol.SendCode{})
			code := r.mailed(room)
			for range rooms.CodeTries - 1 {
				seller.refused(&protocol.CheckCode{Code: notCode(code)}, protocol.CodeCodeWrong)
			}
			seller.refused(&protocol.CheckCode{Code: notCode(code)}, protocol.CodeCodeOver)
			seller.refused(&protocol.CheckCode{Code: code}, protocol.CodeCodeOver)
			if s := seller.until("no tries", func(s *protocol.State) bool { return s.Code.Left == 0 }); s.Code.Done {
				r.t.Errorf("code %+v", s.Code)
			}
		},
		"all tries": func(r *rig, room string, seller, manager *page) {
			use(r, rooms.LimitCodeTries, room)
			manager.do(&protocol.SendCode{})
			seller.refused(&protocol.CheckCode{Code: r.mailed(room)}, protocol.CodeTooMany)
		},
		"codes": func(r *rig, room string, _, manager *page) {
			use(r, rooms.LimitCodes, room)
			manager.refused(&protocol.SendCode{}, protocol.CodeTooMany)
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := &rig{t: t, dir: t.TempDir(), mails: true}
			r.bare = len(r.scratch())
			r.start()
			t.Cleanup(r.stop)
			room, seller, manager := r.admittedTo(r.bookCoded())
			try(r, room, seller, manager)
		})
	}
}

// Without an address there is nothing to send to.
func TestNoCodeWithoutAnAddress(t *testing.T) {
	r := newRig(t)
	room, err := r.rooms.Create(t.Context(), "system", rooms.CreateRoom{SellerName: "Anna", Language: "en", Zone: "UTC", At: time.Now(), Manager: "jonas"})
	if err != nil {
		t.Fatal(err)
	}
	_, _, manager := r.admittedTo(room.ID)
	manager.refused(&protocol.SendCode{}, protocol.CodeWrongState)
	if s := manager.until("the staff's view", func(s *protocol.State) bool { return s.Staff != nil }); s.Staff.CanCode || lacks(s, "code") {
		t.Errorf("staff sees %+v", s.Staff)
	}
}
