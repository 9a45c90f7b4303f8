package mail

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
	"verifycall/rooms/outbox"
	"verifycall/rooms/redistest"
)

// sending is a Sender of one function.
type sending func(Message) error

// Send implements Sender.
func (f sending) Send(_ context.Context, m Message) error { return f(m) }

// TestRedisAwayAfterTheServerTookIt takes Redis away between the server's answer
// and the note of it: the note is written when Redis is back, and nothing is sent
// again.
func TestRedisAwayAfterTheServerTookIt(t *testing.T) {
	server, err := redistest.Start(t.Context(), t.TempDir())
	if errors.Is(err, redistest.ErrMissing) {
		t.Skip("NOT TESTED on a real Redis: " + err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Kill)
	store, err := objects.OpenFS(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	v, err := vault.Open(store, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s, err := rooms.Open(t.Context(), rooms.Options{URL: server.URL(), Keys: v})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	r, err := s.Create(t.Context(), "system", rooms.CreateRoom{SellerName: "A", SellerMail: "a@example.org", Language: "en", Zone: "Europe/Berlin",
		At: time.Now().Add(72 * time.Hour).Truncate(time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	sent := 0
	c := Config{Rooms: s, From: "checks@example.org", Public: &url.URL{Scheme: "https", Host: "verify.example.org"}, Log: slog.New(slog.DiscardHandler),
		Sender: sending(func(Message) error {
			sent++
			server.Pause()
			time.AfterFunc(2*time.Second, server.Continue)
			return nil
		})}
	c.sendOne(t)
	if more, err := c.next(t.Context()); more || err != nil || sent != 1 {
		t.Errorf("sent %d times, more %t, %v", sent, more, err)
	}
	log, err := s.Outbox.Of(t.Context(), r.ID)
	if err != nil || log["1."+outbox.Booked] == "" {
		t.Errorf("%v: %v", err, log)
	}
}

// TestMailWaitsForTheNodeThatHasTheRoom puts a mail off while another node holds its
// room, without counting that as a try, and sends it afterwards.
func TestMailWaitsForTheNodeThatHasTheRoom(t *testing.T) {
	b := &box{}
	c, r := open(t, b, nil)
	lease, err := c.Rooms.TakeLease(t.Context(), r.ID, "another", true)
	if err != nil {
		t.Fatal(err)
	}
	c.sendOne(t)
	log, err := c.Rooms.Outbox.Of(t.Context(), r.ID)
	if err != nil || len(b.got) != 0 || log["1."+outbox.Booked] != "tried 0" {
		t.Fatalf("%d mails sent, %v, %v", len(b.got), log, err)
	}
	if err := c.Rooms.LeaveLease(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	m := outbox.Mail{Room: r.ID, Seq: 1, Kind: outbox.Booked}
	message, why, err := c.compose(t.Context(), m)
	if err != nil || why != "" || !strings.Contains(message.Text, "https://verify.example.org/j/") {
		t.Errorf("%q, %v: %s", why, err, message.Text)
	}
}
