package rooms

import (
	"errors"
	"strings"
	"testing"

	"verifycall/rooms/form"
	"verifycall/rooms/ledger"
)

func TestCrop(t *testing.T) {
	r := &Room{ID: "R-7K3M9QXD", State: StateLive, Record: ledger.Head{Seq: 1, Hash: digest}, Captures: []Capture{{Slot: "DOC_FRONT", SHA256: digest, Width: 1280, Height: 720}}}
	mark := func(x, y, w, h int) error {
		drafts, err := MarkCrop{digest, x, y, w, h}.decide(r, noon)
		for _, d := range drafts {
			tell(t, r, d, noon)
		}
		return err
	}
	for range 2 { // the second time it is there already
		if err := mark(1000, 500, 280, 220); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.Crops) != 1 || r.Crops[0] != (Crop{"DOC_FRONT", digest, 1000, 500, 280, 220, noon}) {
		t.Errorf("crops %+v", r.Crops)
	}
	var input *form.InputError
	for _, box := range [][4]int{{-1, 0, 20, 20}, {0, -1, 20, 20}, {0, 0, 15, 20}, {0, 0, 20, 15}, {1001, 500, 280, 220}, {1000, 501, 280, 220},
		{0, 0, 1 << 62, 20}, {1 << 62, 0, 1 << 62, 20}, {0, 0, 1281, 720}} {
		if err := mark(box[0], box[1], box[2], box[3]); !errors.As(err, &input) {
			t.Errorf("%v: %v", box, err)
		}
	}
	if _, err := (MarkCrop{strings.Repeat("cd", 32), 0, 0, 20, 20}).decide(r, noon); !errors.As(err, &input) {
		t.Errorf("of another room's still: %v", err)
	}
	for i := 1; i < maxCrops; i++ {
		if err := mark(i, 0, 20, 20); err != nil {
			t.Fatal(err)
		}
	}
	if mark(0, 100, 20, 20) == nil {
		t.Error("more regions than a room may have")
	}
	for _, state := range []string{StateBooked, StateWaiting, StateDecided, StateClosed} {
		r.State = state
		if mark(0, 0, 20, 20) == nil {
			t.Errorf("marked while %s", state)
		}
	}
}
