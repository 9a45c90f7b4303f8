package signaling

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A body that two readers could end at different places ends the connection, and
// one that is cut wrongly is the client's fault.
func TestNothingFollowsAChunkedBody(t *testing.T) {
	s := openSite(t, nil)
	handler, err := s.server.Handler()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	at := server.Listener.Addr().String()
	head := "POST /api/link HTTP/1.1\r\nHost: " + at + "\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
	second := "GET /healthz HTTP/1.1\r\nHost: " + at + "\r\nConnection: close\r\n\r\n"
	for name, text := range map[string]string{
		"chunks":            head + "\r\n2\r\n{}\r\n0\r\n\r\n",
		"chunks and length": head + "Content-Length: 4\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		"wrong chunk":       head + "\r\n-1\r\n{}\r\n0\r\n\r\n",
		"bare line feed":    head + "\r\n2\n{}\r\n0\r\n\r\n",
	} {
		conn, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprint(conn, text, second); err != nil {
			t.Fatal(err)
		}
		answers := bufio.NewReader(conn)
		first, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		body, err := io.ReadAll(first.Body)
		if err != nil || first.StatusCode < 400 || first.StatusCode >= 500 || !strings.Contains(string(body), `"code"`) && first.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: status %d, %v", name, first.StatusCode, err)
		}
		if res, err := http.ReadResponse(answers, nil); err == nil {
			t.Errorf("%s: what follows was answered: %d", name, res.StatusCode)
		}
		_ = conn.Close() // the server has done it
	}
}
