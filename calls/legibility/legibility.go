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
	Burnt  int   `json:"burnt"`  // ‰ of the zone's columns where print is burnt out, or of all cells that are burnt where there is no zone
	Text   int   `json:"text"`   // cells full of print, ‰ of all
	Pitch  int   `json:"pitch"`  // from character to character of the zone; 0 without a zone
	Edge   int   `json:"edge"`   // from black to white at an edge, the median over print, or over the strongest edges without
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
	darkBelow   = 22  // luma of the paper
	dimBelow    = 110 // luma of the paper, where noise counts
	noiseBelow  = 30  // tenths
	burntZone   = 6   // ‰ of the zone's columns
	burntLarge  = 25  // ‰ of the picture's cells, where no zone is left
	pitchBelow  = 86  // tenths of a pixel
	blurOver    = 255 // ‰ of the pitch that an edge may be wide
	edgeOver    = 62  // tenths of a pixel, where no zone is left
	textLeast   = 12  // ‰ of the cells, where no zone is expected
	zoneChars   = 36  // of a line of size TD2; TD3 has 44, which counts as a smaller picture
	zoneSlender = 4   // a zone is so many times wider than high
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
	low, high := p.percentiles()
	g := p.grid(max(10, (high-low)*15/100))
	zone, found := g.zone()
	m := Measures{Bright: high, Text: 1000 * g.count(isText) / len(g.cells)}
	if m.Text >= textLeast/2 {
		m.Bright, m.Noise = g.paper(), g.contrast()
	}
	if found {
		m.Pitch = 10 * zone.width() * cellWidth / zoneChars
		m.Burnt = g.holes(zone)
		m.Edge = g.edge(zone)
	} else {
		m.Burnt = 1000 * g.count(isBurnt) / len(g.cells)
		m.Edge = g.strongestEdge()
	}
	m.Cause = m.judge(g, zone, found, side)
	return m
}

// judge names the first thing to be changed.
func (m Measures) judge(g *grid, zone box, found bool, side Side) Cause {
	switch {
	case m.Bright < darkBelow, m.Bright < dimBelow && m.Noise < noiseBelow:
		return Dark
	case found && m.Burnt > burntZone, !found && m.Burnt > burntLarge:
		return Glare
	case found && zone.touches(g):
		return Cropped
	case found && m.Pitch < pitchBelow:
		return Small
	case found && m.Edge*1000 > blurOver*m.Pitch, !found && m.Edge > edgeOver:
		return Blur
	case found:
		return Readable
	case side == Plain && m.Text >= textLeast:
		return Readable
	case g.textTouches():
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
	high = 255
	for sum := count[255]; sum < twentieth; sum += count[high] {
		high--
	}
	return low, high
}

// median gives the middle of a list, 0 of none.
func median(list []int) int {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[len(list)/2]
}
