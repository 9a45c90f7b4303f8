package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestDrainAsksAgain: a node that can't tell the others at once is asked again, one
// that refuses is not.
func TestDrainAsksAgain(t *testing.T) {
	var answers []int
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		status := answers[0]
		answers = answers[1:]
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"draining":true,"calls":0}`))
	}))
	defer server.Close()
	for _, c := range []struct {
		answers []int
		wait    time.Duration
		works   bool
	}{
		{[]int{http.StatusServiceUnavailable, http.StatusOK}, time.Minute, true},
		{[]int{http.StatusServiceUnavailable}, 0, false},
		{[]int{http.StatusNotFound}, time.Minute, false},
	} {
		answers = c.answers
		var out bytes.Buffer
		err := drainNode(t.Context(), server.URL, c.wait, &out)
		if (err == nil) != c.works || len(answers) > 0 {
			t.Errorf("%v: %v, %d left: %s", c.answers, err, len(answers), &out)
		}
		if c.works && !strings.Contains(out.String(), "calls left: 0") {
			t.Errorf("says %s", &out)
		}
	}
}
