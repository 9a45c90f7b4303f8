package rooms

import (
	"errors"
	"testing"
)

func TestReadersLeaveTheRecordAsItIs(t *testing.T) {
	s := openEmbedded(t)
	room, err := s.Create(t.Context(), "key:shop", newRoom)
	if err != nil {
		t.Fatal(err)
	}
	before := room.Record
	for _, actor := range []string{"auditor:a1", "operator:o1", "observer:b1"} {
		for name, c := range map[string]Command{"cancel": Cancel{By: "manager"}, "note": WriteNote{Text: "x"},
			"notice": GiveNotice{"manager", "2026-11", "en", true}} {
			if _, err := s.Do(t.Context(), room.ID, actor, c); !errors.Is(err, ErrReadsOnly) {
				t.Errorf("%s by %s: %v", name, actor, err)
			}
		}
	}
	if room, err = s.Load(t.Context(), room.ID); err != nil || room.Record != before {
		t.Errorf("the record has changed to %v (%v)", room.Record, err)
	}
}
