package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// figure is one row.
type figure struct {
	Name     string  `json:"name"`
	Calls    int     `json:"calls"`
	CPU      float64 `json:"cpu_us_per_packet"`
	RSS      float64 `json:"rss_kib_per_call"`
	DelayP50 float64 `json:"delay_us_p50"`
	DelayP99 float64 `json:"delay_us_p99"`
	Loss     float64 `json:"loss_percent"`
	JoinP50  float64 `json:"join_ms_p50"`
	JoinP95  float64 `json:"join_ms_p95"`
	Load     float64 `json:"load_core"` // share of its core that the load generator had
	Packets  uint64  `json:"packets"`
	Vs       string  `json:"vs,omitempty"`
	Ratio    float64 `json:"ratio,omitempty"` // of the CPU, to that of vs
}

// loadFull is the share of its core at which a load generator is at its end:
// delays and losses are its own then.
const loadFull = 0.95

// generatorEnds says whether it was at its end with every server.
func generatorEnds(rows []figure) bool {
	return !slices.ContainsFunc(rows, func(f figure) bool { return f.Load < loadFull })
}

// compare sets the ratio to the row that f is judged by.
func compare(f *figure, rows []figure) {
	against := map[string]string{
		"ours": "plain", "ours-pion": "plain", "janus": "plain", "ours-recording": "ours", "ours-pion-recording": "ours-pion",
	}[f.Name]
	for _, r := range rows {
		if r.Name == against && r.Calls == f.Calls && r.CPU > 0 {
			f.Vs, f.Ratio = against, round(f.CPU/r.CPU)
		}
	}
}

// median of the runs, figure by figure.
func median(name string, calls int, runs []figure) figure {
	f := figure{Name: name, Calls: calls, Packets: runs[0].Packets}
	for _, field := range []func(*figure) *float64{
		func(f *figure) *float64 { return &f.CPU }, func(f *figure) *float64 { return &f.RSS },
		func(f *figure) *float64 { return &f.DelayP50 }, func(f *figure) *float64 { return &f.DelayP99 },
		func(f *figure) *float64 { return &f.Loss }, func(f *figure) *float64 { return &f.Load },
		func(f *figure) *float64 { return &f.JoinP50 }, func(f *figure) *float64 { return &f.JoinP95 },
	} {
		var values []float64
		for i := range runs {
			values = append(values, *field(&runs[i]))
		}
		slices.Sort(values)
		*field(&f) = round(values[len(values)/2])
	}
	return f
}

func round(f float64) float64 { return float64(int64(f*1000+0.5)) / 1000 }

func table(to io.Writer, floors []floor, rows []figure) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "calls\tserver\tµs/packet\tratio\tRSS KiB/call\tdelay µs p50\tp99\tloss %\tjoin ms p50\tp95\tload core %\t")
	for _, r := range rows {
		ratio := ""
		if r.Vs != "" {
			ratio = fmt.Sprintf("%.2f × %s", r.Ratio, r.Vs)
		}
		fmt.Fprintf(w, "%d\t%s\t%.1f\t%s\t%.0f\t%.0f\t%.0f\t%.2f\t%.1f\t%.1f\t%.0f\t\n",
			r.Calls, r.Name, r.CPU, ratio, r.RSS, r.DelayP50, r.DelayP99, r.Loss, r.JoinP50, r.JoinP95, 100*r.Load)
	}
	for _, f := range floors {
		fmt.Fprintf(w, "floor\t%s\t%.2f\t\n", f.Name, f.CPU)
	}
	return w.Flush()
}
