package signaling

import (
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/rooms/accesslog"
	"verifycall/rooms/tickets"
)

//go:embed grants.html
var grantsText string

var grantsPage = template.Must(template.New("grants").Parse(grantsText))

//go:embed grants.css
var grantsStyle []byte

// grantList is what the operator's page shows of one kind.
type grantList struct {
	Kind, Title string
	Grants      []tickets.Grant
}

// grantKinds are the kinds in the order of the page.
var grantKinds = []grantList{{Kind: GrantSession, Title: "Sessions of staff"}, {Kind: GrantSignIn, Title: "Sign-in links"},
	{Kind: GrantAPIKey, Title: "API keys"}}

func (s *Server) grantRoutes() map[string]door {
	return map[string]door{
		"GET /operate/access":         s.as(access.OperateAccess, s.grants),
		"POST /operate/access/revoke": s.as(access.OperateRevoke, s.revoke),
		"GET /operate/access.css":     public(s.grantsCSS),
	}
}

// grants shows what lets staff and programs in. The page is made here: it has
// no script, so it works where all else fails.
func (s *Server) grants(w http.ResponseWriter, r *http.Request, who session) error {
	lists := slices.Clone(grantKinds)
	for i := range lists {
		var err error
		if lists[i].Grants, err = s.cfg.Rooms.Tickets.Grants(r.Context(), lists[i].Kind); err != nil {
			return err
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if err := grantsPage.Execute(w, map[string]any{"Name": who.Name, "Lists": lists}); err != nil {
		return fmt.Errorf("page of grants: %w", err)
	}
	return nil
}

// revoke ends a grant and shows the page again.
func (s *Server) revoke(w http.ResponseWriter, r *http.Request, who session) error {
	r.Body = http.MaxBytesReader(w, r.Body, smallBody)
	if err := r.ParseForm(); err != nil {
		return malformed("The form can't be read.")
	}
	kind, id := r.PostForm.Get("kind"), r.PostForm.Get("grant")
	if !slices.ContainsFunc(grantKinds, func(l grantList) bool { return l.Kind == kind }) {
		return malformed("There is no such kind.")
	}
	there, err := s.cfg.Rooms.Tickets.Grants(r.Context(), kind)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(there, func(g tickets.Grant) bool { return g.ID == id }) {
		return protocol.Faultf(protocol.CodeNotFound, "There is no such grant, or it is over.")
	}
	if err := s.revokeNoted(r.Context(), who, kind, id); err != nil {
		return err
	}
	s.log.Info("revoked", "kind", kind, "by", who.Subject)
	http.Redirect(w, r, "/operate/access", http.StatusSeeOther)
	return nil
}

// revokeNoted ends a grant after the access ledger has that it does.
func (s *Server) revokeNoted(ctx context.Context, who session, kind, id string) error {
	if err := s.noted(ctx, accesslog.Event{Type: accesslog.Revoked, Actor: actorOf(who), Body: accesslog.Body{Kind: kind, Grant: id}}); err != nil {
		return err
	}
	return s.cfg.Rooms.Tickets.Revoke(ctx, kind, id)
}

func (s *Server) grantsCSS(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(grantsStyle)
	return nil
}
