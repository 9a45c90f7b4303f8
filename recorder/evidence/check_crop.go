package evidence

import "slices"

// crop is the body of an entry that marks a region of a still.
type crop struct {
	Seq    int64  `json:"-"`
	Slot   string `json:"slot"`
	Still  string `json:"still"` // SHA-256 of the still
	X      int    `json:"x"`     // pixels of the still
	Y      int    `json:"y"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
}

// checkCrops checks that each region is of a still that was taken before, and lies
// within it.
func (r *record) checkCrops() error {
	for _, c := range r.crops {
		at := slices.IndexFunc(r.captures, func(still capture) bool {
			return still.Kind == kindFrame && still.Seq < c.Seq && still.SHA256 == c.Still && still.Slot == c.Slot
		})
		if at < 0 {
			return isWrong(ledgerFile, "entry %d: the region is of no still that was taken before", c.Seq)
		}
		still := r.captures[at]
		if c.X < 0 || c.Y < 0 || c.Width < 1 || c.Height < 1 || c.Width > still.Width-c.X || c.Height > still.Height-c.Y {
			return isWrong(ledgerFile, "entry %d: the region isn't within its still", c.Seq)
		}
	}
	return nil
}
