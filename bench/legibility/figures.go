package main

import (
	"encoding/json"
	"os"
	"slices"

	"verifycall/calls/legibility"
)

// figures are what is counted over pictures of one half, or of one kind of it.
type figures struct {
	Name       string  `json:"name"` // "legibility"
	Half       string  `json:"half"`
	Kind       string  `json:"kind"`
	Pictures   int     `json:"n"`
	Unreadable int     `json:"unreadable"`
	Rejected   int     `json:"rejected"`     // of the unreadable
	Right      int     `json:"right_cause"`  // of the unreadable
	False      int     `json:"false_reject"` // of the readable
	Sure       int     `json:"sure"`         // readable in every size
	FalseSure  int     `json:"false_sure"`   // of them rejected
	RightShare float64 `json:"right_share"`
	FalseShare float64 `json:"false_share"`
}

// print prints a line for each half and kind, and for all kinds together.
func print(outcomes []outcome) error {
	encoder := json.NewEncoder(os.Stdout)
	for _, half := range []string{"calibration", "report"} {
		for _, kind := range append([]string{"all"}, kinds...) {
			f := figures{Name: "legibility", Half: half, Kind: kind}
			for _, o := range outcomes {
				if o.Half == half && (kind == "all" || o.Kind == kind) {
					f.add(o)
				}
			}
			f.RightShare = share(f.Right, f.Unreadable)
			f.FalseShare = share(f.False, f.Pictures-f.Unreadable)
			if err := encoder.Encode(f); err != nil {
				return err
			}
		}
		for _, kind := range kinds {
			for quarter := range 4 {
				if err := encoder.Encode(causesOf(half, kind, quarter, outcomes)); err != nil {
					return err
				}
			}
		}
		for _, kind := range []string{"blur", "glare", "dark", "small"} {
			if err := encoder.Encode(curveOf(half, kind, outcomes)); err != nil {
				return err
			}
		}
	}
	return nil
}

// causes are what was said of the pictures of one kind in a quarter of its
// strengths, by whether they can be read: cause → pictures, "" for none.
type causes struct {
	Name       string         `json:"name"` // "legibility_causes"
	Half       string         `json:"half"`
	Kind       string         `json:"kind"`
	From       float64        `json:"from"` // strength
	To         float64        `json:"to"`
	Readable   map[string]int `json:"readable"`
	Unreadable map[string]int `json:"unreadable"`
}

func causesOf(half, kind string, quarter int, outcomes []outcome) causes {
	c := causes{Name: "legibility_causes", Half: half, Kind: kind, From: float64(quarter) / 4, To: float64(quarter+1) / 4,
		Readable: map[string]int{}, Unreadable: map[string]int{}}
	for _, o := range outcomes {
		switch in := o.Half == half && o.Kind == kind && o.Strength >= c.From && o.Strength < c.To; {
		case in && o.Readable:
			c.Readable[string(o.Said.Cause)]++
		case in:
			c.Unreadable[string(o.Said.Cause)]++
		}
	}
	return c
}

// curve is how far a kind's own measure alone tells the unreadable pictures of that
// kind from the readable ones.
type curve struct {
	Name string  `json:"name"` // "legibility_roc"
	Half string  `json:"half"`
	Kind string  `json:"kind"`
	N    int     `json:"n"`
	AUC  float64 `json:"auc"`        // area under the curve: 1 tells all, 0.5 nothing
	At5  float64 `json:"caught_at5"` // of the unreadable, where 5 % of the readable are rejected
}

// measured is a kind's own measure of a picture, the worse the larger.
func measured(kind string, m legibility.Measures) float64 {
	switch kind {
	case "blur":
		return float64(m.Edge)
	case "glare":
		return float64(m.Burnt)
	case "dark":
		return -float64(m.Noise)
	}
	return -float64(m.Pitch)
}

func curveOf(half, kind string, outcomes []outcome) curve {
	c := curve{Name: "legibility_roc", Half: half, Kind: kind}
	var good, bad []float64
	for _, o := range outcomes {
		if o.Half != half || o.Kind != kind {
			continue
		}
		c.N++
		if o.Readable {
			good = append(good, measured(kind, o.Said))
		} else {
			bad = append(bad, measured(kind, o.Said))
		}
	}
	if len(good) == 0 || len(bad) == 0 {
		return c
	}
	slices.Sort(good)
	limit, above, caught := good[min(len(good)-1, len(good)*95/100)], 0.0, 0
	for _, b := range bad {
		for _, g := range good {
			switch {
			case b > g:
				above++
			case b == g:
				above += 0.5
			}
		}
		if b > limit {
			caught++
		}
	}
	c.AUC, c.At5 = float64(int(1000*above/float64(len(good)*len(bad))))/1000, share(caught, len(bad))
	return c
}

func (f *figures) add(o outcome) {
	f.Pictures++
	rejected := o.Said.Cause != ""
	if o.Sizes == len(pitches) {
		f.Sure++
		if rejected {
			f.FalseSure++
		}
	}
	switch {
	case o.Readable && rejected:
		f.False++
	case !o.Readable:
		f.Unreadable++
		if rejected {
			f.Rejected++
		}
		if string(o.Said.Cause) == o.Kind {
			f.Right++
		}
	}
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part*1000/whole) / 1000
}
