package main

import (
	"context"
	"sync"

	"verifycall/mail"
	"verifycall/rooms/tickets"
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
		n.post.sink, n.post.token = &mail.Sink{}, tickets.NewToken()
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
		mail.Carry(ctx, mail.Config{Rooms: n.Rooms, Sender: n.post.sender, From: from, Public: n.public, Log: n.log})
	})
}

// close returns when the mail that is being sent is sent and noted.
func (p *post) close() {
	if p.stop != nil {
		p.stop()
	}
	p.runs.Wait()
}
