package legibility

import "slices"

// spot is what is measured of one cell of the picture.
type spot struct {
	strokes  int // changes of direction at strong edges, over all rows
	low      int // darkest and lightest luma
	high     int
	slope    int // largest step over two pixels of a row
	fall     int // largest step over two pixels of a column
	mean     int
	text     bool
	burnt    bool
	inRegion bool // already part of a region
}

// grid is the picture in cells of 16×8 pixels; a rest at the right and the
// bottom is left out.
type grid struct {
	cols, rows int
	cells      []spot
}

// A cell is full of print if its rows change direction this often together (one
// edge alone gives 8), and burnt if it is this bright and flat.
const (
	textStrokes = 12
	burntMean   = 250
	burntRange  = 8
)

func isText(s spot) bool  { return s.text }
func isBurnt(s spot) bool { return s.burnt }

// grid measures each cell. An edge is strong from step on.
func (p Plane) grid(step int) *grid {
	g := &grid{cols: p.Width / cellWidth, rows: p.Height / cellHeight}
	g.cells = make([]spot, g.cols*g.rows)
	for row := range g.rows {
		for col := range g.cols {
			s := &g.cells[row*g.cols+col]
			*s = p.spot(col*cellWidth, row*cellHeight, step)
			s.text = s.strokes >= textStrokes
			s.burnt = s.mean >= burntMean && s.high-s.low <= burntRange
		}
	}
	return g
}

func (p Plane) spot(left, top, step int) spot {
	s := spot{low: 255}
	sum := 0
	last := min(left+cellWidth, p.Width-2)
	for y := top; y < top+cellHeight; y++ {
		direction := 0
		for x := left; x < last; x++ {
			at := y*p.Width + x
			v, d := int(p.Pix[at]), int(p.Pix[at+2])-int(p.Pix[at])
			s.low, s.high, sum = min(s.low, v), max(s.high, v), sum+v
			s.slope = max(s.slope, max(d, -d))
			down := int(p.Pix[min(at+2*p.Width, len(p.Pix)-p.Width+x)]) - v
			s.fall = max(s.fall, max(down, -down))
			switch {
			case d >= step && direction != 1:
				direction = 1
				s.strokes++
			case d <= -step && direction != -1:
				direction = -1
				s.strokes++
			}
		}
	}
	s.mean = sum / (cellHeight * max(1, last-left))
	return s
}

func (g *grid) count(is func(spot) bool) (n int) {
	for _, s := range g.cells {
		if is(s) {
			n++
		}
	}
	return n
}

// paper is the luma that print stands on.
func (g *grid) paper() int {
	var lightest []int
	for _, s := range g.cells {
		if s.text {
			lightest = append(lightest, s.high)
		}
	}
	return median(lightest)
}

// contrast says how far print stands out of the noise: the range of luma in a
// cell of print, the median, to the range in flat cells, in tenths.
func (g *grid) contrast() int {
	var print []int
	for _, s := range g.cells {
		if s.text {
			print = append(print, s.high-s.low)
		}
	}
	return 10 * median(print) / max(1, g.flat())
}

// flat is the range of luma in flat cells: a fifth of all have less.
func (g *grid) flat() int {
	var all []int
	for _, s := range g.cells {
		all = append(all, s.high-s.low)
	}
	slices.Sort(all)
	return all[len(all)/5]
}

// strongestEdge is how wide the edges are over the cells with the largest contrast
// in the picture, a twentieth of them: the median, in tenths of a pixel, from the
// darkest to the lightest at the steepest slope. Where those of rows alone are wide, a
// hand moved sideways, and the horizontal strokes that it leaves help the reader.
func (g *grid) strongestEdge() int {
	var count [256]int
	for _, s := range g.cells {
		count[s.high-s.low]++
	}
	contrast := 255
	for sum := count[255]; sum < len(g.cells)/20 && contrast > 1; sum += count[contrast] {
		contrast--
	}
	var widths, heights []int
	for _, s := range g.cells {
		if s.high-s.low >= contrast && s.slope > 0 && s.fall > 0 {
			widths = append(widths, 20*(s.high-s.low)/s.slope)
			heights = append(heights, 20*(s.high-s.low)/s.fall)
		}
	}
	width := median(widths)
	if 2*median(heights) < width {
		width = width * 3 / 4
	}
	return width
}

// textTouches tells whether print lies at the picture's edge.
func (g *grid) textTouches() bool {
	for i, s := range g.cells {
		row, col := i/g.cols, i%g.cols
		if s.text && (row == 0 || col == 0 || row == g.rows-1 || col == g.cols-1) {
			return true
		}
	}
	return false
}
