package signaling

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"sync"
	"time"

	"verifycall/calls/protocol"
	"verifycall/nodes"
	"verifycall/rooms"
)

// relay finds the node that has a room and passes requests on to it. The zero
// place of everything is this node: without a member nothing is passed on.
type relay struct {
	member *nodes.Member // nil: this node is alone
	rooms  *rooms.Store
	log    *slog.Logger
	ctx    context.Context // ends what is being passed on
	end    context.CancelFunc

	mu  sync.Mutex                 // guards via
	via map[string]*http.Transport // by the certificate announced, or the address where there is none
}

func newRelay(cfg Config) *relay {
	l := &relay{member: cfg.Nodes, rooms: cfg.Rooms, log: cfg.Log, via: map[string]*http.Transport{}}
	l.ctx, l.end = context.WithCancel(context.Background())
	return l
}

func movingFault(err error) *protocol.Fault {
	return &protocol.Fault{Code: protocol.CodeUnavailable, Message: "The call moves to another server. Try again in a moment.", Err: err}
}

// owner gives the other node that has the room; false where this one has it, or
// none has.
func (l *relay) owner(ctx context.Context, room string) (nodes.Announcement, bool, error) {
	if l.member == nil {
		return nodes.Announcement{}, false, nil
	}
	lease, err := l.rooms.LeaseOf(ctx, room)
	if errors.Is(err, rooms.ErrNotFound) || err == nil && lease.Node == l.member.ID() {
		return nodes.Announcement{}, false, nil
	}
	if err != nil {
		return nodes.Announcement{}, false, err
	}
	peer, there := l.member.Peer(lease.Node)
	if !there || !peer.Addr.IsValid() {
		return peer, false, movingFault(fmt.Errorf("node %s is not there any more", lease.Node))
	}
	return peer, true, nil
}

// place is owner for who comes into the call: a room that no node has is given to
// the one with the least load.
func (l *relay) place(ctx context.Context, room string) (nodes.Announcement, bool, error) {
	if l.member == nil {
		return nodes.Announcement{}, false, nil
	}
	_, err := l.rooms.LeaseOf(ctx, room)
	if !errors.Is(err, rooms.ErrNotFound) {
		return l.owner(ctx, room)
	}
	best, found := nodes.Least(l.member.Peers(), l.member.ID())
	switch {
	case !found:
		return best, false, movingFault(errors.New("every node drains"))
	case best.ID == l.member.ID():
		return best, false, nil
	case !best.Addr.IsValid():
		return best, false, movingFault(fmt.Errorf("node %s takes nothing from others", best.ID))
	}
	if _, err := l.rooms.TakeLease(ctx, room, best.ID, l.member.Steady()); err != nil {
		if errors.Is(err, rooms.ErrHeld) || errors.Is(err, rooms.ErrLapsed) {
			return best, false, movingFault(err)
		}
		return best, false, err
	}
	return best, true, nil
}

// pass lets the node answer the request. It returns when the answer is whole, or
// the WebSocket has ended on either side, or the node is not announced any more.
func (l *relay) pass(w http.ResponseWriter, r *http.Request, peer nodes.Announcement, who nodes.Identity) error {
	passport, err := l.member.Secret().Sign(who, r, peer.ID, time.Now())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(l.ctx, cancel)()
	watched := make(chan struct{}) // closed by the goroutine below
	go func() {
		defer close(watched)
		select {
		case <-l.member.Gone(peer.ID):
			cancel()
		case <-ctx.Done():
		}
	}()
	defer func() { cancel(); <-watched }()

	var failed error
	proxy := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host = "http", peer.Addr.String()
			if peer.Cert != "" {
				p.Out.URL.Scheme = "https"
			}
			p.Out.Header.Del("Cookie")
			p.Out.Header.Del("Authorization")
			p.Out.Header.Set(nodes.IdentityHeader, passport)
		},
		Transport:    l.transport(peer),
		ErrorHandler: func(_ http.ResponseWriter, _ *http.Request, err error) { failed = err },
		ErrorLog:     slog.NewLogLogger(l.log.Handler(), slog.LevelDebug),
	}
	proxy.ServeHTTP(w, r.WithContext(ctx))
	if failed != nil {
		return movingFault(fmt.Errorf("node %s: %w", peer.ID, failed))
	}
	return nil
}

// transport keeps the connections to a node. There are as many as nodes were seen.
func (l *relay) transport(peer nodes.Announcement) *http.Transport {
	key := peer.Cert
	if key == "" {
		key = peer.Addr.String()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.via[key] == nil {
		t := &http.Transport{IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 3 * time.Second, ResponseHeaderTimeout: 10 * time.Second}
		if peer.Cert != "" {
			t.TLSClientConfig = nodes.Pinned(peer.Cert)
		}
		l.via[key] = t
	}
	return l.via[key]
}

// close ends what is being passed on.
func (l *relay) close() {
	l.end()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range l.via {
		t.CloseIdleConnections()
	}
}
