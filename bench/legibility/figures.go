package main

import (
	"encoding/json"
	"os"
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
	}
	return nil
}

func (f *figures) add(o outcome) {
	f.Pictures++
	rejected := o.Said.Cause != ""
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
