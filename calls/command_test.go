package calls

import (
	"testing"

	"verifycall/calls/protocol"
)

func TestCommandsOnlyWhatTheDeviceCan(t *testing.T) {
	for name, c := range map[string]struct {
		device  protocol.Device
		command protocol.Command
		can     bool
	}{
		"flip":               {protocol.Device{Flip: true}, protocol.Command{Act: "flip"}, true},
		"no other camera":    {protocol.Device{Torch: true}, protocol.Command{Act: "flip"}, false},
		"light":              {protocol.Device{Torch: true}, protocol.Command{Act: "torch", On: true}, true},
		"no lamp":            {protocol.Device{Flip: true}, protocol.Command{Act: "torch"}, false},
		"zoom":               {protocol.Device{Zoom: 4}, protocol.Command{Act: "zoom", Zoom: 2}, true},
		"beyond":             {protocol.Device{Zoom: 4}, protocol.Command{Act: "zoom", Zoom: 4.5}, false},
		"below one":          {protocol.Device{Zoom: 4}, protocol.Command{Act: "zoom"}, false},
		"no zoom":            {protocol.Device{}, protocol.Command{Act: "zoom", Zoom: 1}, false},
		"nothing of the set": {protocol.Device{Flip: true}, protocol.Command{Act: "format"}, false},
	} {
		if got := canDo(c.device, &c.command); got != c.can {
			t.Errorf("%s: %v, want %v", name, got, c.can)
		}
	}
}
