package privacy

import (
	"bytes"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"verifycall/rooms/plan"
)

func facts(retentions ...plan.Retention) Facts {
	f := Facts{TestLife: 24 * time.Hour, BackupDays: 35}
	for i, r := range retentions {
		f.Profiles = append(f.Profiles, &plan.Profile{Name: "rules", Version: i + 1, Retention: r})
	}
	return f
}

func write(t *testing.T, language string, f Facts) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, language, f); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var fiveYears = plan.Retention{Recording: 1826, Stills: 1826, Documents: 1826, Record: 1826, Unheld: 24}

// One fact changes, and so does what the page says, in every language.
func TestPageFollowsTheFacts(t *testing.T) {
	changes := map[string]func(*Facts){
		"recording":  func(f *Facts) { f.Profiles[0].Retention.Recording = 91 },
		"stills":     func(f *Facts) { f.Profiles[0].Retention.Stills = 92 },
		"documents":  func(f *Facts) { f.Profiles[0].Retention.Documents = 93 },
		"record":     func(f *Facts) { f.Profiles[0].Retention.Record = 94 },
		"unheld":     func(f *Facts) { f.Profiles[0].Retention.Unheld = 7 },
		"test":       func(f *Facts) { f.TestLife = 5 * time.Hour },
		"remote":     func(f *Facts) { f.Remote = true },
		"place":      func(f *Facts) { f.Remote, f.Place = true, "s3.example.org" },
		"locked":     func(f *Facts) { f.Locked = true },
		"mails":      func(f *Facts) { f.Mails = true },
		"recovery":   func(f *Facts) { f.Recovery = 1 },
		"recoveries": func(f *Facts) { f.Recovery = 2 },
		"backups":    func(f *Facts) { f.BackupDays = 60 },
	}
	for _, language := range Languages {
		seen := map[string]string{write(t, language, facts(fiveYears)): "nothing"}
		for name, change := range changes {
			f := facts(fiveYears)
			change(&f)
			text := write(t, language, f)
			if same, found := seen[text]; found {
				t.Errorf("%s: %s changes the page as %s does", language, name, same)
			}
			if seen[text] = name; strings.ContainsAny(text, "{}") {
				t.Errorf("%s, %s: a place was left open", language, name)
			}
		}
	}
}

func TestDaysAreSaid(t *testing.T) {
	text := write(t, "en", facts(plan.Retention{Recording: 1, Stills: 90, Documents: 365, Record: 1826, Unheld: 1}))
	for _, want := range []string{">1 day after the call<", ">90 days after the call<", ">365 days, about 1 year after the call<",
		">1826 days, about 5 years after the call<", ">1 hour after its end<", ">24 hours after its end<", "for 35 days unless"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	// With the record all else goes.
	if text := write(t, "en", facts(plan.Retention{Recording: 500, Stills: 500, Documents: 500, Record: 30, Unheld: 24})); strings.Contains(text, "500") {
		t.Errorf("more is promised than the record's days:\n%s", text)
	}
}

func TestRulesThatDifferAreNamed(t *testing.T) {
	short := fiveYears
	short.Recording = 30
	if text := write(t, "en", facts(fiveYears, fiveYears)); strings.Contains(text, "rules-1") {
		t.Error("rules that say the same are listed twice")
	}
	text := write(t, "en", facts(fiveYears, short, fiveYears))
	if !strings.Contains(text, "Rules: rules-1, rules-3<") || !strings.Contains(text, "Rules: rules-2<") {
		t.Error(text)
	}
}

var place = regexp.MustCompile(`\{\w+\}`)

// Every language has the texts of English, with their places; a plural's singular
// may be missing where the language has none.
func TestEveryLanguageIsComplete(t *testing.T) {
	english := texts["en"]
	for _, language := range Languages {
		w := texts[language]
		for name, text := range english {
			own := w[name]
			if own == "" && strings.HasSuffix(name, "_one") && language == "zh" {
				continue
			}
			want, got := place.FindAllString(text, -1), place.FindAllString(own, -1)
			slices.Sort(want)
			slices.Sort(got)
			if own == "" || !slices.Equal(want, got) {
				t.Errorf("%s: %s is %q", language, name, own)
			}
			if language != "en" && own == text {
				t.Errorf("%s: %s is English", language, name)
			}
		}
		for name := range maps.Keys(w) {
			if english[name] == "" {
				t.Errorf("%s: %s is unknown", language, name)
			}
		}
		if ownNames[language] == "" {
			t.Errorf("%s has no name", language)
		}
		if page := write(t, language, facts(fiveYears)); !strings.Contains(page, `<html lang="`+tagOf(language)+`">`) || strings.Count(page, "aria-current") != 1 {
			t.Errorf("%s: the page doesn't say its language", language)
		}
	}
}

// Nothing of the page needs more than its own style sheet.
func TestPageHasNothingInline(t *testing.T) {
	text := write(t, "en", facts(fiveYears))
	for _, none := range []string{"<script", "<style", "style=", " on", "javascript:", "http:", "https:"} {
		if strings.Contains(strings.ToLower(regexp.MustCompile(`>[^<]*<`).ReplaceAllString(text, "><")), none) {
			t.Errorf("the page has %q", none)
		}
	}
}

func TestChoose(t *testing.T) {
	for _, c := range []struct{ wish, accept, want string }{
		{"", "", "en"}, {"de", "es", "de"}, {"zh-Hans", "", "zh"}, {"fr", "es-419,en;q=0.5", "es"}, {"", "fr, de;q=0.3, zh-CN;q=0.7", "zh"},
		{"", "de;q=0, es;q=0.1", "es"}, {"", "de;q=x, en", "en"}, {"", "de;q=9, es;q=0.2", "es"}, {"", "DE-at", "de"}, {"", "*", "en"},
		{"", strings.Repeat("fr,", 200) + "de", "en"}, {"<b>", "", "en"},
	} {
		if got := Choose(c.wish, c.accept); got != c.want {
			t.Errorf("%q, %.40q: %s, want %s", c.wish, c.accept, got, c.want)
		}
	}
}

func TestPlaceOf(t *testing.T) {
	for _, c := range []struct{ host, region, want string }{
		{"s3.amazonaws.com", "eu-central-1", "s3.amazonaws.com (eu-central-1)"}, {"S3.Example.org:9000", "", "s3.example.org"},
		{"10.0.0.7:9000", "", ""}, {"[fd00::1]:9000", "eu", "eu"}, {"fd00::1", "", ""}, {"[::ffff:10.1.2.3]:9000", "", ""}, {"minio:9000", "", ""}, {"s3.storage.svc:9000", "", ""},
		{"node7.internal", "", ""}, {"nas.lan.", "", ""}, {"localhost:9000", "r1", "r1"},
	} {
		if got := PlaceOf(c.host, c.region); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.host, c.region, got, c.want)
		}
	}
}

var (
	own     = regexp.MustCompile(`(--[a-z0-9-]+): light-dark\((#[0-9a-f]+), (#[0-9a-f]+)\);`)
	literal = regexp.MustCompile(`#[0-9a-f]{3,8}\b`)
)

// The page's colours are those of the design tokens, in both themes.
func TestStyleHasTheTokens(t *testing.T) {
	data, err := os.ReadFile("../../web/src/styles/tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, found := strings.Cut(string(data), "[data-theme='dark'] {")
	if !found {
		t.Fatal("the tokens have no dark theme")
	}
	tokens := own.FindAllStringSubmatch(string(Style), -1)
	for _, m := range tokens {
		if !strings.Contains(light, m[1]+": "+m[2]+";") || !strings.Contains(dark, m[1]+": "+m[3]+";") {
			t.Errorf("%s is not the token's", m[0])
		}
	}
	if colours := literal.FindAllString(string(Style), -1); len(tokens) < 5 || len(colours) != 2*len(tokens)+1 { // and the white of the sign
		t.Errorf("%d colours in %d tokens", len(colours), len(tokens))
	}
}
