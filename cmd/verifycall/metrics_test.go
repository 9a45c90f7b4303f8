package main

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
)

// scraped gives the series of a running server without their values.
func scraped(t *testing.T, url string) map[string]bool {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	series := map[string]bool{}
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if line := lines.Text(); !strings.HasPrefix(line, "#") {
			series[line[:strings.LastIndex(line, " ")]] = true
		}
	}
	return series
}

func TestMetricsOfANode(t *testing.T) {
	ops := freeAddress(t)
	d, out := launch(t, t.TempDir(), "--demo", "--listen", "127.0.0.1:0", "--ops-listen", ops)
	for lines := bufio.NewScanner(out); len(d.lines) < demoLines && lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		d.lines[name] = value
	}
	series := scraped(t, "http://"+ops+"/metrics")
	for _, want := range []string{"verifycall_draining", "verifycall_kept_changes", "verifycall_redis_away", "verifycall_spool_bytes", "verifycall_spool_limit_bytes", "verifycall_spool_behind_seconds", "verifycall_mails_waiting",
		"verifycall_leases", "verifycall_queue_places", "verifycall_queue_oldest_timestamp_seconds", "verifycall_queue_wait_seconds_count", "verifycall_records_unsealed",
		"verifycall_records_unsealed_oldest_timestamp_seconds", "verifycall_retention_next_timestamp_seconds", "verifycall_retention_unfinished", "verifycall_rooms_unheld",
		`verifycall_rooms_entered_total{cause="manager",state="no_show"}`, `verifycall_rooms_entered_total{cause="seller",state="no_show"}`,
		"verifycall_recorder_lag_seconds_count", "verifycall_leases_lost_total",
		`verifycall_nodes{state="serving"}`, `verifycall_commit_seconds_count{outcome="done"}`, `verifycall_store_seconds_count{outcome="done",verb="put"}`} {
		if !series[want] {
			t.Errorf("no %s", want)
		}
	}
	base, _, _ := strings.Cut(d.lines["manager"], "/in/")
	for _, path := range []string{"/healthz", "/readyz"} {
		res, err := d.client.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
	if err := d.stop(); err != nil {
		t.Error(err)
	}
}
