package settings

import (
	"errors"
	"flag"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func unset(string) (string, bool) { return "", false }

func TestSettings(t *testing.T) {
	cert := filepath.Join(t.TempDir(), "none.pem")
	for name, test := range map[string]struct {
		args  []string
		wrong []string // what the faults name, in their order; empty = accepted
	}{
		"defaults":             {nil, nil},
		"demo":                 {[]string{"--demo", "--lan"}, nil},
		"all":                  {[]string{"-listen", ":80", "-media-listen", "[::]:0", "-ops-listen", "", "-public-url", "https://a.example/", "-public-ip", "192.0.2.1,2001:db8::1", "-redis", "redis://h:1/0", "-store", "file:///var/x"}, nil},
		"unknown flag":         {[]string{"--frob"}, []string{"-frob"}},
		"an argument":          {[]string{"now"}, []string{`"now"`}},
		"no port":              {[]string{"--listen", "localhost"}, []string{"--listen"}},
		"port out of range":    {[]string{"--media-listen", "127.0.0.1:70000"}, []string{"--media-listen"}},
		"name to listen on":    {[]string{"--ops-listen", "host.example:1"}, []string{"--ops-listen"}},
		"lan without demo":     {[]string{"--lan"}, []string{"--lan"}},
		"url without scheme":   {[]string{"--public-url", "calls.example.org"}, []string{"--public-url"}},
		"url with path":        {[]string{"--public-url", "https://a.example/x"}, []string{"--public-url"}},
		"ip":                   {[]string{"--public-ip", "192.0.2.1,here"}, []string{"--public-ip", "here"}},
		"half of tls":          {[]string{"--tls-cert", cert}, []string{"--tls-cert and --tls-key"}},
		"no certificate there": {[]string{"--tls-cert", cert, "--tls-key", cert}, []string{"--tls-cert and --tls-key", "none.pem"}},
		"redis":                {[]string{"--redis", "localhost:6379"}, []string{"--redis"}},
		"store":                {[]string{"--store", "s3://key:secret@bucket"}, []string{"--store"}},
		"stop time":            {[]string{"--stop-timeout", "banana"}, []string{"-stop-timeout"}},
		"too long":             {[]string{"--stop-timeout", "2h"}, []string{"-stop-timeout"}},
		"nobody let in":        {[]string{"--conns-per-ip", "0"}, []string{"-conns-per-ip"}},
		"path":                 {[]string{"--media-path", "scenic"}, []string{"--media-path"}},
		"log":                  {[]string{"--log-level", "loud", "--log-format", "xml"}, []string{"--log-level", "--log-format"}},
		"everything at once": {[]string{"--frob", "--stop-timeout", "banana", "--listen", "nope", "extra", "--redis", "h", "--log-format", "xml"},
			[]string{"-frob", "banana", `"extra"`, "--listen", "--redis", "--log-format"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(test.args, unset, io.Discard)
			if len(test.wrong) == 0 {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil {
				t.Fatal("accepted")
			}
			rest := err.Error()
			for _, name := range test.wrong {
				_, after, found := strings.Cut(rest, name)
				if !found {
					t.Fatalf("does not name %s in its place:\n%v", name, err)
				}
				rest = after
			}
			if len(test.wrong) == 1 && strings.Contains(err.Error(), "\n") {
				t.Errorf("one fault is named more than once:\n%v", err)
			}
		})
	}
}

func TestEnvironment(t *testing.T) {
	env := map[string]string{"VERIFYCALL_CONNS_PER_IP": "1200", "VERIFYCALL_STOP_TIMEOUT": "30s", "VERIFYCALL_MEDIA_LISTEN": "127.0.0.1:7777",
		"VERIFYCALL_DEMO": "true"}
	look := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	c, err := Parse([]string{"--stop-timeout", "45s"}, look, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if c.ConnsPerIP != 1200 || c.StopTimeout != 45*time.Second || c.MediaListen != "127.0.0.1:7777" || !c.Demo {
		t.Errorf("settings %+v", c)
	}
	env["VERIFYCALL_CONNS_PER_IP"], env["VERIFYCALL_DEMO"] = "none", "perhaps"
	_, err = Parse(nil, look, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "VERIFYCALL_CONNS_PER_IP") || !strings.Contains(err.Error(), "VERIFYCALL_DEMO") {
		t.Errorf("faults %v", err)
	}
}

func TestHelpIsNoFault(t *testing.T) {
	if _, err := Parse([]string{"-h"}, unset, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("help gives %v", err)
	}
}

func TestAtMostThirtySettings(t *testing.T) {
	n := 0
	new(Settings).Flags().VisitAll(func(*flag.Flag) { n++ })
	if n > 30 {
		t.Errorf("%d settings, at most 30", n)
	}
}
