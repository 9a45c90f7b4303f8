package main

import (
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// opsHandler answers operators and their programs. Its profiles hold stacks and no
// values; what the program was started with, which pprof shows too, may have a
// password in it and is left out.
func (n *node) opsHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(n.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("POST /drain", n.answerDrain)
	mux.HandleFunc("POST /backup", n.answerBackup)
	for _, name := range []string{"goroutine", "heap", "allocs", "mutex", "block", "threadcreate"} {
		mux.Handle("GET /debug/pprof/"+name, pprof.Handler(name))
	}
	mux.HandleFunc("GET /debug/pprof/profile", func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(longestProfile)) // an *http.Server's has it
		pprof.Profile(w, r)
	})
	return mux
}

// longestProfile bounds one CPU profile.
const longestProfile = 2 * time.Minute

// answerBackup is POST /backup of the ops listener: what Redis has, encrypted. One
// at a time.
func (n *node) answerBackup(w http.ResponseWriter, r *http.Request) {
	select {
	case n.backing <- struct{}{}:
		defer func() { <-n.backing }()
	default:
		http.Error(w, "another backup is being written", http.StatusConflict)
		return
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // it lasts as long as it lasts; a client that is gone ends it
	w.Header().Set("Content-Type", "application/octet-stream")
	counts, err := n.Places.ForBackup().WriteRooms(r.Context(), w)
	if err != nil {
		n.log.Error("backup broken off", "err", err)
		panic(http.ErrAbortHandler)
	}
	n.log.Info("backup written", "rooms", counts.Rooms, "others", counts.Others)
}
