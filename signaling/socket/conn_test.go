package socket

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"verifycall/calls/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wire is a Conn with nobody at its ends: its writer doesn't run.
func wire(t *testing.T) *Conn {
	t.Helper()
	accepted := make(chan *websocket.Conn, 1)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var u websocket.Upgrader
		if ws, err := u.Upgrade(w, r, nil); err == nil {
			accepted <- ws
		}
	}))
	t.Cleanup(web.Close)
	client, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(web.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	ws := <-accepted
	t.Cleanup(func() { client.Close(); ws.Close() })
	return newConn(ws, Times{Dead: time.Minute})
}

func TestFullOutboxEndsTheConnection(t *testing.T) {
	c := wire(t)
	for i := range outboxSize {
		if !c.Send("", &protocol.OK{}) {
			t.Fatalf("message %d was refused", i)
		}
	}
	if c.Send("", &protocol.OK{}) {
		t.Fatal("a full outbox took a message")
	}
	select {
	case <-c.quit:
	default:
		t.Fatal("a full outbox doesn't end the connection")
	}
	if c.code != closeTooSlow || c.Send("", &protocol.OK{}) {
		t.Errorf("code %d", c.code)
	}
}
