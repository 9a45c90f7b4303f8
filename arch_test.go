package verifycall_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// mayImport is the import table of the house: package → packages of ours that
// it may import. A package that is missing here may not exist.
var mayImport = map[string][]string{
	"access": {},
	"backup": {"recorder/evidence", "recorder/evidence/objects", "recorder/evidence/vault", "rooms", "rooms/db"},

	"calls":                   {"access", "calls/depot", "calls/facts", "calls/legibility", "calls/protocol", "calls/views", "media", "media/relay", "recorder", "recorder/evidence", "recorder/evidence/objects", "recorder/evidence/vault", "recorder/spool", "recorder/webp", "rooms", "rooms/db", "rooms/form", "rooms/limits", "rooms/plan"},
	"calls/depot":             {"recorder", "recorder/evidence/objects", "recorder/evidence/vault", "recorder/spool"},
	"calls/facts":             {"calls/protocol", "calls/views", "recorder", "rooms"},
	"calls/legibility":        {},
	"calls/protocol":          {},
	"calls/protocol/generate": {"calls/protocol"},
	"calls/views":             {"calls/protocol", "rooms"},
	"cmd/verifycall":          {"access", "bench/robot", "bench/testdata", "bench/trial", "calls", "calls/protocol", "cmd/verifycall/accounts", "cmd/verifycall/built", "cmd/verifycall/bundles", "cmd/verifycall/certificate", "cmd/verifycall/checkup", "cmd/verifycall/console", "cmd/verifycall/keeping", "cmd/verifycall/lan", "cmd/verifycall/places", "cmd/verifycall/settings", "mail", "media", "media/relay", "nodes", "recorder/evidence/objects", "rooms", "rooms/accesslog", "rooms/calendar", "rooms/embedded", "rooms/queue", "rooms/staff", "rooms/tickets", "signaling", "signaling/intake", "signaling/privacy", "signin/openid", "web"},

	"cmd/verifycall/accounts":    {"access", "cmd/verifycall/console", "cmd/verifycall/places", "cmd/verifycall/settings", "rooms", "rooms/accesslog", "rooms/staff", "rooms/tickets", "signaling", "signin", "signin/openid"},
	"cmd/verifycall/built":       {"cmd/verifycall/console", "recorder/evidence", "web"},
	"cmd/verifycall/bundles":     {"cmd/verifycall/console", "cmd/verifycall/places", "cmd/verifycall/settings", "recorder/evidence", "recorder/evidence/stamp", "recorder/evidence/vault"},
	"cmd/verifycall/certificate": {},
	"cmd/verifycall/checkup":     {"cmd/verifycall/console", "cmd/verifycall/places", "cmd/verifycall/settings", "doctor", "recorder/evidence", "recorder/evidence/vault"},
	"cmd/verifycall/console":     {},
	"cmd/verifycall/keeping":     {"backup", "cmd/verifycall/console", "cmd/verifycall/places", "cmd/verifycall/settings", "recorder/evidence", "recorder/evidence/objects", "recorder/evidence/vault", "rooms", "rooms/accesslog", "rooms/embedded"},
	"cmd/verifycall/lan":         {},
	"cmd/verifycall/places":      {"backup", "cmd/verifycall/built", "cmd/verifycall/settings", "recorder/evidence", "recorder/evidence/objects", "recorder/evidence/vault", "rooms", "rooms/accesslog", "rooms/ledger"},
	"cmd/verifycall/settings":    {"cmd/verifycall/certificate", "cmd/verifycall/console", "mail", "media", "nodes", "recorder/evidence/objects", "rooms/db", "signin/openid"},

	"doctor":                    {"mail", "recorder/evidence/objects", "rooms/db"},
	"mail":                      {"mail/letter", "rooms", "rooms/calendar", "rooms/db", "rooms/outbox"},
	"mail/letter":               {},
	"media":                     {"media/bandwidth", "media/lean", "media/loss", "media/vp8"},
	"media/bandwidth":           {"media/twcc"},
	"media/lean":                {},
	"media/loss":                {},
	"media/relay":               {},
	"media/twcc":                {},
	"media/vp8":                 {},
	"nodes":                     {"rooms"},
	"recorder":                  {"recorder/webm", "recorder/webp"},
	"recorder/evidence":         {"recorder/evidence/objects", "recorder/evidence/stamp", "recorder/evidence/vault", "recorder/webm", "recorder/webp", "rooms/ledger", "rooms/plan"},
	"recorder/evidence/objects": {},
	"recorder/evidence/stamp":   {},

	"recorder/evidence/stamp/stamptest": {"recorder/evidence/stamp"},

	"recorder/evidence/vault": {"recorder/evidence/objects"},
	"recorder/spool":          {"recorder/evidence/objects"},
	"recorder/webm":           {},
	"recorder/webp":           {},
	"rooms":                   {"rooms/calendar", "rooms/calendars", "rooms/db", "rooms/form", "rooms/ledger", "rooms/limits", "rooms/outbox", "rooms/plan", "rooms/proof", "rooms/staff", "rooms/tickets", "rooms/waiting"},
	"rooms/accesslog":         {"rooms/db", "rooms/ledger", "rooms/proof"},
	"rooms/calendar":          {"rooms/ledger"},
	"rooms/calendars":         {"rooms/calendar", "rooms/db", "rooms/form", "rooms/ledger", "rooms/proof", "rooms/staff"},
	"rooms/db":                {"rooms/embedded", "rooms/ledger"},
	"rooms/db/dbtest":         {"rooms/db", "rooms/redistest"},
	"rooms/embedded":          {},
	"rooms/form":              {},
	"rooms/ledger":            {},
	"rooms/limits":            {"rooms/db"},
	"rooms/outbox":            {"rooms/db", "rooms/form"},
	"rooms/plan":              {},
	"rooms/proof":             {"rooms/ledger"},
	"rooms/queue":             {"rooms", "rooms/calendar", "rooms/db"},
	"rooms/redistest":         {},
	"signaling":               {"access", "calls", "calls/depot", "calls/protocol", "calls/views", "mail", "mail/letter", "nodes", "recorder/evidence", "recorder/evidence/objects", "recorder/evidence/vault", "rooms", "rooms/accesslog", "rooms/calendar", "rooms/calendars", "rooms/ledger", "rooms/limits", "rooms/queue", "rooms/staff", "rooms/tickets", "signaling/intake", "signaling/privacy", "signaling/review", "signaling/socket", "signin", "signin/openid"},
	"rooms/staff":             {"rooms/db", "rooms/form", "rooms/ledger"},
	"rooms/tickets":           {"rooms/db"},
	"rooms/waiting":           {"rooms/db"},
	"signaling/intake":        {"calls/protocol"},
	"signaling/privacy":       {"rooms/plan"},
	"signaling/review":        {"rooms/ledger"},
	"signaling/socket":        {"calls/protocol"},
	"signin":                  {"rooms/db", "rooms/staff"},
	"signin/openid":           {"access"},
	"signin/openid/oidctest":  {},
	"signin/softkey":          {},
	"web":                     {},

	"recorder/evidence/objects/s3test": {},
}

// onlyIn lists modules and the only packages that may import them.
var onlyIn = map[string][]string{
	"github.com/redis/go-redis":     {"rooms", "rooms/calendars", "rooms/db", "rooms/limits", "rooms/outbox", "rooms/redistest", "rooms/staff", "rooms/tickets"},
	"github.com/alicebob/miniredis": {"rooms/embedded"},
	"github.com/gorilla/websocket":  {"signaling/socket", "bench"},
	"github.com/pion/webrtc":        {"media", "bench"},
	"github.com/pion/turn":          {"media/relay"},
	"github.com/pion/srtp":          {"media/lean", "bench"},
	"github.com/pion/rtp":           {"media", "media/bandwidth", "media/lean", "recorder", "bench"},
	"github.com/wneessen/go-mail":   {"mail"},
	"github.com/arran4/golang-ical": {"mail/letter"},
	"github.com/minio/minio-go":     {"recorder/evidence/objects", "recorder/evidence/objects/s3test"},
	"github.com/at-wat/ebml-go":     {"bench"},
	"aead.dev/minisign":             {"recorder/evidence"},
	"github.com/go-webauthn":        {"signin"},
	"filippo.io/age":                {"recorder", "recorder/evidence/vault", "bench"},
	"github.com/digitorus":          {"recorder/evidence/stamp", "recorder/evidence/stamp/stamptest"},
	"golang.org/x/crypto/acme":      {"cmd/verifycall/certificate"},
	"golang.org/x/crypto/x509roots": {"cmd/verifycall"},
	"rsc.io/qr":                     {"cmd/verifycall/lan"},
	"net/http":                      {"doctor", "nodes", "recorder/evidence/objects", "signaling", "signaling/socket", "signin/openid", "cmd/verifycall", "cmd/verifycall/bundles", "cmd/verifycall/checkup", "cmd/verifycall/keeping", "calls/protocol", "bench"},
}

type pkg struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestImportTable(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, "verifycall/")
		outside := name == "bench" || strings.HasPrefix(name, "bench/") || strings.HasPrefix(name, "test/")
		allowed, known := mayImport[name]
		if !known && !outside && name != "verifycall" {
			t.Errorf("package %s is not in the import table", name)
		}
		for _, imported := range p.Imports {
			if ours, ok := strings.CutPrefix(imported, "verifycall/"); ok && !outside && !slices.Contains(allowed, ours) {
				t.Errorf("%s may not import %s", name, ours)
			}
			for module, users := range onlyIn {
				if (imported == module || strings.HasPrefix(imported, module+"/")) && !slices.Contains(users, name) && !outside {
					t.Errorf("%s may not import %s", name, imported)
				}
			}
		}
	}
}
