package legibility

// A line's characters are counted by their pitch, as all are equally wide: tenths
// of characters that are tried, and how many pitches of each are compared.
const (
	countLeast = 150
	countMost  = 500
	countReach = 12
)

// A line of 30 characters, 36 or 44 is whole if it counts as up to wholeLess and
// wholeMore tenths of one as many: print doesn't fill its characters.
const (
	wholeLess = 7
	wholeMore = 1
)

// whole tells whether a line has as many characters as one of size TD2 or TD3; of
// size TD1 too where short lines are taken: a longer one that is cut off may have
// as many.
func (p Plane) whole(l line, short bool) bool {
	count := p.count(l)
	is := func(chars int) bool { return count >= 10*chars-wholeLess && count <= 10*chars+wholeMore }
	return is(36) || is(44) || short && is(30)
}

// count gives how many of the characters that come again and again in a line are as
// long as it, in tenths: those over which its columns are the most alike.
func (p Plane) count(l line) (count int) {
	sums := p.columns(l, max(0, l.left), min(p.Width-1, l.right))
	alike := alikeness(sums)
	for tried, best := countLeast, 0; tried <= countMost; tried++ {
		sum := 0
		for k := 1; k <= countReach; k++ {
			if lag := (20*k*len(sums) + tried) / (2 * tried); lag < len(alike) {
				sum += alike[lag]
			}
		}
		if sum > best {
			count, best = tried, sum
		}
	}
	return count
}

// alikeness gives for each distance of columns, up to half of the line, how far
// those so far apart are alike.
func alikeness(sums []int) []int {
	mean := 0
	for _, v := range sums {
		mean += v
	}
	mean /= max(1, len(sums))
	alike := make([]int, len(sums)/2)
	for lag := range alike {
		for x := lag; x < len(sums); x++ {
			alike[lag] += (sums[x] - mean) * (sums[x-lag] - mean)
		}
		alike[lag] /= len(sums) - lag
	}
	return alike
}
