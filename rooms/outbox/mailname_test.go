package outbox

import (
	"testing"

	"verifycall/rooms/form"
)

// FuzzMail reads what somebody has put into the outbox, or refuses it.
func FuzzMail(f *testing.F) {
	for _, text := range []string{"", "R-7K3M9QXD.3.booked", "R-7K3M9QXD.3.code-a.b", "R-7K3M9QXD.x.booked", "room.3.booked"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, ok := parse(text)
		if !ok {
			return
		}
		if !form.Room.MatchString(m.Room) {
			t.Errorf("mail %+v", m)
		}
		if again, ok := parse(m.ID()); !ok || again != m {
			t.Errorf("%+v is read back as %+v", m, again)
		}
	})
}
