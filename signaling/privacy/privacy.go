// Package privacy makes the public page that says what is kept of a person, where,
// how long and how it is deleted. It is made from the settings and the rule sets, so
// that it can't say anything else than the service does. It is pure.
package privacy

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"verifycall/rooms/plan"
)

// Facts are what the page is made of. Nothing in it is secret: no path, no name of a
// bucket, no address of the own network.
type Facts struct {
	Profiles []*plan.Profile // the rule sets in their order
	TestLife time.Duration   // of a trial appointment's evidence after its end

	Remote bool   // the evidence is in a storage that is reached over the network, not on the service's disks
	Place  string // of it, as PlaceOf gives it; may be empty
	Locked bool   // it keeps files until their time, whoever wants to delete them

	Mails      bool // are sent
	Recovery   int  // keys that open everything too
	BackupDays int  // that a backup of keys counts, unless somebody chose otherwise
}

// PlaceOf gives what may be said in public of a storage's host and region: nothing of
// a host that is not on the internet.
func PlaceOf(hostPort, region string) string {
	host := strings.ToLower(strings.TrimSuffix(withoutPort(hostPort), "."))
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil || !strings.Contains(host, ".") || inside(host) {
		return region
	}
	if region != "" {
		return host + " (" + region + ")"
	}
	return host
}

func withoutPort(hostPort string) string {
	if host, _, err := net.SplitHostPort(hostPort); err == nil {
		return host
	}
	return hostPort
}

// inside says whether a name is of an own network: RFC 6761, 6762, 8375, and what is
// used without an RFC.
func inside(host string) bool {
	for _, end := range []string{".internal", ".local", ".localhost", ".localdomain", ".lan", ".svc", ".home.arpa", ".intranet", ".corp", ".test"} {
		if strings.HasSuffix(host, end) {
			return true
		}
	}
	return false
}

//go:embed privacy.html
var pageText string

var page = template.Must(template.New("privacy").Parse(pageText))

// Style is the page's style sheet, /privacy.css.
//
//go:embed privacy.css
var Style []byte

// view is the page in one language.
type view struct {
	Tag, Title, Lead, Home, Languages string

	Choices  []choice
	Sections []section
}

type choice struct {
	Tag, Name string
	Chosen    bool
}

type section struct {
	Title string
	Lists []list
}

type list struct {
	Title string // may be empty
	Rows  []row
}

type row struct {
	Name, Until string // Until may be empty
	Text        []string
}

// Write writes the page in one of Languages.
func Write(w io.Writer, language string, f Facts) error {
	t := texts[language]
	if t == nil {
		return fmt.Errorf("privacy: no texts in %q", language)
	}
	v := view{Tag: tagOf(language), Title: t["title"], Lead: t["lead"], Home: t["home"], Languages: t["languages"],
		Sections: []section{t.kept(f), t.where(f), t.deletion(f)}}
	for _, l := range Languages {
		v.Choices = append(v.Choices, choice{Tag: tagOf(l), Name: ownNames[l], Chosen: l == language})
	}
	if err := page.Execute(w, v); err != nil {
		return fmt.Errorf("privacy: %w", err)
	}
	return nil
}

// kept says how long, once for all rule sets that say the same.
func (t words) kept(f Facts) section {
	s := section{Title: t["kept"]}
	groups := alike(f.Profiles)
	for _, g := range groups {
		r := g.retention
		l := list{Rows: []row{
			t.class("recording", r.Recording, r.Record),
			t.class("stills", r.Stills, r.Record),
			t.class("documents", r.Documents, r.Record),
			t.class("record", r.Record, r.Record),
			{Name: t["unheld"], Until: t.fill("afterEnd", "hours", t.count("hours", r.Unheld)), Text: []string{t["unheldText"], t["undecidedText"]}},
		}}
		if len(groups) > 1 {
			l.Title = t.fill("rules", "names", strings.Join(g.names, ", "))
		}
		s.Lists = append(s.Lists, l)
	}
	test := t.fill("afterEnd", "hours", t.count("hours", int(f.TestLife.Hours())))
	s.Lists = append(s.Lists, list{Rows: []row{{Name: t["test"], Until: test, Text: []string{t["testText"]}}}})
	return s
}

// class is the row of a class that goes after days, and with the record at the latest.
func (t words) class(name string, days, record int) row {
	return row{Name: t[name], Text: []string{t[name+"Text"]}, Until: t.fill("afterCall", "days", t.span(min(days, record)))}
}

// span says days, and years where people count by them.
func (t words) span(days int) string {
	said := t.count("days", days)
	years := int(float64(days)/365.25 + 0.5)
	if days < 360 {
		return said
	}
	return strings.NewReplacer("{days}", said, "{years}", strconv.Itoa(years)).Replace(t.form("years", years))
}

func (t words) where(f Facts) section {
	store := t["storeDisk"]
	switch {
	case f.Remote && f.Place != "":
		store = t.fill("storeRemoteAt", "place", f.Place)
	case f.Remote:
		store = t["storeRemote"]
	}
	mails, recovery := t["mailsOff"], t["recoveryNone"]
	if f.Mails {
		mails = t["mailsOn"]
	}
	if f.Recovery > 0 {
		recovery = t.count("recovery", f.Recovery)
	}
	return section{Title: t["where"], Lists: []list{{Rows: []row{
		{Name: t["store"], Text: []string{store}},
		t.plain("database"),
		{Name: t["mails"], Text: []string{mails}},
		t.plain("logs"),
		t.plain("browser"),
		{Name: t["who"], Text: []string{t["whoText"], recovery, t["noFaceText"]}},
	}}}}
}

func (t words) deletion(f Facts) section {
	how := t.plain("deletion")
	if f.Locked {
		how.Text = append(how.Text, t["lockedText"])
	}
	backups := t.fill("backupsText", "days", t.count("days", f.BackupDays))
	return section{Title: t["deletion"], Lists: []list{{Rows: []row{
		{Name: t["store"], Text: how.Text}, t.plain("stays"), t.plain("request"), t.plain("withdraw"), t.plain("hold"),
		{Name: t["backups"], Text: []string{backups}},
	}}}}
}

func (t words) plain(name string) row { return row{Name: t[name], Text: []string{t[name+"Text"]}} }

// group is rule sets that keep alike.
type group struct {
	names     []string
	retention plan.Retention
}

// alike groups rule sets by what they keep, in the order of the first of each.
func alike(profiles []*plan.Profile) (groups []group) {
	at := map[plan.Retention]int{}
	for _, p := range profiles {
		i, known := at[p.Retention]
		if !known {
			i = len(groups)
			at[p.Retention] = i
			groups = append(groups, group{retention: p.Retention})
		}
		groups[i].names = append(groups[i].names, p.ID())
	}
	return groups
}
