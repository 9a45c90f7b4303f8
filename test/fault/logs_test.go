//go:build fault

package fault

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"verifycall/bench/robot"
	"verifycall/calls/protocol"
)

// TestLogsOfACluster holds a call over two nodes that log JSON with all details.
// Every line names its node, those of the call its room, and none anybody's data
// or a token; what is logged at Info is short enough to be read.
func TestLogsOfACluster(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := newCluster(t, ctx)
	servers := []*robot.Server{c.node(t, ctx, "a", "--log-format", "json", "--log-level", "debug"),
		c.node(t, ctx, "b", "--log-format", "json", "--log-level", "debug")}
	call := c.callAt(t, ctx, servers[0], servers[1])
	must(t, call.M.Do(ctx, &protocol.Chat{Text: "Tilt the hologram, please."}))
	must(t, call.S.Do(ctx, &protocol.Chat{Text: "Like that, or further?"}))
	time.Sleep(3 * time.Second) // of recording
	capture(t, ctx, call.M, protocol.SlotDocFront)
	must(t, call.M.Do(ctx, &protocol.Compare{Item: "name", Decision: "same"}))
	must(t, call.Finish(ctx))
	bundle(t, ctx, servers[0], call.Room.ID) // it is sealed

	secrets := []string{"Eriksson", "Anna Maria", "anna@example.com", "1974-08-12", "D23145890", "Tilt the hologram", "or further?", "Jonas Weber"}
	for _, link := range []string{call.Room.SellerLink, call.Room.ManagerLink} {
		secrets = append(secrets, link[strings.LastIndexByte(link, '/')+1:])
	}
	nodes, atInfo := map[string]bool{}, 0
	for _, s := range servers {
		for _, value := range s.Lines {
			secrets = append(secrets, value[strings.LastIndexByte(value, '/')+1:])
		}
		lines := logged(t, s)
		checkLog(t, lines, call.Room.ID, secrets)
		nodes[lines[0].Node] = true
		for _, line := range lines {
			if line.Room == call.Room.ID && line.Level != "DEBUG" {
				atInfo++
			}
		}
	}
	if len(nodes) != len(servers) {
		t.Errorf("the nodes' names in the log: %v", slices.Collect(maps.Keys(nodes)))
	}
	t.Logf("%d lines at Info or above for the call", atInfo)
	if atInfo < 10 || atInfo > 30 {
		t.Errorf("a call of one capture takes %d lines at Info", atInfo)
	}
}

// logLine is a line of --log-format json.
type logLine struct {
	Time             time.Time
	Level, Msg       string
	Node, Room, text string
}

func logged(t *testing.T, s *robot.Server) (lines []logLine) {
	t.Helper()
	for text := range strings.Lines(s.WholeLog()) {
		line := logLine{text: text}
		if err := json.Unmarshal([]byte(text), &line); err != nil || line.Time.IsZero() || line.Msg == "" {
			t.Fatalf("no line of a JSON log: %q, %v", text, err)
		}
		lines = append(lines, line)
	}
	if len(lines) < 5 {
		t.Fatalf("%d lines are logged", len(lines))
	}
	return lines
}

// checkLog wants one node's name on all lines, the room on the call's, and nothing
// of the secrets.
func checkLog(t *testing.T, lines []logLine, room string, secrets []string) {
	t.Helper()
	listens := slices.IndexFunc(lines, func(line logLine) bool { return line.Msg == "listening" })
	for i, line := range lines {
		if line.Node == "" || line.Node != lines[0].Node {
			t.Errorf("another node or none: %s", line.text)
		}
		if i > listens && line.Level != "DEBUG" && line.Room == "" {
			t.Errorf("no room: %s", line.text)
		}
		if strings.Contains(line.text, room) && line.Room != room {
			t.Errorf("the room is named elsewhere: %s", line.text)
		}
		text := strings.ToLower(line.text)
		for _, secret := range secrets {
			if strings.Contains(text, strings.ToLower(secret)) || strings.Contains(text, strings.ToLower(url.QueryEscape(secret))) {
				t.Errorf("personal data or a token in the log: %s", line.text)
			}
		}
	}
}
