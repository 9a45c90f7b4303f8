package recorder

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
)

// The notes are as encoding/json has them, with and without each of their parts.
func TestNotesAreJSON(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 2))
	for range 200 {
		n := notes{Serial: random.Int64()}
		for i := range random.IntN(3) {
			n.Streams = append(n.Streams, streamNote{i + 1, Video, random.Uint32()})
		}
		for range random.IntN(4) {
			f := frameNote{Stream: 1 + random.IntN(2), RTP: random.Uint32(), US: random.Int64(), Key: random.IntN(2) == 0}
			if random.IntN(2) == 0 {
				f.Width, f.Height = random.IntN(4096), random.IntN(4096)
			}
			f.Break = []string{"", CauseLoss, `a "strange" <cause>`}[random.IntN(3)]
			for i := range f.SHA256 {
				f.SHA256[i] = byte(random.Uint32())
			}
			n.Frames = append(n.Frames, f)
		}
		for range random.IntN(3) {
			n.Reports = append(n.Reports, reportNote{2, random.Uint64(), random.Uint32(), random.Int64()})
		}
		if random.IntN(2) == 0 {
			n.End = &endNote{US: random.Int64(), Cause: "ended", Tapped: []string{Audio}, Breaks: map[string]string{Video: CauseLoss}}
		}
		want, err := json.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		got, err := n.appendTo(nil)
		if err != nil || string(got) != string(want) {
			t.Fatalf("%v\n%s\nfor\n%s", err, got, want)
		}
		var read notes
		if err := json.Unmarshal(got, &read); err != nil || !reflect.DeepEqual(n, read) {
			t.Fatalf("%v\n%+v\nis read as\n%+v", err, n, read)
		}
	}
	for _, text := range []string{`"abc"`, `"` + digest{}.String() + `00"`, `"` + digest{}.String()[2:] + `xy"`} {
		var d digest
		if json.Unmarshal([]byte(text), &d) == nil {
			t.Errorf("%s is taken for a digest", text)
		}
	}
}
