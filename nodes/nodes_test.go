package nodes

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func secretOf(t testing.TB, text string) Secret {
	t.Helper()
	s, err := NewSecret([]byte(strings.Repeat(text, minSecret)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestShortSecretIsRefused(t *testing.T) {
	if _, err := NewSecret(make([]byte, minSecret-1)); err == nil {
		t.Error("a short secret was taken")
	}
}

func TestAnnouncement(t *testing.T) {
	ours, theirs := secretOf(t, "a"), secretOf(t, "b")
	allowed, err := ParseNetworks([]string{"10.0.0.0/8", "fd00::1"})
	if err != nil {
		t.Fatal(err)
	}
	good := Announcement{ID: "n1", Addr: netip.MustParseAddrPort("10.1.2.3:7001"), Version: "v1", Load: 3, At: now}
	with := func(change func(*Announcement)) Announcement {
		a := good
		change(&a)
		return a
	}
	for _, c := range []struct {
		name string
		by   Secret
		a    Announcement
		id   string
		ok   bool
	}{
		{"as it was made", ours, good, "n1", true},
		{"a single address of --node-cidr", ours, with(func(a *Announcement) { a.Addr = netip.MustParseAddrPort("[fd00::1]:1") }), "n1", true},
		{"an IPv4 address written as IPv6", ours, with(func(a *Announcement) { a.Addr = netip.MustParseAddrPort("[::ffff:10.1.2.3]:1") }), "n1", true},
		{"no address", ours, with(func(a *Announcement) { a.Addr = netip.AddrPort{} }), "n1", true},
		{"another secret", theirs, good, "n1", false},
		{"another's key", ours, good, "n2", false},
		{"outside the networks", ours, with(func(a *Announcement) { a.Addr = netip.MustParseAddrPort("192.0.2.1:80") }), "n1", false},
		{"kept for an hour", ours, with(func(a *Announcement) { a.At = now.Add(-time.Hour) }), "n1", false},
		{"of tomorrow", ours, with(func(a *Announcement) { a.At = now.AddDate(0, 0, 1) }), "n1", false},
	} {
		text, err := c.by.Announce(c.a)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ours.Announced(c.id, text, now, allowed)
		if (err == nil) != c.ok || c.ok && got != c.a {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
}

func TestLeast(t *testing.T) {
	for _, c := range []struct {
		name, prefer, want string
		all                []Announcement
	}{
		{"nobody", "a", "", nil},
		{"all drain", "a", "", []Announcement{{ID: "a", Draining: true}}},
		{"the least loaded", "a", "b", []Announcement{{ID: "a", Load: 2}, {ID: "b", Load: 1}, {ID: "c", Load: 3}}},
		{"itself among equals", "b", "b", []Announcement{{ID: "a"}, {ID: "b"}, {ID: "c"}}},
		{"the first id among equals", "z", "a", []Announcement{{ID: "c"}, {ID: "a"}, {ID: "b"}}},
		{"not one that drains", "a", "b", []Announcement{{ID: "a", Draining: true}, {ID: "b", Load: 9}}},
	} {
		if got, found := Least(c.all, c.prefer); got.ID != c.want || found != (c.want != "") {
			t.Errorf("%s: %q", c.name, got.ID)
		}
	}
}

func TestIdentityIsForOneRequest(t *testing.T) {
	ours, theirs := secretOf(t, "a"), secretOf(t, "b")
	who := Identity{Role: "manager", Subject: "m1", Name: "Jonas Weber", Browser: "b", From: "192.0.2.7"}
	request := func(method, path string) *http.Request { return httptest.NewRequest(method, path, nil) }
	sent := request("GET", "/ws/manager?room=R-1")
	text, err := ours.Sign(who, sent, "n2", now)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		by   Secret
		r    *http.Request
		self string
		at   time.Time
		ok   bool
	}{
		{"as it was sent", ours, sent, "n2", now.Add(29 * time.Second), true},
		{"too late", ours, sent, "n2", now.Add(31 * time.Second), false},
		{"long before it was made", ours, sent, "n2", now.Add(-time.Hour), false},
		{"another method", ours, request("POST", "/ws/manager?room=R-1"), "n2", now, false},
		{"another room", ours, request("GET", "/ws/manager?room=R-2"), "n2", now, false},
		{"another node", ours, sent, "n3", now, false},
		{"another secret", theirs, sent, "n2", now, false},
	} {
		c.r.Header.Set(IdentityHeader, text)
		got, err := c.by.Verify(c.r, c.self, c.at)
		if (err == nil) != c.ok || c.ok && got != who || !c.ok && !errors.Is(err, ErrIdentity) {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
	if _, err := ours.Verify(request("GET", "/ws/manager?room=R-1"), "n2", now); !errors.Is(err, ErrIdentity) {
		t.Errorf("without one: %v", err)
	}
	announcement, err := ours.Announce(Announcement{ID: "n2", At: now})
	if err != nil {
		t.Fatal(err)
	}
	sent.Header.Set(IdentityHeader, announcement)
	if _, err := ours.Verify(sent, "n2", now); !errors.Is(err, ErrIdentity) {
		t.Errorf("an announcement passed for an identity: %v", err)
	}
}

// FuzzSigned holds what comes from outside against the readers: nothing that was
// not signed may pass.
func FuzzSigned(f *testing.F) {
	secret := secretOf(f, "a")
	text, err := secret.Announce(Announcement{ID: "n1", At: now})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add(strings.Replace(text, ".", "=.", 1))
	f.Add(text + "\n")
	f.Add("a.b")
	f.Fuzz(func(t *testing.T, wild string) {
		if _, err := secret.Announced("n1", wild, now, nil); err == nil && wild != text {
			t.Errorf("taken: %q", wild)
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set(IdentityHeader, wild)
		if _, err := secret.Verify(r, "n1", now); err == nil {
			t.Errorf("taken for an identity: %q", wild)
		}
	})
}

func TestOnlyTheAnnouncedCertificateIsTrusted(t *testing.T) {
	own, pin, err := NewCertificate(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := NewCertificate(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		shown tls.Certificate
		ok    bool
	}{{"announced", own, true}, {"another", other, false}} {
		client, server := net.Pipe()
		defer client.Close()
		defer server.Close()
		shaken := make(chan error, 1)
		go func() {
			err := tls.Server(server, &tls.Config{Certificates: []tls.Certificate{c.shown}}).HandshakeContext(t.Context())
			server.Close()
			shaken <- err
		}()
		err := tls.Client(client, Pinned(pin)).HandshakeContext(t.Context())
		client.Close()
		<-shaken
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
