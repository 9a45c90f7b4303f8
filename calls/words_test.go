package calls_test

import (
	"slices"
	"testing"

	"verifycall/calls/protocol"
	"verifycall/rooms"
)

// TestWordsAgree: rooms and the protocol must not import each other, but have
// the same words.
func TestWordsAgree(t *testing.T) {
	for name, lists := range map[string][2][]string{
		"slots":     {rooms.Slots, protocol.Slots},
		"items":     {rooms.Items, protocol.Items},
		"decisions": {{rooms.DecisionSame, rooms.DecisionDifferent, rooms.DecisionNotVisible}, protocol.Decisions},
		"verdicts":  {{rooms.VerdictPass, rooms.VerdictRecapture, rooms.VerdictRefer, rooms.VerdictFail, rooms.VerdictAbort}, protocol.Verdicts},
		"people":    {{rooms.Seller, rooms.Manager}, {string(protocol.RoleSeller), string(protocol.RoleManager)}},
	} {
		if !slices.Equal(lists[0], lists[1]) {
			t.Errorf("%s: %v and %v", name, lists[0], lists[1])
		}
	}
}
