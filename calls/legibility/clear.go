package legibility

// clearBelow is the luma that 1 % of a picture are above, below which its noise is
// as strong as its print and is taken out first. The picture is then stretched up to
// clearTop, short of what counts as burnt.
const (
	clearBelow = 140
	clearTop   = 240
)

// scale says what luma a stretched picture's 0 and clearTop were, in ninths.
type scale struct{ low, high int }

func (s scale) of(v int) int { return (s.low + v*(s.high-s.low)/clearTop) / 9 }

// cleared gives a dark picture with each pixel the mean of nine, stretched to
// clearTop from what 1 % are below to what 1 % are above.
func (p Plane) cleared() (Plane, scale) {
	sums := make([]int, p.Width*p.Height)
	var count [9*255 + 1]int
	for y := range p.Height {
		for x := range p.Width {
			sum := 0
			for dy := -1; dy <= 1; dy++ {
				row := max(0, min(p.Height-1, y+dy)) * p.Width
				for dx := -1; dx <= 1; dx++ {
					sum += int(p.Pix[row+max(0, min(p.Width-1, x+dx))])
				}
			}
			sums[y*p.Width+x] = sum
			count[sum]++
		}
	}
	s, rest := scale{0, len(count) - 1}, len(sums)/100
	for n := count[0]; n < rest; n += count[s.low] {
		s.low++
	}
	for n := count[s.high]; n < rest; n += count[s.high] {
		s.high--
	}
	s.high = max(s.high, s.low+1)
	out := Plane{p.Width, p.Height, make([]uint8, len(sums))}
	for i, sum := range sums {
		out.Pix[i] = uint8(max(0, min(clearTop, clearTop*(sum-s.low)/(s.high-s.low))))
	}
	return out, s
}
