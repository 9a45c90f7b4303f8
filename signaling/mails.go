package signaling

import (
	"crypto/subtle"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"

	"verifycall/calls/protocol"
)

//go:embed mails.html
var mailsText string

var mailsPage = template.Must(template.New("mails").Parse(mailsText))

//go:embed mails.css
var mailsStyle []byte

func (s *Server) mailRoutes() map[string]door {
	if s.cfg.Mails == nil {
		return nil
	}
	return map[string]door{"GET /mails/{token}": public(s.mails), "GET /mails.css": public(s.mailsCSS),
		"GET /design": public(s.page("design.html"))} // a demo shows what its pages are made of
}

// mails shows what the demo would have sent, to whoever has its link.
func (s *Server) mails(w http.ResponseWriter, r *http.Request) error {
	if subtle.ConstantTimeCompare([]byte(r.PathValue("token")), []byte(s.cfg.MailsToken)) != 1 {
		return protocol.Faultf(protocol.CodeNotFound, "There is no such page.")
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if err := mailsPage.Execute(w, s.cfg.Mails.Messages()); err != nil {
		return fmt.Errorf("mails: %w", err)
	}
	return nil
}

// AuthorityPath is where a demo on the local network has its authority's certificate.
const AuthorityPath = "/lan.crt"

// lanRoutes has the certificate of the demo's authority, for who can't know yet whom
// it is of: the terminal shows its fingerprint.
func (s *Server) lanRoutes() map[string]door {
	if s.cfg.Authority == nil {
		return nil
	}
	return map[string]door{"GET " + AuthorityPath: public(func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", "application/x-x509-ca-cert")
		w.Header().Set("Content-Disposition", `attachment; filename="verifycall-demo.crt"`)
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(s.cfg.Authority) // the client is gone if this fails
		return nil
	})}
}

func (s *Server) mailsCSS(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(mailsStyle)
	return nil
}
