package legibility

// box is a region of cells, right and bottom outside of it.
type box struct{ left, top, right, bottom int }

func (b box) width() int  { return b.right - b.left }
func (b box) height() int { return b.bottom - b.top }

// zoneSlender says that a zone is so many times wider than high.
const zoneSlender = 4

// zone finds the machine-readable zone: the widest region of print that is much
// wider than high. Pieces of it in a row, apart from each other by glare or a
// finger, count as one.
func (g *grid) zone() (box, bool) {
	regions := g.regions()
	widest := box{}
	for _, r := range regions {
		if r.width() > widest.width() {
			widest = r
		}
	}
	if widest.width() == 0 {
		return widest, false
	}
	for again := true; again; {
		again = false
		for _, r := range regions {
			inRow := r.top < widest.bottom && r.bottom > widest.top && 2*r.height() <= 3*widest.height()
			outside := r.left < widest.left || r.right > widest.right
			if inRow && outside && r.width() >= 2 {
				widest = box{min(widest.left, r.left), min(widest.top, r.top), max(widest.right, r.right), max(widest.bottom, r.bottom)}
				again = true
			}
		}
	}
	slender := widest.width()*cellWidth >= zoneSlender*widest.height()*cellHeight
	return widest, slender && widest.width() >= 12
}

// regions gives the boxes of connected cells of print.
func (g *grid) regions() []box {
	var regions []box
	for i := range g.cells {
		if g.cells[i].text && !g.cells[i].inRegion {
			regions = append(regions, g.region(i))
		}
	}
	return regions
}

// region takes the cells that are connected with one, also over a corner.
func (g *grid) region(first int) box {
	b := box{g.cols, g.rows, 0, 0}
	g.cells[first].inRegion = true
	for open := []int{first}; len(open) > 0; {
		i := open[len(open)-1]
		open = open[:len(open)-1]
		row, col := i/g.cols, i%g.cols
		b = box{min(b.left, col), min(b.top, row), max(b.right, col+1), max(b.bottom, row+1)}
		for r := max(0, row-1); r <= min(g.rows-1, row+1); r++ {
			for c := max(0, col-1); c <= min(g.cols-1, col+1); c++ {
				if n := r*g.cols + c; g.cells[n].text && !g.cells[n].inRegion {
					g.cells[n].inRegion = true
					open = append(open, n)
				}
			}
		}
	}
	return b
}
