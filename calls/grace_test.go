package calls_test

import (
	"testing"
	"time"

	"verifycall/calls/protocol"
	"verifycall/rooms"
	"verifycall/rooms/plan"
)

// bookWith makes a room that goes by a profile.
func (r *rig) bookWith(profile string) string {
	r.t.Helper()
	p, err := plan.Default().Profile(profile)
	if err != nil {
		r.t.Fatal(err)
	}
	room, err := r.rooms.Create(r.t.Context(), "system", rooms.CreateRoom{SellerName: "Anna", Language: "en", Zone: "UTC",
		At: time.Now(), Manager: "jonas", Profile: p})
	if err != nil {
		r.t.Fatal(err)
	}
	return room.ID
}

// TestGraceEndsAsTheProfileSays has a seller not come back in time: by one profile
// the call can go on at another time, and does, by the other it is over.
func TestGraceEndsAsTheProfileSays(t *testing.T) {
	for profile, want := range map[string]string{"marketplace-1": rooms.StateBooked, "bafin_like-1": rooms.StateEnded} {
		t.Run(profile, func(t *testing.T) {
			r := &rig{t: t, dir: t.TempDir(), grace: time.Second}
			r.start()
			t.Cleanup(r.stop)
			room, seller, manager := r.admittedTo(r.bookWith(profile))
			manager.do(&protocol.Capture{Slot: protocol.SlotFace})
			seller.hangUp()
			s := manager.until("the visible grace", func(s *protocol.State) bool { return s.Room.State == rooms.StateInterrupted })
			if s.GraceEnds == nil || s.Grace != 1 {
				t.Errorf("the manager sees a grace of %d s until %v", s.Grace, s.GraceEnds)
			}
			s = manager.until("its end", func(s *protocol.State) bool { return s.Room.State != rooms.StateInterrupted })
			if s.Room.State != want || s.GraceEnds != nil || s.Room.Cause != "P_DISCONNECT" {
				t.Fatalf("after the grace the room is %s (%s), want %s", s.Room.State, s.Room.Cause, want)
			}
			if want == rooms.StateEnded {
				return
			}
			seller = open(t, r.house, room, protocol.RoleSeller, "phone", "tab-seller")
			seller.connect(film)
			manager.connect(film)
			manager.until("the seller again", func(s *protocol.State) bool {
				return s.Room.State == rooms.StateWaiting && s.You.Media && s.Peer != nil && s.Peer.Media
			})
			manager.do(&protocol.Admit{})
			s = manager.until("the same record", func(s *protocol.State) bool { return s.Room.State == rooms.StateLive && s.Recording })
			if len(s.Staff.Captures) != 1 {
				t.Errorf("%d captures", len(s.Staff.Captures))
			}
		})
	}
}

// TestManagerComesAndGoes: a manager who agrees and leaves before the seller comes
// has the seller wait for nobody no longer than the profile wants.
func TestManagerComesAndGoes(t *testing.T) {
	r := newRig(t)
	profile, err := plan.Default().Profile(rooms.DefaultProfile)
	if err != nil {
		t.Fatal(err)
	}
	short := *profile
	short.Late.Manager = 0
	made, err := r.rooms.Create(t.Context(), "system", rooms.CreateRoom{SellerName: "Anna Maria Eriksson", Language: "en", Zone: "America/Toronto",
		At: time.Now(), Manager: "jonas", Profile: &short})
	if err != nil {
		t.Fatal(err)
	}
	manager := open(t, r.house, made.ID, protocol.RoleManager, "desk", "tab-manager")
	manager.do(agree)
	seller := open(t, r.house, made.ID, protocol.RoleSeller, "phone", "tab-seller")
	seller.do(agree)
	seller.connect(film)
	seller.until("the waiting room", func(s *protocol.State) bool { return s.Room.State == rooms.StateWaiting })
	manager.hangUp()
	seller.until("the end of the waiting", func(s *protocol.State) bool { return s.Room.State == rooms.StateNoShow })
	now, err := r.rooms.Load(t.Context(), made.ID)
	if err != nil || now.Cause != rooms.Manager {
		t.Errorf("%v: %s", err, now.Cause)
	}
}
