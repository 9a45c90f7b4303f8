package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"verifycall/bench/caller"
	"verifycall/bench/process"
	"verifycall/bench/robot"
)

// errAbsent: a row whose program isn't installed.
var errAbsent = errors.New("not installed: janus (Debian's package janus)")

// startJanus runs Debian's Janus with the echo test, its leanest plugin, and
// the HTTP signalling. The echo test gives each caller its own packets back:
// as many as in one-to-one calls, over the same path, without the signalling of
// Janus's own call plugin, which would have one side answer instead of offer.
func startJanus(ctx context.Context, dir string) (*process.Server, error) {
	program, err := exec.LookPath("janus")
	if err != nil {
		return nil, errAbsent
	}
	free, err := robot.FreePorts(1)
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(free[0])
	if err != nil {
		return nil, err
	}
	configs, err := os.MkdirTemp(dir, "janus-")
	if err != nil {
		return nil, err
	}
	for name, text := range map[string]string{
		"janus.jcfg": `general: { debug_level = 2; session_timeout = 0; }
media: { no_media_timer = 0; slowlink_threshold = 0; }
plugins: { disable = "libjanus_audiobridge.so,libjanus_duktape.so,libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,` +
			`libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_videoroom.so,libjanus_voicemail.so" }
transports: { disable = "libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so,libjanus_websockets.so" }
events: { broadcast = false }
`,
		"janus.transport.http.jcfg": fmt.Sprintf(`general: { json = "compact"; base_path = "/janus"; http = true; port = %s; ip = "127.0.0.1"; https = false; }
admin: { admin_http = false }
`, port),
	} {
		if err := os.WriteFile(filepath.Join(configs, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	target := free[0]
	s, err := process.Start(ctx, target, program, "--configs-folder="+configs, "--log-file="+filepath.Join(configs, "log"), "--disable-stdout")
	if err != nil {
		return nil, err
	}
	for range 100 {
		if conn, err := net.Dial("tcp", target); err == nil {
			return s, conn.Close()
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.Stop()
	return nil, errors.New("janus: its signalling didn't come up")
}

// janusReply is what counts of Janus's JSON.
type janusReply struct {
	Janus string
	Data  struct{ ID uint64 }
	Jsep  struct{ SDP string }
	Error struct{ Reason string }
}

// janusSignal joins the echo test.
func janusSignal(target string) caller.Signal {
	return func(ctx context.Context, offer string) (string, error) {
		base := "http://" + target + "/janus"
		session := ""
		for _, body := range []any{
			map[string]any{"janus": "create", "transaction": "1"},
			map[string]any{"janus": "attach", "plugin": "janus.plugin.echotest", "transaction": "2"},
		} {
			r, err := askJanus(ctx, base, body)
			if err != nil {
				return "", err
			}
			session = base // at last the handle's parent
			base += "/" + strconv.FormatUint(r.Data.ID, 10)
		}
		if _, err := askJanus(ctx, base, map[string]any{"janus": "message", "transaction": "3",
			"body": map[string]any{"audio": true, "video": true}, "jsep": map[string]any{"type": "offer", "sdp": offer}}); err != nil {
			return "", err
		}
		for {
			r, err := askJanus(ctx, session, nil)
			if err != nil || r.Jsep.SDP != "" {
				return r.Jsep.SDP, err
			}
		}
	}
}

// askJanus posts body, or without one waits for an event.
func askJanus(ctx context.Context, target string, body any) (r janusReply, err error) {
	method, raw := http.MethodGet, []byte(nil)
	if body != nil {
		method = http.MethodPost
		if raw, err = json.Marshal(body); err != nil {
			return r, err
		}
	}
	text, err := process.Exchange(ctx, method, target, "application/json", raw)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return r, err
	}
	if r.Error.Reason != "" {
		return r, fmt.Errorf("janus: %s", r.Error.Reason)
	}
	return r, nil
}
