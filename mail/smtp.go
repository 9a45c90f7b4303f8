package mail

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	gomail "github.com/wneessen/go-mail"
)

// SMTP sends through a server.
type SMTP struct{ client *gomail.Client }

// NewSMTP reads a server's URL: smtps://USER:PASSWORD@HOST:PORT with TLS from the
// start, smtp:// with STARTTLS; smtp+plain:// without any, for one on this machine.
func NewSMTP(server string) (*SMTP, error) {
	u, err := url.Parse(server)
	if err != nil || u.Hostname() == "" {
		return nil, errors.New("smtp-url is no URL such as smtps://user:password@mail.example.org:465")
	}
	options := []gomail.Option{gomail.WithTimeout(answerTimeout), gomail.WithoutNoop()}
	port := 587
	switch u.Scheme {
	case "smtps":
		options, port = append(options, gomail.WithSSL()), 465
	case "smtp":
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case "smtp+plain":
		options, port = append(options, gomail.WithTLSPolicy(gomail.NoTLS)), 25
	default:
		return nil, errors.New("smtp-url must begin with smtps://, smtp:// or smtp+plain://")
	}
	if u.Port() != "" {
		if port, err = strconv.Atoi(u.Port()); err != nil {
			return nil, errors.New("smtp-url has a port that is no number")
		}
	}
	options = append(options, gomail.WithPort(port))
	if password, set := u.User.Password(); set {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	client, err := gomail.NewClient(u.Hostname(), options...)
	if err != nil {
		return nil, fmt.Errorf("smtp-url: %w", err)
	}
	return &SMTP{client}, nil
}

// Probe connects, signs in and goes again.
func (s *SMTP) Probe(ctx context.Context) error {
	if err := s.client.DialWithContext(ctx); err != nil {
		return err
	}
	return s.client.Close()
}

// Send implements Sender.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	msg, err := m.build()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	err = s.client.DialAndSendWithContext(ctx, msg)
	if msg.IsDelivered() { // what goes wrong after the server's 250, in RSET or QUIT, takes nothing back
		return nil
	}
	var refused *gomail.SendError
	if errors.As(err, &refused) && !refused.IsTemp() && refused.ErrorCode() >= 500 {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return err
}

// build gives the message its form (RFC 5322); a calendar file is an alternative
// that calendars act on (RFC 6047 section 2.4).
func (m Message) build() (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := errors.Join(msg.From(m.From), msg.To(m.To)); err != nil {
		return nil, err
	}
	msg.Subject(m.Subject)
	msg.SetMessageIDWithValue(m.ID)
	msg.SetDateWithValue(m.Date)
	msg.SetGenHeader("Content-Language", m.Language)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no answers by machines
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if len(m.Calendar) > 0 {
		msg.AddAlternativeString(gomail.ContentType("text/calendar; method="+m.Method), string(m.Calendar))
	}
	return msg, nil
}
