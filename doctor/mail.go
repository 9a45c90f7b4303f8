package doctor

import (
	"context"

	"verifycall/mail"
)

// Mail signs in to the mail server and sends nothing.
func Mail(ctx context.Context, url string) Finding {
	const check = "mail"
	if url == "" {
		return warning(check, "set --smtp-url and --mail-from", "no mails are sent: people get no confirmations and reminders")
	}
	server, err := mail.NewSMTP(url)
	if err != nil {
		return fault(check, "correct --smtp-url", "%v", err)
	}
	if err := server.Probe(ctx); err != nil {
		return fault(check, "check server, port, user and password", "%s", masked(err, url))
	}
	return fine(check, "the mail server takes this sign-in")
}
