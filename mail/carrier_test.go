package mail

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net"
	netmail "net/mail"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"verifycall/recorder/evidence"
	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
	"verifycall/rooms/calendars"
	"verifycall/rooms/outbox"
	"verifycall/rooms/staff"
)

// box is a mail server in this process.
type box struct {
	answers []error // to the next messages, then all are taken
	got     []string
	to      []string
}

func (b *box) NewSession(*smtp.Conn) (smtp.Session, error) { return b, nil }
func (b *box) Reset()                                      {}
func (b *box) Logout() error                               { return nil }
func (b *box) Mail(string, *smtp.MailOptions) error        { return nil }
func (b *box) Rcpt(to string, _ *smtp.RcptOptions) error   { b.to = append(b.to, to); return nil }

func (b *box) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if len(b.answers) > 0 {
		answer := b.answers[0]
		b.answers = b.answers[1:]
		if answer != nil {
			return answer
		}
	}
	b.got = append(b.got, string(text))
	return nil
}

// open starts a mail server and a store with one room that is booked.
func open(t *testing.T, b *box, change func(*rooms.CreateRoom)) (Config, *rooms.Room) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	server := smtp.NewServer(b)
	served := make(chan error, 1) // one value, from the server's goroutine
	go func() { served <- server.Serve(l) }()
	store, err := objects.OpenFS(t.TempDir())
	must(err)
	keys, err := evidence.LoadOrCreateKeys(t.TempDir())
	must(err)
	v, err := vault.Open(store, t.TempDir())
	must(err)
	s, err := rooms.Open(t.Context(), rooms.Options{Dir: t.TempDir(), Keys: v, Signer: keys})
	must(err)
	t.Cleanup(func() {
		must(server.Close())
		<-served
		must(s.Close())
		must(store.Close())
	})
	sender, err := NewSMTP("smtp+plain://" + l.Addr().String())
	must(err)
	must(s.Accounts.Put(t.Context(), "system", staff.Account{ID: "m1", Name: "Jonas Weber", Role: "manager", Zone: "Europe/Berlin"}))
	c := rooms.CreateRoom{SellerName: "李雷", SellerMail: "lilei@example.org", Language: "zh-Hans", Zone: "Asia/Shanghai",
		At: time.Now().Add(72 * time.Hour).Truncate(time.Minute), Manager: "m1"}
	if change != nil {
		change(&c)
	}
	r, err := s.Create(t.Context(), "system", c)
	must(err)
	return Config{Rooms: s, Sender: sender, From: "checks@example.org", Public: &url.URL{Scheme: "https", Host: "verify.example.org"},
		Log: slog.New(slog.DiscardHandler)}, r
}

func (c Config) sendOne(t *testing.T) {
	t.Helper()
	if more, err := c.next(t.Context()); err != nil || !more {
		t.Fatalf("nothing to send, %v", err)
	}
}

// TestMailIsSent reads what the server got: addresses, language, both times, a
// link that works, and the calendar file.
func TestMailIsSent(t *testing.T) {
	b := &box{}
	c, r := open(t, b, nil)
	c.sendOne(t)
	if len(b.got) != 1 || len(b.to) != 1 || b.to[0] != "lilei@example.org" {
		t.Fatalf("%d mails to %v", len(b.got), b.to)
	}
	m, err := netmail.ReadMessage(strings.NewReader(b.got[0]))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || !strings.HasPrefix(subject, "您的视频核验") || m.Header.Get("Content-Language") != "zh-Hans" || !strings.HasSuffix(m.Header.Get("Message-ID"), "@verify.example.org>") {
		t.Errorf("%v: %q %v", err, subject, m.Header)
	}
	text, file := parts(t, m)
	local, _ := time.LoadLocation("Asia/Shanghai")
	if !strings.Contains(text, "李雷") || !strings.Contains(text, r.At.In(local).Format("15:04")) || !strings.Contains(text, "Berlin") {
		t.Errorf("%s", text)
	}
	_, token, found := strings.Cut(text, "https://verify.example.org/j/")
	token, _, _ = strings.Cut(token, "\n")
	opened, err := c.Rooms.RoomByLink(t.Context(), strings.TrimSpace(token))
	if !found || err != nil || opened.ID != r.ID {
		t.Errorf("the link %q: %v", token, err)
	}
	for _, want := range []string{"METHOD:REQUEST", "DTSTART;TZID=Asia/Shanghai:" + r.At.In(local).Format("20060102T150405"), "SEQUENCE:0"} {
		if !strings.Contains(file, want) {
			t.Errorf("no %s in\n%s", want, file)
		}
	}
	if left, err := c.Rooms.Figures(t.Context()); err != nil || left.Mails != 0 {
		t.Errorf("%v: %d left", err, left.Mails)
	}
}

// parts gives a message's text and calendar file, decoded.
func parts(t *testing.T, m *netmail.Message) (text, file string) {
	t.Helper()
	_, how, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	for reader := multipart.NewReader(m.Body, how["boundary"]); ; {
		part, err := reader.NextPart() // decodes quoted-printable
		if errors.Is(err, io.EOF) {
			return text, file
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/calendar") {
			if !strings.Contains(part.Header.Get("Content-Type"), "method=REQUEST") {
				t.Errorf("%v", part.Header)
			}
			file = string(body)
		} else {
			text = string(body)
		}
	}
}

// TestMailIsTriedAgain has a server say "later", then a process lost between the
// server's answer and our note: the same Message-ID twice.
func TestMailIsTriedAgain(t *testing.T) {
	b := &box{answers: []error{&smtp.SMTPError{Code: 451, Message: "later"}}}
	c, r := open(t, b, nil)
	c.sendOne(t)
	log, err := c.Rooms.Outbox.Of(t.Context(), r.ID)
	if err != nil || log["1.booked"] != "tried 1" || len(b.got) != 0 {
		t.Errorf("%v: %v, %d taken", err, log, len(b.got))
	}
	m := outbox.Mail{Room: r.ID, Seq: 1, Kind: outbox.Booked}
	ids := map[string]bool{}
	for range 2 {
		message, why, err := c.compose(t.Context(), m)
		if err != nil || why != "" {
			t.Fatal(err, why)
		}
		if err := c.Sender.Send(t.Context(), message); err != nil {
			t.Fatal(err)
		}
		got, err := netmail.ReadMessage(strings.NewReader(b.got[len(b.got)-1]))
		if err != nil {
			t.Fatal(err)
		}
		ids[got.Header.Get("Message-ID")] = true
	}
	if len(b.got) != 2 || len(ids) != 1 {
		t.Errorf("%d mails with the ids %v", len(b.got), ids)
	}
}

func TestMailThatIsRefusedIsDropped(t *testing.T) {
	b := &box{answers: []error{&smtp.SMTPError{Code: 550, Message: "no such person"}}}
	c, r := open(t, b, nil)
	c.sendOne(t)
	log, err := c.Rooms.Outbox.Of(t.Context(), r.ID)
	left, _ := c.Rooms.Figures(t.Context())
	if err != nil || log["1.booked"] != "refused" || left.Mails != 0 {
		t.Errorf("%v: %v, %d left", err, log, left.Mails)
	}
}

// TestEachCauseHasItsMail goes through a room's life.
func TestEachCauseHasItsMail(t *testing.T) {
	c, r := open(t, &box{}, func(c *rooms.CreateRoom) { c.At, c.Manager = time.Time{}, "" })
	sink := &Sink{}
	c.Sender = sink
	for _, step := range []rooms.Command{rooms.Book{At: time.Now().Add(48 * time.Hour), Manager: "m1"}, rooms.Reschedule{At: time.Now().Add(50 * time.Hour)}, rooms.Cancel{By: "seller"}} {
		if _, err := c.Rooms.Do(t.Context(), r.ID, "seller", step); err != nil {
			var taken *calendars.TakenError
			if !errors.As(err, &taken) {
				t.Fatal(err)
			}
			if _, err := c.Rooms.Do(t.Context(), r.ID, "seller", rooms.Reschedule{At: time.Now().Add(48 * time.Hour)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for {
		more, err := c.next(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			break
		}
	}
	subjects := map[string]bool{}
	for _, m := range sink.Messages() {
		if subjects[m.ID] {
			t.Errorf("%s was sent twice", m.ID)
		}
		subjects[m.ID] = true
	}
	if len(subjects) != 4 || sink.Messages()[0].Method != "CANCEL" && sink.Messages()[1].Method != "CANCEL" && sink.Messages()[2].Method != "CANCEL" && sink.Messages()[3].Method != "CANCEL" {
		t.Errorf("%d mails: %+v", len(subjects), sink.Messages())
	}
}

func TestServerURLs(t *testing.T) {
	for text, good := range map[string]bool{"smtps://u:p@mail.example.org": true, "smtp://mail.example.org:2525": true, "smtp+plain://127.0.0.1:25": true,
		"": false, "http://mail.example.org": false, "smtp://": false, "smtp://host:port": false} {
		if _, err := NewSMTP(text); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestMailsAreOff: without a server nothing piles up, and what was not sent is
// noted as that.
func TestMailsAreOff(t *testing.T) {
	b := &box{}
	c, r := open(t, b, nil)
	c.Sender = None{}
	c.sendOne(t)
	if left, err := c.Rooms.Figures(t.Context()); err != nil || left.Mails != 0 {
		t.Errorf("%v: %d wait", err, left.Mails)
	}
	mails, err := c.Rooms.Outbox.Of(t.Context(), r.ID)
	if err != nil || len(mails) != 1 || len(b.got) != 0 {
		t.Fatalf("%v: %v, %d sent", err, mails, len(b.got))
	}
	for field, outcome := range mails {
		if outcome != "off" {
			t.Errorf("%s: %q", field, outcome)
		}
	}
}

// TestReminderOfATimeThatIsOver: a reminder that waited while its appointment was
// moved or called off is not sent.
func TestReminderOfATimeThatIsOver(t *testing.T) {
	for name, change := range map[string]rooms.Command{"moved": rooms.Reschedule{At: time.Now().Add(96 * time.Hour)}, "cancelled": rooms.Cancel{By: rooms.Seller}} {
		t.Run(name, func(t *testing.T) {
			c, r := open(t, &box{}, nil)
			reminder := outbox.Mail{Room: r.ID, Seq: 1, Kind: "reminder_24h"}
			if m, why, err := c.compose(t.Context(), reminder); err != nil || why != "" || m.Text == "" {
				t.Fatalf("%v: %q", err, why)
			}
			if _, err := c.Rooms.Do(t.Context(), r.ID, rooms.Seller, change); err != nil {
				t.Fatal(err)
			}
			if _, why, err := c.compose(t.Context(), reminder); err != nil || why == "" {
				t.Errorf("sent all the same: %v", err)
			}
		})
	}
}

// TestCancelledInvitation: who had booked no time is told of none.
func TestCancelledInvitation(t *testing.T) {
	c, r := open(t, &box{}, func(c *rooms.CreateRoom) { c.At, c.Language = time.Time{}, "en" })
	if _, err := c.Rooms.Do(t.Context(), r.ID, "manager", rooms.Cancel{By: rooms.Manager}); err != nil {
		t.Fatal(err)
	}
	m, why, err := c.compose(t.Context(), outbox.Mail{Room: r.ID, Seq: 2, Kind: outbox.Cancelled})
	if err != nil || why != "" || !strings.Contains(m.Text, "that you were invited to was cancelled") {
		t.Errorf("%v, %q: %s", err, why, m.Text)
	}
}
