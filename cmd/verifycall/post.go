package main

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"sync"

	"verifycall/mail"
	"verifycall/rooms"
)

// post sends the mails of the outbox while the node runs.
type post struct {
	sender mail.Sender
	sink   *mail.Sink // what a demo would have sent; nil with a server
	token  string     // of the page that shows it
	stop   context.CancelFunc
	runs   sync.WaitGroup
}

func (n *node) openPost() (err error) {
	switch {
	case n.cfg.SMTPURL != "":
		n.post.sender, err = mail.NewSMTP(n.cfg.SMTPURL)
	case n.cfg.Demo:
		n.post.sink, n.post.token = &mail.Sink{}, rooms.NewToken()
		n.post.sender = n.post.sink
	default:
		n.log.Warn("no mails are sent: --smtp-url is not set")
		n.post.sender = mail.None{}
	}
	return err
}

func (n *node) startPost() {
	ctx, cancel := context.WithCancel(context.Background())
	n.post.stop = cancel
	from := n.cfg.MailFrom
	if from == "" {
		from = "verifycall@" + n.public.Hostname()
	}
	n.post.runs.Go(func() {
		mail.Carry(ctx, mail.Config{Rooms: n.rooms, Sender: n.post.sender, From: from, Public: n.public, Log: n.log})
	})
}

// close returns when the mail that is being sent is sent and noted.
func (p *post) close() {
	if p.stop != nil {
		p.stop()
	}
	p.runs.Wait()
}

func (c *settings) checkMail() error {
	var faults []error
	if c.SMTPURL != "" {
		_, err := mail.NewSMTP(c.SMTPURL)
		if err != nil {
			faults = append(faults, fmt.Errorf("--%w", err))
		}
		if c.MailFrom == "" {
			faults = append(faults, errors.New("--mail-from: is needed with --smtp-url"))
		}
	}
	if a, err := netmail.ParseAddress(c.MailFrom); c.MailFrom != "" && (err != nil || a.Address != c.MailFrom) {
		faults = append(faults, fmt.Errorf("--mail-from: %q is no mail address", c.MailFrom))
	}
	return errors.Join(faults...)
}
