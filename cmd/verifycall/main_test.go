package main

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"verifycall/cmd/verifycall/settings"
)

func TestPrintConfig(t *testing.T) {
	var out, faults bytes.Buffer
	code := run([]string{"serve", "--print-config", "--redis", "redis://user:hunter2@h:1/0", "--conns-per-ip", "900"}, &out, &faults)
	if code != 0 || faults.Len() != 0 {
		t.Fatalf("code %d: %s", code, &faults)
	}
	if strings.Contains(out.String(), "hunter2") {
		t.Errorf("shows the password:\n%s", &out)
	}
	for _, line := range []string{"--redis=redis://user:xxxxx@h:1/0\n", "--conns-per-ip=900\n", "--keys=data/keys\n", "--stop-timeout=15s\n"} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("lacks %q:\n%s", line, &out)
		}
	}
	// What is printed can be given again.
	var args []string
	for line := range strings.Lines(strings.ReplaceAll(out.String(), "xxxxx", "y")) {
		args = append(args, strings.TrimSpace(line))
	}
	if _, err := settings.Parse(args, noEnv, io.Discard); err != nil {
		t.Error(err)
	}
}

func TestExitCodes(t *testing.T) {
	for _, test := range []struct {
		args []string
		code int
	}{
		{nil, 2}, {[]string{"dance"}, 2}, {[]string{"help"}, 0}, {[]string{"serve", "--help"}, 0},
		{[]string{"serve", "--frob"}, 2}, {[]string{"verify"}, 2},
	} {
		if code := run(test.args, io.Discard, io.Discard); code != test.code {
			t.Errorf("%v ends with %d, want %d", test.args, code, test.code)
		}
	}
}
