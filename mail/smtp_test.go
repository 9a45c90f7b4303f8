package mail

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// curt serves one connection: it takes a mail and then answers as it is told; an
// answer of "" closes the connection.
func curt(t *testing.T, after string) (server string, took chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	took = make(chan string, 1) // one mail
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		say := func(line string) { fmt.Fprintf(conn, "%s\r\n", line) }
		say("220 mail.example.org ESMTP")
		in := bufio.NewScanner(conn)
		var text []string
		for data, taken := false, false; in.Scan(); {
			line := in.Text()
			verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
			switch {
			case data && line == ".":
				data, taken = false, true
				took <- strings.Join(text, "\n")
				say("250 2.0.0 taken")
			case data:
				text = append(text, line)
			case taken && after == "":
				return
			case taken:
				say(after)
			case verb == "DATA":
				data = true
				say("354 go on")
			case verb == "EHLO":
				say("250 8BITMIME")
			default:
				say("250 fine")
			}
		}
	}()
	return "smtp+plain://" + l.Addr().String(), took
}

// TestWhatWasTakenIsSent: once the server has said 250 the mail is its own. What it
// answers to RSET and QUIT makes nobody send it again.
func TestWhatWasTakenIsSent(t *testing.T) {
	for name, after := range map[string]string{"gone": "", "refuses RSET": "502 5.5.1 not implemented", "busy": "421 4.3.2 later"} {
		t.Run(name, func(t *testing.T) {
			server, took := curt(t, after)
			sender, err := NewSMTP(server)
			if err != nil {
				t.Fatal(err)
			}
			err = sender.Send(t.Context(), Message{ID: "1@example.org", From: "checks@example.org", To: "lilei@example.org", Date: time.Now(),
				Subject: "Your video check", Text: "At ten.", Language: "en"})
			if err != nil {
				t.Errorf("sent again, for %v", err)
			}
			if text := <-took; !strings.Contains(text, "At ten.") {
				t.Errorf("the server got %q", text)
			}
		})
	}
}
