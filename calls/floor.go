package calls

import (
	"verifycall/rooms"
	"verifycall/rooms/plan"
)

// usualFloor is the floor of rooms whose profile this program doesn't carry.
const usualFloor = 900

// floorOf is the recorded share of the call, per mille, that a pass needs by the
// room's profile.
func floorOf(r *rooms.Room) int {
	profile, err := plan.Default().Profile(r.Profile)
	if err != nil {
		return usualFloor
	}
	return profile.CoverageFloor
}
