package signaling

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/recorder/evidence"
	"verifycall/rooms/accesslog"
)

// keepAccess lets a site keep an access ledger. The func closes it and gives today's
// entries as text; nothing can be noted after.
func (s *site) keepAccess() (log *accesslog.Log, read func() string) {
	mirror := evidence.Mirror{Store: s.evidence}
	log = accesslog.Open(accesslog.Config{DB: s.rooms.DB(), Signer: s.server.cfg.Keys, Mirror: mirror})
	s.t.Cleanup(log.Close)
	s.server.cfg.Access = log
	s.server.cfg.AccessReader = accesslog.Reader{DB: s.rooms.DB(), Signer: s.server.cfg.Keys, Mirror: mirror}
	return log, func() string {
		s.t.Helper()
		log.Close()
		read, err := s.server.cfg.AccessReader.Read(s.t.Context(), time.Now().UTC().Format(time.DateOnly))
		if err != nil || read.Fault != "" {
			s.t.Fatal(read.Fault, err)
		}
		var text strings.Builder
		for _, e := range read.Entries {
			if e.Type != "checkpoint" {
				fmt.Fprintln(&text, e.Type, e.Actor, e.Body)
			}
		}
		return text.String()
	}
}

// What lets somebody in, keeps somebody out or shows a record stands in the access
// ledger, and nothing personal does.
func TestAccessLedger(t *testing.T) {
	s := openSite(t, nil)
	log, text := s.keepAccess()
	m := s.signedIn("manager", "jonas")
	id, link := m.makeRoom(strings.Replace(plainRoom, `"application"`, `"documents":[{"kind":"id_front","data":"`+
		base64.StdEncoding.EncodeToString(jpegOf(t, 8, 8))+`"}],"application"`, 1))
	seller := s.seller(link)
	var detail RoomDetail
	m.get("/api/manager/rooms/"+id).into(http.StatusOK, &detail)
	for range 2 {
		m.get("/api/manager/rooms/"+id+"/documents/"+detail.Documents[0].SHA256).into(http.StatusOK, nil)
	}
	s.decide(id)
	s.seal(id)
	code := seller.codeMail(id)
	seller.enter(otherCode(code)).refused(protocol.CodeCodeWrong)
	seller.enter(code).into(http.StatusOK, nil)
	for range 2 {
		seller.get("/api/seller/kept").into(http.StatusOK, nil)
	}
	s.signedIn("manager", "jonas")
	var account AccountView
	m.get("/api/account").into(http.StatusOK, &account)
	other := account.Sessions[slices.IndexFunc(account.Sessions, func(v SessionView) bool { return !v.This })].ID
	m.post("/api/account/sessions/"+other+"/revoke", "{}").into(http.StatusOK, nil)
	auditor, operator := s.signedIn("auditor", "ruth"), s.signedIn("operator", "olga")
	operator.get("/operate/access/log").into(http.StatusOK, nil)
	path := "/api/audit/rooms/" + id
	auditor.get(path).into(http.StatusOK, nil)
	auditor.get(path+"/bundle.zip").into(http.StatusOK, nil)
	operator.get(path).refused(protocol.CodeForbidden)
	operator.get(path+"?reason=complaint").into(http.StatusOK, nil)
	m.get(path).refused(protocol.CodeUnauthorized)
	s.browser().get("/api/manager/rooms").refused(protocol.CodeUnauthorized)
	s.signedIn("manager", "sabine").get("/api/manager/rooms/" + id).refused(protocol.CodeNotFound)
	for range 3 {
		s.browser().post("/api/link", `{"token":"nobodysToken"}`).refused(protocol.CodeLinkUnknown)
		s.integrator("rooms").get("/api/v1/rooms/"+id).into(http.StatusOK, nil)
	}
	s.integrator("rooms").get("/api/v1/rooms/" + id + "/bundle.zip").refused(protocol.CodeForbidden)
	auditor.post("/api/signout", `{"role":"auditor"}`).into(http.StatusOK, nil)
	grants, err := s.rooms.Tickets.Grants(t.Context(), GrantSession)
	if err != nil || len(grants) == 0 {
		t.Fatal(grants, err)
	}
	form := "kind=session&grant=" + grants[0].ID
	operator.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	operator.do("POST", "/operate/access/revoke", form, "Content-Type", "application/x-www-form-urlencoded").into(http.StatusSeeOther, nil)
	refusal := access.Refused(access.Check(access.Person{Role: access.Seller, ID: "seller", Room: id}, access.Say("verdict"), access.Place{Room: id}))
	for range 5000 { // a flood makes a count
		log.Count(RefusedInCall(refusal))
	}
	found := text()
	for _, want := range []string{
		"signed_in manager:jonas map[by:link role:manager session:", "signed_in seller map[role:seller room:" + id + " session:",
		"viewed auditor:ruth map[room:" + id + " what:room]", "downloaded auditor:ruth map[room:" + id + " what:bundle.zip]",
		"refused operator:olga map[action:audit.view code:forbidden n:1 role:operator]", "reason operator:olga map[reason:complaint room:" + id + "]",
		"refused manager:sabine map[action:manager.read code:not_found n:1 role:manager]", "refused nobody map[action:manager.rooms code:unauthorized n:1]",
		"refused nobody map[action:public code:link_unknown n:3]", "key_used key:shop map[action:key.read n:3]",
		"refused key:shop map[action:key.evidence code:forbidden n:1 role:integrator]", "signed_out auditor:ruth map[session:",
		"refused seller map[action:" + string(access.Say("verdict")) + " code:forbidden n:5000 role:seller]",
		"revoked operator:olga map[grant:" + grants[0].ID + " kind:session]", "revoked manager:jonas map[grant:" + other + " kind:session]",
		"signed_in seller map[by:code role:seller room:" + id + " session:", "refused nobody map[action:seller.code code:code_wrong n:1]",
		"viewed seller map[room:" + id + " what:kept]", "viewed manager:jonas map[room:" + id + " what:documents]",
	} {
		if n := strings.Count(found, want); n == 0 || n > 1 && strings.HasPrefix(want, "viewed") {
			t.Errorf("%d times %q", n, want)
		}
	}
	for _, secret := range []string{"Anna", "Eriksson", "Weber", "example.org", "127.0.0.1", "nobodysToken", link[strings.LastIndexByte(link, '/')+1:]} {
		if strings.Contains(found, secret) {
			t.Errorf("%q stands in the ledger", secret)
		}
	}
	if t.Failed() {
		t.Log(found)
	}
	page := operator.get("/operate/access/log")
	if page.status == http.StatusOK && (!strings.Contains(string(page.body), "Chain and signatures hold") || !strings.Contains(string(page.body), "auditor:ruth")) {
		t.Errorf("the page says %s", page.body)
	}
	// What can't be written down isn't done.
	if grants, err = s.rooms.Tickets.Grants(t.Context(), GrantSession); err != nil {
		t.Fatal(err)
	}
	operator.do("POST", "/operate/access/revoke", "kind=session&grant="+grants[0].ID, "Content-Type", "application/x-www-form-urlencoded").refused(protocol.CodeUnavailable)
	if left, err := s.rooms.Tickets.Grants(t.Context(), GrantSession); err != nil || len(left) != len(grants) {
		t.Errorf("%d of %d sessions are left (%v)", len(left), len(grants), err)
	}
	operator.get("/operate/access/log?day=2020-01-01").refused(protocol.CodeNotFound)
}
