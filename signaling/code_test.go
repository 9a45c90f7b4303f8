package signaling

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"verifycall/calls/protocol"
	"verifycall/rooms"
)

const strictRoom = `{"seller":{"name":"Anna Maria Eriksson","mail":"anna@example.org"},"language":"en","zone":"America/Toronto","profile":"bafin_like-1",
	"application":{"surname":"Eriksson","given_names":"Anna Maria"},"manager":"jonas"}`

// codeMail sends a code and reads the mail of it.
func (b *browser) codeMail(room string) string {
	b.t.Helper()
	b.post("/api/seller/code/send", "{}").into(http.StatusOK, nil)
	mails, err := b.rooms.Outbox.Take(b.t.Context(), 20)
	if err != nil {
		b.t.Fatal(err)
	}
	code := ""
	for _, m := range mails {
		if got, is, err := b.rooms.MailedCode(b.t.Context(), m); err != nil {
			b.t.Fatal(err)
		} else if is && m.Room == room {
			code = got
		}
	}
	if code == "" {
		b.t.Fatal("no mail brings a code")
	}
	return code
}

func (b *browser) enter(code string) answer {
	b.t.Helper()
	return b.post("/api/seller/code/check", `{"code":"`+code+`"}`)
}

func otherCode(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

// Where the profile says so a seller joins by a code alone.
func TestCodeBeforeJoining(t *testing.T) {
	s := openSite(t, nil)
	id, link := s.signedIn("manager", "jonas").makeRoom(strictRoom)
	b := s.seller(link)
	var now AppointmentView
	b.get("/api/seller/appointment").into(http.StatusOK, &now)
	if !now.Code || !now.Mail {
		t.Errorf("appointment %+v", now)
	}
	p := b.dial("/ws/seller")
	p.send("h", &protocol.Hello{Tab: "tab-0001"})
	p.closed(protocol.CodeNeedsCode)

	code := b.codeMail(id)
	b.enter(otherCode(code)).refused(protocol.CodeCodeWrong)
	for _, junk := range []string{"", "12345", "1234567", "12345a", " 12345", "１２３４５６"} {
		b.enter(junk).refused(protocol.CodeMalformed)
	}
	before := cookieOf(b)
	var view CodeView
	b.enter(code).into(http.StatusOK, &view)
	if view.Wanted || !view.Proved {
		t.Errorf("code %+v", view)
	}
	s.isNow(view.Now)
	if cookieOf(b) == before {
		t.Error("the session that was there before the code is the one that is proved")
	}
	b.enter(code).refused(protocol.CodeCodeOver)
	state := b.dial("/ws/seller").hello("tab-0001")
	if state.Room.State != rooms.StateBooked || state.You.Name == "" {
		t.Errorf("state %+v", state.Room)
	}

	// Another browser with the same link has entered nothing.
	q := s.seller(link).dial("/ws/seller")
	q.send("h", &protocol.Hello{Tab: "tab-0002"})
	q.closed(protocol.CodeNeedsCode)
}

func cookieOf(b *browser) string {
	b.t.Helper()
	req, err := http.NewRequest(http.MethodGet, b.url, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.client.Jar.Cookies(req.URL) {
		if strings.HasSuffix(c.Name, "vc_seller") {
			return c.Value
		}
	}
	return ""
}

func TestNoCodeIsWanted(t *testing.T) {
	s := openSite(t, nil)
	m := s.signedIn("manager", "jonas")
	_, plain := m.makeRoom(plainRoom)
	s.seller(plain).dial("/ws/seller").hello("tab-0001")
	later := strings.Replace(strictRoom, `"manager"`, `"at":"`+time.Now().Add(50*time.Hour).UTC().Format(time.RFC3339)+`","manager"`, 1)
	_, link := m.makeRoom(later)
	s.seller(link).dial("/ws/seller").hello("tab-0001") // the appointment can be looked at
	m.post("/api/manager/rooms", strings.Replace(strictRoom, `,"mail":"anna@example.org"`, "", 1)).refused(protocol.CodeMalformed)
	noMail := strings.Replace(plainRoom, `,"mail":"anna@example.org"`, "", 1)
	_, link = m.makeRoom(noMail)
	b := s.seller(link)
	b.post("/api/seller/code/send", "{}").refused(protocol.CodeWrongState)
}

// Codes and tries run out, for one room and not for another.
func TestCodesAreThrottled(t *testing.T) {
	s := openSite(t, nil)
	m := s.signedIn("manager", "jonas")
	id, link := m.makeRoom(plainRoom)
	_, other := m.makeRoom(plainRoom)
	b := s.seller(link)
	wrong := 0
	for range rooms.LimitCodes.Burst {
		code := b.codeMail(id)
		for range rooms.CodeTries + 1 {
			if codeOf(b.enter(otherCode(code))) == protocol.CodeCodeWrong {
				wrong++
			}
		}
	}
	b.post("/api/seller/code/send", "{}").refused(protocol.CodeTooMany)
	b.enter("000000").refused(protocol.CodeTooMany)
	if wrong > rooms.LimitCodeTries.Burst {
		t.Errorf("%d wrong codes were looked at", wrong)
	}
	s.seller(link).post("/api/seller/code/send", "{}").refused(protocol.CodeTooMany) // another browser is no way round
	s.seller(other).post("/api/seller/code/send", "{}").into(http.StatusOK, nil)
}

// After the call the link opens the outcome; what is personal opens by a code, and
// shuts again.
func TestLinkAfterTheCall(t *testing.T) {
	s := openSite(t, nil)
	m := s.signedIn("manager", "jonas")
	id, link := m.makeRoom(plainRoom)
	before := s.seller(link)
	before.get("/api/seller/kept").refused(protocol.CodeWrongState)
	s.decide(id)
	s.seal(id)
	b := s.seller(link)
	personal := []string{"Eriksson", "Anna", "Jonas", "Weber", "anna@example.org"}
	clean := func(what, text string) {
		t.Helper()
		for _, word := range personal {
			if strings.Contains(text, word) {
				t.Errorf("%s tells %s: %s", what, word, text)
			}
		}
	}
	for _, visitor := range []*browser{before, b} { // one that was open before the end, too
		clean("appointment", string(visitor.get("/api/seller/appointment").into(http.StatusOK, nil).body))
		visitor.get("/api/seller/documents").refused(protocol.CodeNeedsCode)
		visitor.get("/api/seller/kept").refused(protocol.CodeNeedsCode)
		visitor.get("/api/seller/kept/stills/x.webp").refused(protocol.CodeNeedsCode)
		visitor.get("/api/seller/kept/documents/x").refused(protocol.CodeNeedsCode)
		clean("receipt", string(visitor.get("/api/seller/receipt").into(http.StatusOK, nil).body))
		if visitor == before { // one device at a time has the WebSocket
			continue
		}
		p := visitor.dial("/ws/seller")
		state := p.hello("tab-0001")
		if state.Outcome == nil || state.Outcome.Verdict != "fail" || len(state.Outcome.Reasons) != 1 {
			t.Errorf("outcome %+v", state.Outcome)
		}
		text, err := protocol.Encode("", state)
		if err != nil {
			t.Fatal(err)
		}
		clean("state", string(text))
		p.send("o", &protocol.Offer{SDP: "v=0"})
		p.until("a refusal of the call", func(re string, m protocol.ServerMessage) bool {
			_, refused := m.(*protocol.Error)
			return re == "o" && refused
		})
	}

	b.enter(b.codeMail(id)).into(http.StatusOK, nil)
	var kept KeptView
	a := b.get("/api/seller/kept").into(http.StatusOK, &kept)
	if kept.SellerName != "Anna Maria Eriksson" || kept.ManagerName != "Jonas Weber" || kept.Fields["surname"] != "Eriksson" || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("kept %+v", kept)
	}
	if strings.Contains(string(a.body), "nervous") {
		t.Errorf("a note of staff: %s", a.body)
	}
	before.get("/api/seller/kept").refused(protocol.CodeNeedsCode)
	s.server.now = func() time.Time { return time.Now().Add(provedLife) }
	b.get("/api/seller/kept").refused(protocol.CodeNeedsCode)
}
