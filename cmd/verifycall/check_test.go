package main

import (
	"bytes"
	"encoding/json"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"verifycall/doctor"
)

// checked runs check --json and gives its code and findings by what was looked at.
func checked(t *testing.T, args ...string) (int, map[string][]doctor.Finding) {
	t.Helper()
	var out bytes.Buffer
	code := run(append([]string{"check", "--json"}, args...), &out, io.Discard)
	var all []doctor.Finding
	if err := json.Unmarshal(out.Bytes(), &all); err != nil {
		t.Fatalf("%v: %s", err, out.Bytes())
	}
	found := map[string][]doctor.Finding{}
	for _, f := range all {
		found[f.Check] = append(found[f.Check], f)
	}
	return code, found
}

func TestCheckBeforeAndWhileItRuns(t *testing.T) {
	dir := t.TempDir()
	d := startDemo(t, dir)
	same := []string{"--data", filepath.Join(dir, "data"), "--listen", strings.TrimPrefix(d.base, "http://"),
		"--media-listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"}
	code, found := checked(t, same...)
	if code != 0 {
		t.Errorf("code %d while it runs: %+v", code, found)
	}
	for _, check := range []string{"settings", "pages", "media", "ops", "redis", "store", "signing", "wrapping", "published"} {
		if len(found[check]) == 0 || found[check][0].Level != doctor.Fine {
			t.Errorf("%s: %+v", check, found[check])
		}
	}
	alive := append([]string{"check", "--alive"}, same...)
	if code := run(alive, io.Discard, io.Discard); code != 0 {
		t.Errorf("--alive: code %d while it runs", code)
	}
	if err := d.stop(); err != nil {
		t.Fatal(err)
	}
	if code := run(alive, io.Discard, io.Discard); code != 1 {
		t.Errorf("--alive: code %d after it ran", code)
	}
	code, found = checked(t, same...)
	if code != 0 || !strings.Contains(found["pages"][0].Says, "is free") || found["published"][0].Level != doctor.Skipped {
		t.Errorf("code %d after it ran: %+v", code, found)
	}
}

func TestCheckNamesEveryWrongSetting(t *testing.T) {
	code, found := checked(t, "--listen", "nowhere", "--public-ip", "x", "--frobnicate")
	if code != 1 || len(found["settings"]) != 3 || len(found) != 1 {
		t.Errorf("code %d: %+v", code, found)
	}
}

func TestVersion(t *testing.T) {
	var out bytes.Buffer
	if code := run([]string{"version"}, &out, io.Discard); code != 0 || !strings.HasPrefix(out.String(), "verifycall ") || !strings.Contains(out.String(), "go1.") {
		t.Errorf("code %d: %s", code, out.String())
	}
}
