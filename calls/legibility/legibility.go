// Package legibility measures whether the print of a document in a picture can
// be read: how bright it is, how sharp its edges are, how large its characters,
// what is burnt out by glare, what is cut off. These are classical measures of an
// image's grey values. Nothing here looks for a face or a person.
//
// The same measures run in the seller's page (web/src/shared/legibility.ts).
// Both count in whole numbers only, and testdata/golden.json holds what either
// has to give. docs/legibility.md says how the thresholds were found.
package legibility

import "slices"

// Plane is a picture's luma, full range, row by row without padding.
type Plane struct {
	Width, Height int
	Pix           []uint8 // Width × Height
}

// Cause says in one word why a document can't be read.
type Cause string

// The causes. Readable is none.
const (
	Readable Cause = ""
	Dark     Cause = "dark"
	Glare    Cause = "glare"
	Blur     Cause = "blur"
	Small    Cause = "small"
	Cropped  Cause = "cropped"
)

// Measures are what was measured of a picture. Lengths are tenths of a pixel.
type Measures struct {
	Bright int   `json:"bright"` // luma of the paper: the median of the lightest in each cell of print, or what 5 % of the picture are above
	Noise  int   `json:"noise"`  // how far print stands out of the noise, tenths; small is bad
	Burnt  int   `json:"burnt"`  // ‰ of all cells that are burnt out
	Text   int   `json:"text"`   // cells full of print, ‰ of all
	Pitch  int   `json:"pitch"`  // from character to character of the zone's last line; 0 without one
	Edge   int   `json:"edge"`   // from black to white at an edge, the median over the strongest
	Cause  Cause `json:"cause"`
}

// Side says what is expected on the side of the document that is shown.
type Side int

// A side has a machine-readable zone (ICAO 9303) or just print.
const (
	Plain Side = iota
	Zone
)

// Thresholds, found on the calibration half of the set (docs/legibility.md).
const (
	darkBelow   = 10  // luma of the paper, whatever else
	dimBelow    = 80  // luma of the paper, where noise counts, or characters are missing
	noiseBelow  = 27  // tenths
	burntLeast  = 1   // ‰ of the cells, where a line isn't even
	burntLarge  = 25  // ‰ of the cells, where there is no line
	pitchBelow  = 76  // tenths of a pixel
	mergedBelow = 110 // tenths of a pixel: where two lines run together
	blurOver    = 61  // tenths of a pixel that an edge may be wide
	edgeOver    = 65  // tenths of a pixel, where there is no line
	textLeast   = 12  // ‰ of the cells, where no zone is expected
	textLarge   = 40  // ‰ of the cells, of a document that is large enough
	zoneChars   = 36  // of a line of size TD2; TD3 has 44, which counts as a smaller picture
)

// The size of a cell, pixels.
const (
	cellWidth  = 16
	cellHeight = 8
)

// Measure measures a picture of at least 160 × 90 pixels; a smaller one is Small.
func Measure(p Plane, side Side) Measures {
	if p.Width < 160 || p.Height < 90 || len(p.Pix) < p.Width*p.Height {
		return Measures{Cause: Small}
	}
	light, clear := scale{0, 9 * clearTop}, p.highest(100) < clearBelow
	if clear {
		p, light = p.cleared()
	}
	low, high := p.percentiles()
	step := max(10, (high-low)*15/100)
	g := p.grid(step)
	if clear { // what is weaker than the noise is no edge
		step = max(step, g.flat()*3/4)
		g = p.grid(step)
	}
	m := Measures{Bright: high, Text: 1000 * g.count(isText) / len(g.cells), Burnt: 1000 * g.count(isBurnt) / len(g.cells), Edge: g.strongestEdge()}
	if m.Text >= textLeast/2 {
		m.Bright, m.Noise = g.paper(), g.contrast()
	}
	m.Bright = light.of(m.Bright)
	if zone, found := g.zone(); found && side == Zone && m.Text >= textLeast/2 {
		if l, found := p.lastLine(g, zone, step); found {
			m.Pitch = max(1, l.pitch())
			m.Cause = m.judgeLine(p, g, l)
			return m
		}
	}
	m.Cause = m.judge(g, side)
	return m
}

// dim tells whether there is too little light, or too little for the noise.
func (m Measures) dim() bool {
	return m.Bright < darkBelow || m.Bright < dimBelow && m.Noise < noiseBelow
}

// judgeLine names the first thing to be changed where the zone's last line was
// found.
func (m Measures) judgeLine(p Plane, g *grid, l line) Cause {
	switch {
	case m.dim():
		return Dark
	case l.touches(p):
		return Cropped
	case m.Pitch < pitchBelow && g.textTouches():
		return Cropped
	case m.Pitch < pitchBelow && m.Burnt >= burntLeast:
		return Glare
	case m.Pitch < pitchBelow && m.Text >= textLarge:
		return Cropped // other print, of a document that is large enough
	case m.Pitch < pitchBelow:
		return Small
	case m.Edge > blurOver:
		return Blur
	case (l.pair || m.Bright < dimBelow || m.Pitch < mergedBelow) && p.even(l, m.Burnt >= burntLeast):
		return Readable
	case m.Burnt >= burntLeast:
		return Glare
	case m.Bright < dimBelow:
		return Dark
	}
	return Cropped // what was taken for the zone is other print
}

// judge is the same where there is no line.
func (m Measures) judge(g *grid, side Side) Cause {
	switch {
	case m.dim():
		return Dark
	case m.Burnt > burntLarge:
		return Glare
	case m.Edge > edgeOver && m.Text < textLeast:
		return Blur
	case side == Plain && m.Text >= textLeast:
		return Readable
	case g.textTouches(), m.Text >= textLarge:
		return Cropped
	}
	return Small
}

// percentiles gives the luma that 5 % are below and that 5 % are above.
func (p Plane) percentiles() (low, high int) {
	var count [256]int
	for _, v := range p.Pix[:p.Width*p.Height] {
		count[v]++
	}
	twentieth := p.Width * p.Height / 20
	for sum := count[0]; sum < twentieth; sum += count[low] {
		low++
	}
	return low, p.highest(20)
}

// highest gives the luma that one in so many pixels is above.
func (p Plane) highest(of int) (high int) {
	var count [256]int
	for _, v := range p.Pix[:p.Width*p.Height] {
		count[v]++
	}
	high = 255
	for sum := count[255]; sum < p.Width*p.Height/of; sum += count[high] {
		high--
	}
	return high
}

// median gives the middle of a list, 0 of none.
func median(list []int) int {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[len(list)/2]
}
