package legibility

import (
	"encoding/json"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/golden.json anew")

// drawing says how a picture of the golden set is drawn; the page's test draws
// the same (web/test/legibility.test.mjs).
type drawing struct {
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Room   int    `json:"room"`  // luma behind the card
	Paper  int    `json:"paper"` // of the card
	Ink    int    `json:"ink"`
	Card   [4]int `json:"card"`  // left, top, width, height
	Zone   [4]int `json:"zone"`  // two lines of strokes
	Pitch  int    `json:"pitch"` // from character to character, two strokes each
	Smear  int    `json:"smear"` // pixels to each side
	Grain  int    `json:"grain"` // luma to each side
	Burnt  [4]int `json:"burnt"`
}

type golden struct {
	Name    string   `json:"name"`
	Side    Side     `json:"side"`
	Drawing drawing  `json:"drawing"`
	Want    Measures `json:"want"`
}

func inside(b [4]int, x, y int) bool {
	return x >= b[0] && x < b[0]+b[2] && y >= b[1] && y < b[1]+b[3]
}

func (d drawing) plane() Plane {
	sharp := make([]int, d.Width*d.Height)
	for i := range sharp {
		x, y := i%d.Width, i/d.Width
		v := d.Room
		if inside(d.Card, x, y) {
			v = d.Paper
		}
		line := (y - d.Zone[1]) * 5 / max(1, d.Zone[3]) // of five: print, print, blank, print, print
		if inside(d.Zone, x, y) && line != 2 && (x-d.Zone[0])*5/d.Pitch%5%2 == 1 {
			v = d.Ink
		}
		if inside(d.Burnt, x, y) {
			v = 255
		}
		sharp[i] = v
	}
	p := Plane{d.Width, d.Height, make([]uint8, len(sharp))}
	for i := range sharp {
		x, sum := i%d.Width, 0
		for k := -d.Smear; k <= d.Smear; k++ {
			sum += sharp[i-x+max(0, min(d.Width-1, x+k))]
		}
		p.Pix[i] = uint8(max(0, sum/(2*d.Smear+1)+d.grain(x, i/d.Width)))
	}
	return p
}

// grain is the same at each place, and hardly alike at neighbours.
func (d drawing) grain(x, y int) int {
	return (x*x*31+y*y*17+x*y*13+x*7)%(2*d.Grain+1) - d.Grain
}

func drawings() []golden {
	good := drawing{1280, 720, 110, 215, 30, [4]int{130, 40, 1020, 640}, [4]int{180, 560, 936, 90}, 26, 2, 0, [4]int{}}
	with := func(name string, side Side, change func(*drawing)) golden {
		d := good
		change(&d)
		return golden{Name: name, Side: side, Drawing: d}
	}
	return []golden{
		with("readable", Zone, func(*drawing) {}),
		with("a little soft", Zone, func(d *drawing) { d.Smear = 3 }),
		with("soft", Zone, func(d *drawing) { d.Smear = 5 }),
		with("hopelessly blurred", Zone, func(d *drawing) { d.Smear = 30 }),
		with("dark", Zone, func(d *drawing) { d.Room, d.Paper, d.Ink = 3, 8, 1 }),
		with("dim", Zone, func(d *drawing) { d.Room, d.Paper, d.Ink = 20, 60, 12 }),
		with("dim and soft", Zone, func(d *drawing) { d.Room, d.Paper, d.Ink, d.Smear = 20, 60, 12, 3 }),
		with("dim and grainy", Zone, func(d *drawing) { d.Room, d.Paper, d.Ink, d.Grain = 20, 60, 12, 9 }),
		with("too dim for its grain", Zone, func(d *drawing) { d.Room, d.Paper, d.Ink, d.Grain = 14, 24, 12, 11 }),
		with("glare on the upper half of the last line", Zone, func(d *drawing) { d.Burnt = [4]int{600, 600, 200, 34} }),
		with("glare on the first character", Zone, func(d *drawing) { d.Burnt = [4]int{140, 604, 68, 60} }),
		with("other print alone", Zone, func(d *drawing) { d.Zone = [4]int{300, 200, 300, 220} }),
		with("glare on the zone", Zone, func(d *drawing) { d.Burnt = [4]int{600, 560, 100, 90} }),
		with("glare on the last line", Zone, func(d *drawing) { d.Burnt = [4]int{800, 610, 60, 40} }),
		with("one line only", Zone, func(d *drawing) { d.Zone[1], d.Zone[3] = 646, 90 }),
		with("small", Zone, func(d *drawing) {
			d.Card, d.Zone, d.Pitch = [4]int{500, 300, 300, 190}, [4]int{510, 455, 216, 28}, 6
		}),
		with("cropped", Zone, func(d *drawing) { d.Card[0], d.Zone[0] = 300, 360 }),
		with("whole, though at the very side", Zone, func(d *drawing) { d.Card[0], d.Zone[0] = 0, 0 }),
		with("cut off between two characters", Zone, func(d *drawing) { d.Card[0], d.Zone[0] = 318, 370 }),
		with("zone outside", Zone, func(d *drawing) { d.Zone = [4]int{} }),
		with("a side without a zone", Plain, func(d *drawing) { d.Zone = [4]int{300, 200, 200, 150} }),
		with("nothing there", Plain, func(d *drawing) { d.Card, d.Zone = [4]int{}, [4]int{} }),
		with("too few pixels", Zone, func(d *drawing) { d.Width, d.Height = 120, 80 }),
	}
}

const goldenFile = "testdata/golden.json"

// TestGolden: the measures of the golden set are what the file says, and the file
// has each cause.
func TestGolden(t *testing.T) {
	set := drawings()
	if *update {
		for i := range set {
			set[i].Want = Measure(set[i].Drawing.plane(), set[i].Side)
		}
		text, err := json.MarshalIndent(set, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(goldenFile, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	var want []golden
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	if len(want) != len(set) {
		t.Fatalf("%d pictures, %d in the file", len(set), len(want))
	}
	seen := map[Cause]bool{}
	for i, g := range want {
		if g.Drawing != set[i].Drawing {
			t.Errorf("%s is drawn otherwise", g.Name)
		}
		if got := Measure(g.Drawing.plane(), g.Side); got != g.Want {
			t.Errorf("%s: %+v, want %+v", g.Name, got, g.Want)
		}
		seen[g.Want.Cause] = true
	}
	for _, cause := range []Cause{Readable, Dark, Glare, Blur, Small, Cropped} {
		if !seen[cause] {
			t.Errorf("no picture of the set is %q", cause)
		}
	}
}

// TestTooLittle: nothing makes it panic.
func TestTooLittle(t *testing.T) {
	for _, p := range []Plane{{}, {Width: 1280, Height: 720}, {Width: -1, Height: -1}, {Width: 160, Height: 90, Pix: make([]uint8, 160*90)}} {
		if m := Measure(p, Zone); m.Cause == Readable {
			t.Errorf("%d × %d: %+v", p.Width, p.Height, m)
		}
	}
}

func FuzzMeasure(f *testing.F) {
	f.Add(uint16(200), uint16(100), []byte{0, 255, 3})
	f.Fuzz(func(t *testing.T, width, height uint16, some []byte) {
		p := Plane{Width: int(width % 400), Height: int(height % 300)}
		for i := range p.Width * p.Height {
			if len(some) > 0 {
				p.Pix = append(p.Pix, some[i%len(some)])
			}
		}
		Measure(p, Side(width%2))
	})
}

func BenchmarkMeasure(b *testing.B) {
	p := drawings()[0].Drawing.plane()
	for b.Loop() {
		Measure(p, Zone)
	}
}
