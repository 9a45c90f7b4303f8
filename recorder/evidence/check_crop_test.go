package evidence

import "testing"

func TestVerifyKnowsRegions(t *testing.T) {
	still := capture{Seq: 4, Kind: kindFrame, Slot: "FACE", SHA256: "aa", Width: 640, Height: 360}
	photo := capture{Seq: 5, Kind: kindPhoto, Slot: "FACE", SHA256: "bb", Width: 4000, Height: 3000}
	for what, c := range map[string]struct {
		crop  crop
		whole bool
	}{
		"within":              {crop{6, "FACE", "aa", 600, 300, 40, 60}, true},
		"over the right edge": {crop{6, "FACE", "aa", 601, 300, 40, 60}, false},
		"below":               {crop{6, "FACE", "aa", 600, 301, 40, 60}, false},
		"left":                {crop{6, "FACE", "aa", -1, 0, 40, 60}, false},
		"nothing":             {crop{6, "FACE", "aa", 0, 0, 0, 60}, false},
		"before its still":    {crop{3, "FACE", "aa", 0, 0, 40, 60}, false},
		"another slot":        {crop{6, "DOC_FRONT", "aa", 0, 0, 40, 60}, false},
		"of a photo":          {crop{6, "FACE", "bb", 0, 0, 40, 60}, false},
		"of nothing":          {crop{6, "FACE", "cc", 0, 0, 40, 60}, false},
	} {
		r := record{captures: []capture{still, photo}, crops: []crop{c.crop}}
		if err := r.checkCrops(); (err == nil) != c.whole {
			t.Errorf("%s: %v", what, err)
		}
	}
}
