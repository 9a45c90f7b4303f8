package review

import (
	"math"
	"slices"
	"time"
)

// Case is one decision of an auditor that can be compared with the manager's.
type Case struct {
	At      time.Time // of the auditor's decision
	Manager string    // staff id
	Auditor string    // staff id
	Verdict string    // the manager's: "pass", "recapture", "fail"
	Outcome string    // the auditor's, the same words
	Reasons []string  // of both
	Blind   bool
}

// Rate is how often both said the same.
type Rate struct {
	Name string `json:"name"` // of the week's first day, the account, the reason
	Same int    `json:"same"`
	Of   int    `json:"of"`
}

// Cell counts the cases of one verdict and one outcome.
type Cell struct {
	Verdict string `json:"verdict"`
	Outcome string `json:"outcome"`
	Count   int    `json:"count"`
}

// Agreement is how auditors and account managers agree in some cases.
type Agreement struct {
	Same  int `json:"same"`
	Of    int `json:"of"`
	Blind int `json:"blind"` // of them decided without seeing the verdict

	// Kappa is Cohen's κ: agreement beyond what chance alone would bring, from -1 to
	// 1, of the blind cases. Nil where they don't allow it: fewer than KappaLeast, or
	// both always gave one and the same answer.
	Kappa *float64 `json:"kappa"`
	Low   float64  `json:"low"`  // of a 95 % interval of the rate (Wilson), 0 to 1
	High  float64  `json:"high"` // same

	Weeks    []Rate `json:"weeks"` // oldest first, those between without a case too
	Managers []Rate `json:"managers"`
	Auditors []Rate `json:"auditors"`
	Reasons  []Rate `json:"reasons"`
	Cells    []Cell `json:"cells"` // those with a count
}

// KappaLeast is the fewest blind cases that a κ is given of.
const KappaLeast = 10

// Of counts some cases. Weeks begin on Monday in the zone.
func Of(cases []Case, zone *time.Location) Agreement {
	a := Agreement{Weeks: weeks(cases, zone), Managers: []Rate{}, Auditors: []Rate{}, Reasons: []Rate{}, Cells: []Cell{}}
	var blind []Case
	for _, c := range cases {
		count(&a.Same, &a.Of, c)
		if c.Blind {
			a.Blind++
			blind = append(blind, c)
		}
		add(&a.Managers, c.Manager, c)
		add(&a.Auditors, c.Auditor, c)
		for _, reason := range slices.Compact(slices.Sorted(slices.Values(c.Reasons))) {
			add(&a.Reasons, reason, c)
		}
		i := slices.IndexFunc(a.Cells, func(cell Cell) bool { return cell.Verdict == c.Verdict && cell.Outcome == c.Outcome })
		if i < 0 {
			i, a.Cells = len(a.Cells), append(a.Cells, Cell{c.Verdict, c.Outcome, 0})
		}
		a.Cells[i].Count++
	}
	for _, list := range [][]Rate{a.Managers, a.Auditors, a.Reasons} {
		slices.SortFunc(list, func(x, y Rate) int {
			if x.Of != y.Of {
				return y.Of - x.Of
			}
			return compare(x.Name, y.Name)
		})
	}
	a.Kappa = Kappa(blind)
	a.Low, a.High = wilson(a.Same, a.Of)
	return a
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func count(same, of *int, c Case) {
	*of++
	if c.Verdict == c.Outcome {
		*same++
	}
}

func add(list *[]Rate, name string, c Case) {
	i := slices.IndexFunc(*list, func(r Rate) bool { return r.Name == name })
	if i < 0 {
		i, *list = len(*list), append(*list, Rate{Name: name})
	}
	count(&(*list)[i].Same, &(*list)[i].Of, c)
}

// maxWeeks bounds the weeks that are told apart.
const maxWeeks = 104

func weeks(cases []Case, zone *time.Location) []Rate {
	list := []Rate{}
	if len(cases) == 0 {
		return list
	}
	first, last := cases[0].At, cases[0].At
	for _, c := range cases {
		if c.At.Before(first) {
			first = c.At
		}
		if c.At.After(last) {
			last = c.At
		}
	}
	for at := monday(first, zone); !at.After(last) && len(list) < maxWeeks; at = at.AddDate(0, 0, 7) {
		list = append(list, Rate{Name: at.Format(time.DateOnly)})
	}
	for _, c := range cases {
		name := monday(c.At, zone).Format(time.DateOnly)
		if i := slices.IndexFunc(list, func(r Rate) bool { return r.Name == name }); i >= 0 {
			count(&list[i].Same, &list[i].Of, c)
		}
	}
	return list
}

func monday(at time.Time, zone *time.Location) time.Time {
	at = at.In(zone)
	return time.Date(at.Year(), at.Month(), at.Day()-(int(at.Weekday())+6)%7, 0, 0, 0, 0, zone)
}

// Kappa is Cohen's κ of the cases (J. Cohen, Educational and Psychological
// Measurement 20, 1960): (p_o - p_e) / (1 - p_e).
func Kappa(cases []Case) *float64 {
	if len(cases) < KappaLeast {
		return nil
	}
	n, same := float64(len(cases)), 0.0
	verdicts, outcomes := map[string]float64{}, map[string]float64{}
	for _, c := range cases {
		verdicts[c.Verdict]++
		outcomes[c.Outcome]++
		if c.Verdict == c.Outcome {
			same++
		}
	}
	chance := 0.0
	for verdict, times := range verdicts {
		chance += times / n * outcomes[verdict] / n
	}
	if chance > 1-1e-9 {
		return nil
	}
	kappa := math.Round((same/n-chance)/(1-chance)*1000) / 1000
	return &kappa
}

// wilson is the 95 % score interval of a rate (E. B. Wilson, JASA 22, 1927).
func wilson(same, of int) (low, high float64) {
	if of == 0 {
		return 0, 1
	}
	const z = 1.959964
	n, p := float64(of), float64(same)/float64(of)
	middle := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max(0, middle-half), min(1, middle+half)
}
