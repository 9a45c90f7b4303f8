// Package mail brings the mails of the rooms' outbox to their sellers.
//
// A mail is in the outbox since the commit of the entry that causes it, and
// leaves it when the server has taken it. It is therefore sent at least once; a
// second time only where this process, or its Redis, failed between the server's
// answer and our note of it, and then with the same Message-ID.
package mail

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"verifycall/mail/letter"
	"verifycall/rooms"
	"verifycall/rooms/calendar"
	"verifycall/rooms/db"
	"verifycall/rooms/outbox"
)

// Message is one mail as it is sent.
type Message struct {
	ID       string // Message-ID without brackets, the same at every try
	From, To string // addresses
	Date     time.Time
	Language string
	Subject  string
	Text     string
	Calendar []byte // an appointment's file, may be none
	Method   string // of Calendar
}

// Sender takes messages. When Send returns nil the message is somebody else's to
// deliver. An ErrRefused will not be taken at another time either.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// ErrRefused says that a message will never be taken, by errors.Is.
var ErrRefused = errors.New("the message is refused")

// Config says what a Carrier works with. All fields are needed.
type Config struct {
	Rooms  *rooms.Store
	Sender Sender
	From   string   // address
	Public *url.URL // of the sellers' pages
	Log    *slog.Logger
}

// Times of sending.
const (
	lookEvery     = time.Second
	answerTimeout = 45 * time.Second // for each of connecting, greeting, signing in and taking the mail
	keepEvery     = outbox.ClaimTime / 3
	firstPause    = 10 * time.Second
	longest       = 30 * time.Minute // between two tries
	noteEvery     = 200 * time.Millisecond
	noteTimeout   = 5 * time.Second // of a node that stops
)

// Carry sends what is in the outbox until ctx ends. Any number of nodes may.
func Carry(ctx context.Context, c Config) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		more, err := c.next(ctx)
		if err != nil && ctx.Err() == nil {
			c.Log.Debug("the outbox was not read, it is tried again", "err", err)
		}
		if more && ctx.Err() == nil {
			continue
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// next sends one mail; more says that there may be others.
func (c Config) next(ctx context.Context) (more bool, err error) {
	mails, err := c.Rooms.Outbox.Take(ctx, 1)
	if err != nil || len(mails) == 0 {
		return false, err
	}
	m := mails[0]
	message, why, err := c.compose(ctx, m)
	if err == nil && why == "" {
		err = c.send(ctx, &m, message)
	}
	switch {
	case why != "":
		return true, c.note(ctx, func(ctx context.Context) error { return c.Rooms.Outbox.Settle(ctx, m, "dropped "+why) })
	case err == nil:
		c.Log.Info("mail sent", "room", m.Room, "kind", m.Topic(), "tries", m.Tries+1)
		return true, c.note(ctx, func(ctx context.Context) error { return c.Rooms.Outbox.Settle(ctx, m, "sent "+message.ID) })
	case errors.Is(err, ErrOff):
		return true, c.note(ctx, func(ctx context.Context) error { return c.Rooms.Outbox.Settle(ctx, m, "off") })
	case errors.Is(err, ErrRefused):
		c.Log.Warn("mail refused by the server", "room", m.Room, "kind", m.Topic())
		return true, c.note(ctx, func(ctx context.Context) error { return c.Rooms.Outbox.Settle(ctx, m, "refused") })
	}
	if errors.Is(err, rooms.ErrElsewhere) { // until the call is over, or its node sends the mail
		m.Tries--
		return true, c.note(ctx, func(ctx context.Context) error { return c.Rooms.Outbox.PutOff(ctx, m, time.Now().Add(firstPause)) })
	}
	c.Log.Warn("mail not sent, it is tried again", "room", m.Room, "kind", m.Topic(), "tries", m.Tries+1)
	until := time.Now().Add(min(longest, firstPause<<min(m.Tries, 20)))
	return true, c.note(ctx, func(ctx context.Context) error { return c.Rooms.Outbox.PutOff(ctx, m, until) })
}

// send sends a mail, which stays this node's however slow the server is.
func (c Config) send(ctx context.Context, m *outbox.Mail, message Message) error {
	sent := make(chan error, 1) // one value
	go func() { sent <- c.Sender.Send(ctx, message) }()
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		select {
		case err := <-sent:
			return err
		case <-tick.C:
			if mine, err := c.Rooms.Outbox.Keep(ctx, m); err != nil || !mine {
				c.Log.Warn("a mail that is being sent may be sent by another node too", "room", m.Room, "kind", m.Topic(), "err", err)
			}
		}
	}
}

// note writes down what became of a mail, again and again while Redis is away:
// what isn't noted is sent again. A node that stops tries for noteTimeout.
func (c Config) note(ctx context.Context, write func(context.Context) error) error {
	writing, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(noteTimeout, cancel) })()
	for {
		err := write(writing)
		if !errors.Is(err, db.ErrAway) {
			return err
		}
		select {
		case <-writing.Done():
			return err
		case <-time.After(noteEvery):
		}
	}
}

// compose makes the message of a mail out of the record as it was then. why is
// not empty where it needs to be sent no more.
func (c Config) compose(ctx context.Context, m outbox.Mail) (message Message, why string, err error) {
	r, err := c.asOf(ctx, m)
	if errors.Is(err, rooms.ErrNotFound) {
		return Message{}, "the room is gone", nil
	}
	if err != nil {
		return Message{}, "", err
	}
	to := r.Text(r.SellerMail)
	if to == "" {
		return Message{}, "the address is erased", nil
	}
	if strings.HasPrefix(m.Kind, "reminder_") {
		now, err := c.Rooms.Load(ctx, m.Room)
		switch {
		case err != nil:
			return Message{}, "", err
		case !now.At.Equal(r.At) || now.State != rooms.StateBooked && now.State != rooms.StateWaiting:
			return Message{}, "that time holds no more", nil
		case time.Now().After(rooms.ReminderOver(m.Kind, r.At)):
			return Message{}, "it is too late to remind", nil
		}
	}
	code, current, err := c.Rooms.MailedCode(ctx, m)
	if err != nil {
		return Message{}, "", err
	}
	if m.Topic() == outbox.Code && !current {
		return Message{}, "the code can't be entered any more", nil
	}
	l := letter.Letter{Code: code, Kind: m.Topic(), Language: r.Language, Name: r.Text(r.SellerName), Appointment: letter.Appointment{
		Room: r.ID, At: r.At, Zone: r.Zone, Sequence: r.Sequence, Stamp: r.Since, Host: c.Public.Hostname(), From: c.From, To: to}}
	l.Privacy = c.Public.Scheme + "://" + c.Public.Host + "/privacy?lang=" + url.QueryEscape(r.Language)
	switch m.Kind {
	case outbox.Missed:
		l.Kind += "_" + r.Cause
	case outbox.Cancelled:
		if r.At.IsZero() {
			l.Kind += "_invited"
		}
	case outbox.Reviewed:
		l.Kind = outbox.Result
	case outbox.Appeal:
		if r.Appeal == nil {
			return Message{}, "there is no appeal", nil
		}
		l.Kind += "_" + r.Appeal.Answer
	}
	if err := c.complete(ctx, r, &l); err != nil {
		return Message{}, "", err
	}
	message = Message{ID: c.id(m), From: c.From, To: to, Date: time.Now(), Language: letter.LanguageOf(r.Language)}
	if message.Subject, message.Text, err = l.Write(); err != nil {
		return Message{}, "", err
	}
	if message.Method = methods[m.Kind]; message.Method != "" && !r.At.IsZero() {
		message.Calendar, err = l.Calendar(message.Method)
	}
	return message, "", err
}

// asOf gives the room as it was when it caused a mail. A review stands outside the
// record, and nothing comes after it that the mail speaks of.
func (c Config) asOf(ctx context.Context, m outbox.Mail) (*rooms.Room, error) {
	if m.Kind == outbox.Reviewed || m.Kind == outbox.Appeal {
		return c.Rooms.Load(ctx, m.Room)
	}
	return c.Rooms.AsOf(ctx, m.Room, m.Seq)
}

// methods of the calendar files that go with mails.
var methods = map[string]string{outbox.Booked: letter.MethodRequest, outbox.Moved: letter.MethodRequest,
	outbox.Cancelled: letter.MethodCancel}

// complete fills in what the record doesn't say.
func (c Config) complete(ctx context.Context, r *rooms.Room, l *letter.Letter) error {
	l.Length = time.Duration(calendar.Default(r.Zone).Length) * time.Minute
	if r.Manager != "" {
		account, err := c.Rooms.Accounts.Get(ctx, r.Manager)
		if err != nil && !errors.Is(err, rooms.ErrNotFound) {
			return fmt.Errorf("mail: %w", err)
		}
		l.Manager, l.Away = account.Name, account.Zone
		if terms, err := c.Rooms.Calendars.Get(ctx, r.Manager); err == nil { // else as planned for all
			l.Length = terms.CallLength()
		}
	}
	if l.Kind == outbox.Code { // who has the mailbox alone must not have the link too
		return nil
	}
	token, err := c.Rooms.MailLink(ctx, r.ID)
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	if token != "" {
		l.Link = c.Public.Scheme + "://" + c.Public.Host + "/j/" + token
	}
	return nil
}

// id is a Message-ID that tells nothing of the room.
func (c Config) id(m outbox.Mail) string {
	sum := sha256.Sum256([]byte("mail\n" + m.ID()))
	return hex.EncodeToString(sum[:16]) + "@" + c.Public.Hostname()
}
