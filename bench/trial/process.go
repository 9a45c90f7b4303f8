package trial

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Process is what the server's metrics say of its process.
type Process struct {
	Cores     float64 `json:"cores"`     // CPU time per time
	Megabytes int     `json:"megabytes"` // resident, at the end

	cpu float64 // seconds since its start
}

const maxMetrics = 8 << 20 // bytes

// readProcess scrapes a server; nil without a URL.
func readProcess(ctx context.Context, url string) (*Process, error) {
	if url == "" {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("metrics: %s", res.Status)
	}
	return parseProcess(io.LimitReader(res.Body, maxMetrics))
}

func parseProcess(r io.Reader) (*Process, error) {
	p, found := &Process{}, 0
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		name, text, _ := strings.Cut(lines.Text(), " ")
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			continue
		}
		switch name {
		case "process_cpu_seconds_total":
			p.cpu = value
			found++
		case "process_resident_memory_bytes":
			p.Megabytes = int(value / 1e6)
			found++
		}
	}
	if found < 2 && lines.Err() == nil {
		return nil, fmt.Errorf("metrics: the server doesn't say its CPU time and memory")
	}
	return p, lines.Err()
}

func (p *Process) since(before *Process, took time.Duration) *Process {
	p.Cores = math.Round((p.cpu-before.cpu)/took.Seconds()*100) / 100
	return p
}
