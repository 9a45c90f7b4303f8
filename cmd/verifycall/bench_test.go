package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"verifycall/bench/trial"
	"verifycall/cmd/verifycall/console"
)

// TestBench holds two calls against a demo, with its metrics, and tells a key that
// isn't taken.
func TestBench(t *testing.T) {
	dir, ops := t.TempDir(), freeAddress(t)
	d := startDemo(t, dir, "--demo", "--listen", "127.0.0.1:0", "--ops-listen", ops)
	var out, errOut bytes.Buffer
	run([]string{"bench", "--url", d.base, "--apikey", d.lines["apikey"], "--calls", "2", "--ramp", "1s", "--hold", "7s", "--json",
		"--metrics", "http://" + ops + "/metrics"}, &out, &errOut) // the code is the machine's
	var r trial.Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("%v: %s%s", err, &out, &errOut)
	}
	if len(r.Steps) != 3 || r.Joins.N != 2 || r.Pictures.N != 2 || r.Captures.N == 0 || r.RTT.N == 0 || len(r.Faults) > 0 || r.Server == nil || r.Server.Megabytes == 0 {
		t.Errorf("%s", &out)
	}
	out.Reset()
	if code := run([]string{"bench", "--url", d.base, "--apikey", "none", "--calls", "1", "--ramp", "1ms", "--hold", "0s"}, &out, &errOut); code != 1 || !bytes.Contains(out.Bytes(), []byte("fault:")) {
		t.Errorf("with a wrong key: code %d, %s", code, &out)
	}
	if err := d.stop(); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"bench"}, {"bench", "--url", "ftp://x", "--apikey", "k"}, {"bench", "--url", "http://x", "--apikey", "k", "--calls", "0"}} {
		if code := run(args, &out, &errOut); code != console.ExitUsage {
			t.Errorf("%q: exit code %d", args, code)
		}
	}
}
