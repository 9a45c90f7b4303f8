package trial

import "testing"

func TestLargest(t *testing.T) {
	pass := func(n int) Step { return Step{Calls: n, Pass: true, tried: n} }
	worse := func(n, tried int) Step { return Step{Calls: n, tried: tried} }
	for name, c := range map[string]struct {
		steps []Step
		want  int
	}{
		"nothing tried":      {nil, 0},
		"the first":          {[]Step{worse(1, 1), worse(2, 2)}, 0},
		"all":                {[]Step{pass(1), pass(2), pass(2)}, 2},
		"in the hold":        {[]Step{pass(1), pass(2), worse(2, 2)}, 1},
		"one came not about": {[]Step{pass(1), pass(2), worse(2, 3), worse(2, 3)}, 2},
		"better afterwards":  {[]Step{pass(1), worse(2, 2), pass(3)}, 1},
	} {
		if got := largest(c.steps); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
