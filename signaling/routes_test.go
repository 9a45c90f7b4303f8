package signaling

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
)

// A client that went away is no failure of ours; the same error with the client
// still there is.
func TestClientThatWentAway(t *testing.T) {
	failed := fmt.Errorf("session: %w", context.Canceled)
	for _, gone := range []bool{true, false} {
		var log bytes.Buffer
		s := &Server{log: slog.New(slog.NewTextHandler(&log, nil))}
		ctx, cancel := context.WithCancel(t.Context())
		if gone {
			cancel()
		}
		answer := httptest.NewRecorder()
		w := &statusWriter{ResponseWriter: answer, status: http.StatusOK}
		s.answerError(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/audit/rooms", nil), "GET /api/audit/rooms", failed)
		cancel()
		told := strings.Contains(log.String(), "request failed")
		if gone && (told || w.status != statusGone || answer.Body.Len() > 0) {
			t.Errorf("gone: status %d, %q, log %s", w.status, answer.Body, &log)
		}
		if !gone && (!told || w.status != http.StatusInternalServerError) {
			t.Errorf("still there: status %d, log %s", w.status, &log)
		}
	}
}

// A download that the client broke off is cut, and no failure of ours; one that we
// can't go on with is.
func TestDownloadBrokenOff(t *testing.T) {
	for _, gone := range []bool{true, false} {
		var log bytes.Buffer
		s := &Server{log: slog.New(slog.NewTextHandler(&log, nil))}
		ctx, cancel := context.WithCancel(t.Context())
		if gone {
			cancel()
		}
		w := &statusWriter{ResponseWriter: httptest.NewRecorder(), status: http.StatusOK, began: true}
		func() {
			defer func() {
				if cut := recover(); cut != http.ErrAbortHandler {
					t.Errorf("gone %t: recovered %v", gone, cut)
				}
			}()
			s.answerError(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/v1/rooms", nil), "GET /bundle.zip", syscall.EPIPE)
		}()
		cancel()
		if told := strings.Contains(log.String(), "request failed"); told == gone {
			t.Errorf("gone %t: log %s", gone, &log)
		}
	}
}
