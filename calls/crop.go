package calls

import (
	"verifycall/calls/protocol"
	"verifycall/rooms"
)

// Crops gives the marked regions of a room's stills, oldest first, for staff; they
// are in room.json too.
func Crops(r *rooms.Room) []protocol.CropView {
	list := make([]protocol.CropView, 0, len(r.Crops))
	for _, c := range r.Crops {
		list = append(list, protocol.CropView{Slot: c.Slot, Still: c.Still, X: c.X, Y: c.Y, Width: c.Width, Height: c.Height, At: c.At.UTC()})
	}
	return list
}
