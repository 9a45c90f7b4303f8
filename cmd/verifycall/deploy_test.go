package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"verifycall/cmd/verifycall/settings"
)

var (
	described = regexp.MustCompile(`fqName: "([a-z_]+)"`)
	mentioned = regexp.MustCompile(`verifycall_[a-z_]+`)
)

// metricNames are those that a server has, whether anything was counted yet or not.
func metricNames(t *testing.T) map[string]bool {
	t.Helper()
	c, err := settings.Parse([]string{"--listen", "127.0.0.1:0", "--media-listen", "127.0.0.1:0", "--ops-listen", "", "--data", t.TempDir()}, noEnv, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	n := &node{registry: prometheus.NewRegistry(), cfg: c, log: slog.New(slog.DiscardHandler), failed: make(chan error, 3)}
	if err := n.open(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	descs := make(chan *prometheus.Desc)
	go func() { n.registry.Describe(descs); close(descs) }()
	names := map[string]bool{}
	for d := range descs {
		names[described.FindStringSubmatch(d.String())[1]] = true
	}
	if err := n.close(); err != nil {
		t.Error(err)
	}
	return names
}

// TestDashboardsAndAlertsNameMetricsThatExist: what an operator looks at can't go
// silent because a metric got another name.
func TestDashboardsAndAlertsNameMetricsThatExist(t *testing.T) {
	have := metricNames(t)
	for _, file := range []string{"../../deploy/prometheus/alerts.yml", "../../deploy/grafana/verifycall.json"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := mentioned.FindAllString(string(text), -1)
		if len(found) < 10 {
			t.Errorf("%s mentions %d metrics", file, len(found))
		}
		for _, name := range found {
			base := name
			for _, suffix := range []string{"_bucket", "_count", "_sum"} {
				base = strings.TrimSuffix(base, suffix)
			}
			if !have[name] && !have[base] {
				t.Errorf("%s: the server has no %s", file, name)
			}
		}
	}
}

// TestEveryAlertHasItsRunbook: the page for operators says what to do for each.
func TestEveryAlertHasItsRunbook(t *testing.T) {
	alerts, err := os.ReadFile("../../deploy/prometheus/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`alert: (\w+)`).FindAllStringSubmatch(string(alerts), -1)
	if len(names) == 0 {
		t.Fatal("there are no alerts")
	}
	for _, name := range names {
		if !strings.Contains(string(page), "| `"+name[1]+"` |") {
			t.Errorf("no runbook for %s", name[1])
		}
	}
}

// TestComposeNamesItsProxies: the network that the file makes is the one whose
// X-Forwarded-For is believed, and the settings can be used.
func TestComposeNamesItsProxies(t *testing.T) {
	text, err := os.ReadFile("../../deploy/compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	found := func(pattern string) string {
		t.Helper()
		m := regexp.MustCompile(pattern).FindSubmatch(text)
		if m == nil {
			t.Fatalf("compose.yaml has no %s", pattern)
		}
		return string(m[1])
	}
	network := found(`(?m)^ +- subnet: \$\{VERIFYCALL_SUBNET:-(.+)\}$`)
	if named := found(`VERIFYCALL_TLS_CERT: proxy:\$\{VERIFYCALL_SUBNET:-(.+)\}`); named != network {
		t.Errorf("the network is %s, believed is %s", network, named)
	}
	if _, err := settings.Parse([]string{"--public-url", "https://calls.example", "--tls-cert", "proxy:" + network}, noEnv, io.Discard); err != nil {
		t.Error(err)
	}
}
