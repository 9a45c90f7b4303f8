package legibility

// line is the last line of a zone, found to the pixel. Rows are those at column 0
// of a line that rises; right and bottom are outside of it.
type line struct {
	top, bottom int
	left, right int
	rise        int  // rows that it goes down over 1024 columns
	pair        bool // there is a line above it
}

// row is where a row of the line lies at a column.
func (l line) row(y, x int) int { return y + (l.rise*x)>>10 }

// pitch is from character to character, tenths of a pixel.
func (l line) pitch() int { return 10 * (l.right - l.left) / zoneChars }

// How a line is found and judged.
const (
	riseSteps = 16  // slopes tried to either side of the one that the cells give
	riseStep  = 3   // 1/1024 between them
	bandFrom  = 35  // % of the strongest row that a row of print has
	weakBelow = 700 // ‰ of the usual contrast that each character has
	paleOver  = 350 // ‰ of the usual contrast that the darkest of a character may be lighter
	sideLeast = 8   // pixels from the picture's sides
	footLeast = 1   // pixels from its bottom
)

// lastLine finds the last line of print in a zone: the slope at which rows of
// print and rows without differ the most, then the last rows of print, then the
// columns where print begins and ends.
func (p Plane) lastLine(g *grid, b box, step int) (line, bool) {
	rise, middle := g.slope(b)
	left, right := b.left*cellWidth, min(p.Width-2, b.right*cellWidth)
	reach, centre := (right-left)/16, (left+right)/2
	var rows []int
	l, best, from := line{left: left, right: right}, -1, 0
	for k := -riseSteps; k <= riseSteps; k++ {
		tried := rise + k*riseStep
		first := middle + ((rise-tried)*centre)>>10 - reach
		counts := p.strongSteps(first, 2*reach, left, right, tried, step)
		if v := unevenness(counts); v > best {
			l.rise, best, from, rows = tried, v, first, counts
		}
	}
	bands := bandsOf(rows)
	if len(bands) == 0 {
		return line{}, false
	}
	last := bands[len(bands)-1]
	l.top, l.bottom, l.pair = from+last[0], from+last[1], len(bands) > 1
	p.ends(&l)
	return l, true
}

// slope gives how a zone's print goes down over 1024 columns, and the row of its
// middle at column 0.
func (g *grid) slope(b box) (rise, middle int) {
	n := b.width()
	a, z := g.middle(b, b.left, b.left+n/3), g.middle(b, b.right-n/3, b.right)
	rise = ((z - a) << 10) / ((n - n/3) * cellWidth)
	return rise, a - (rise*(b.left+n/6)*cellWidth)>>10
}

// middle is the median row of the print's middle in some columns of a zone, pixels.
func (g *grid) middle(b box, from, to int) int {
	var middles []int
	for col := from; col < to; col++ {
		sum, n := 0, 0
		for row := b.top; row < b.bottom; row++ {
			if g.cells[row*g.cols+col].text {
				sum, n = sum+2*row+1, n+1
			}
		}
		if n > 1 {
			middles = append(middles, sum*cellHeight/(2*n))
		}
	}
	return median(middles)
}

// strongSteps counts in each of some rows along a slope the strong edges.
func (p Plane) strongSteps(first, count, left, right, rise, step int) []int {
	counts := make([]int, count)
	for i := range counts {
		for x := left; x < right; x++ {
			y := first + i + (rise*x)>>10
			if y < 0 || y >= p.Height {
				continue
			}
			at := y*p.Width + x
			if d := int(p.Pix[at+2]) - int(p.Pix[at]); d >= step || d <= -step {
				counts[i]++
			}
		}
	}
	return counts
}

// unevenness sums the squares of the differences between neighbours.
func unevenness(counts []int) (sum int) {
	for i := 1; i < len(counts); i++ {
		d := counts[i] - counts[i-1]
		sum += d * d
	}
	return sum
}

// bandsOf gives the runs of rows that are full of edges, from and to, but those
// less than half as high as the highest.
func bandsOf(rows []int) [][2]int {
	low, high := 0, 0
	for i, v := range rows {
		if i == 0 || v < low {
			low = v
		}
		high = max(high, v)
	}
	over := low + (high-low)*bandFrom/100
	var bands, kept [][2]int
	tallest := 0
	for i := 0; i < len(rows); i++ {
		if rows[i] < over || high == low {
			continue
		}
		from := i
		for i < len(rows) && rows[i] >= over {
			i++
		}
		bands = append(bands, [2]int{from, i})
		tallest = max(tallest, i-from)
	}
	for _, b := range bands {
		if 2*(b[1]-b[0]) >= tallest {
			kept = append(kept, b)
		}
	}
	return kept
}

// ends moves left and right to the line's first and last print: where it goes on
// over the width of a character. The edge of a card is no print.
func (p Plane) ends(l *line) {
	from, to := max(0, l.left-cellWidth), min(p.Width-1, l.right+cellWidth)
	sums := p.columns(*l, from, to)
	over, reach := median(append([]int{}, sums...))*3/4, max(6, (l.right-l.left)/zoneChars)
	print := func(x, step int) bool {
		n := 0
		for i := range reach {
			if at := x + i*step; at >= 0 && at < len(sums) && sums[at] >= over {
				n++
			}
		}
		return sums[x] >= over && 3*n >= reach
	}
	a, z := 0, len(sums)-1
	for a < z && !print(a, 1) {
		a++
	}
	for z > a && !print(z, -1) {
		z--
	}
	l.left, l.right = from+a, from+z+1
}

// columns sums the steps from pixel to pixel in each column of a line.
func (p Plane) columns(l line, from, to int) []int {
	sums := make([]int, to-from)
	for x := from; x < to; x++ {
		for y := l.top; y < l.bottom; y++ {
			if row := l.row(y, x); row >= 0 && row < p.Height {
				d := int(p.Pix[row*p.Width+x+1]) - int(p.Pix[row*p.Width+x])
				sums[x-from] += max(d, -d)
			}
		}
	}
	return sums
}

// touches tells whether a line lies so near to the picture's edge that it may go on
// outside; beyond a side it doesn't where all its characters are there.
func (l line) touches(p Plane) bool {
	foot := max(l.row(l.bottom, l.left), l.row(l.bottom, l.right))
	if p.Height-foot < footLeast {
		return true
	}
	side := min(l.left, p.Width-l.right)
	return side < max(sideLeast, (l.right-l.left)/zoneChars) && !p.whole(l, side >= sideLeast)
}

// even tells whether each character of a line stands out about as much as the usual
// one: what is washed out or hidden doesn't. Where something is burnt, the upper and
// the lower halves are looked at for themselves, as glare ends within a line.
func (p Plane) even(l line, burnt bool) bool {
	if !burnt {
		return p.evenIn(l)
	}
	if p.burntBeside(l) {
		return false
	}
	upper, lower := l, l
	upper.bottom, lower.top = (l.top+l.bottom+1)/2, (l.top+l.bottom)/2
	return p.evenIn(upper) && p.evenIn(lower)
}

// burntBeside tells whether one of the two characters' places before a line or behind
// it is burnt: the line goes on there.
func (p Plane) burntBeside(l line) bool {
	pitch := (l.right - l.left) / zoneChars
	for _, from := range []int{l.left - 2*pitch, l.left - pitch, l.right, l.right + pitch} {
		sum, n := 0, 0
		for x := max(0, from); x < min(p.Width, from+pitch); x++ {
			for y := l.top; y < l.bottom; y++ {
				if row := l.row(y, x); row >= 0 && row < p.Height {
					sum, n = sum+int(p.Pix[row*p.Width+x]), n+1
				}
			}
		}
		if n > 0 && sum >= n*burntMean {
			return true
		}
	}
	return false
}

func (p Plane) evenIn(l line) bool {
	contrasts, darkest := make([]int, zoneChars), make([]int, zoneChars)
	for i := range zoneChars {
		low, high := p.rangeOf(l, l.left+i*(l.right-l.left)/zoneChars, l.left+(i+1)*(l.right-l.left)/zoneChars)
		contrasts[i], darkest[i] = high-low, low
	}
	usual, dark := median(append([]int{}, contrasts...)), median(append([]int{}, darkest...))
	for i := range zoneChars {
		if 1000*contrasts[i] < weakBelow*usual || 1000*(darkest[i]-dark) > paleOver*usual {
			return false
		}
	}
	return true
}

// rangeOf gives the darkest and the lightest luma of some columns of a line.
func (p Plane) rangeOf(l line, from, to int) (low, high int) {
	low = 255
	for x := from; x < min(to, p.Width); x++ {
		for y := l.top; y < l.bottom; y++ {
			if row := l.row(y, x); row >= 0 && row < p.Height {
				v := int(p.Pix[row*p.Width+x])
				low, high = min(low, v), max(high, v)
			}
		}
	}
	return low, max(low, high)
}
