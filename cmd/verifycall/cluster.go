package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"verifycall/cmd/verifycall/built"
	"verifycall/cmd/verifycall/settings"
	"verifycall/nodes"
	"verifycall/recorder/evidence/objects"
	"verifycall/rooms"
	"verifycall/rooms/tickets"
)

// cluster is this node's place among the others on one Redis.
type cluster struct {
	member   *nodes.Member
	listener net.Listener // for the other nodes; nil: this one takes nothing from others
	server   *http.Server
	cert     tls.Certificate // empty without --node-tls
	stop     context.CancelFunc
	running  sync.WaitGroup // of member.Run
}

// joinCluster announces this node. With the embedded Redis there is no other and
// nothing to announce.
func (n *node) joinCluster(ctx context.Context) error {
	c := n.cfg
	if c.Redis == "" {
		return n.Rooms.AgreeFormat(ctx, rooms.Format)
	}
	self := nodes.Announcement{ID: n.id, Version: built.Release(), Format: rooms.Format}
	secret, err := nodes.RandomSecret()
	if c.ClusterSecret != "" {
		secret, err = nodes.LoadSecret(c.ClusterSecret)
	}
	if err != nil {
		return err
	}
	if c.NodeListen != "" {
		if err := n.listenForNodes(&self); err != nil {
			return err
		}
	}
	shared, err := storeIdentity(ctx, n.Store)
	if err != nil {
		return err
	}
	n.cluster.member, err = nodes.Join(ctx, nodes.Config{Rooms: n.Rooms, Secret: secret, Self: self, Allowed: c.NodeNetworks(),
		Load: n.load, Log: n.log, Common: map[string]string{"--store": shared, "--keys": n.Keys.ID()}})
	if err != nil {
		return explain(err, c)
	}
	n.log.Info("joined the cluster", "nodes", len(n.cluster.member.Peers()))
	return nil
}

// stayInCluster renews the announcement from now on.
func (n *node) stayInCluster() {
	if n.cluster.member == nil {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	n.cluster.stop = stop
	n.cluster.running.Go(func() { n.cluster.member.Run(ctx) })
}

// explain says what to do about a node that doesn't fit to the others.
func explain(err error, c settings.Settings) error {
	switch {
	case errors.Is(err, nodes.ErrStranger) && c.ClusterSecret == "":
		return fmt.Errorf("%w; to work together, each node needs --cluster-secret-file, --node-listen, --node-cidr and one shared --store", err)
	case errors.Is(err, nodes.ErrStore):
		return fmt.Errorf("%w; all nodes on one Redis share one --store and one --keys, and each has a --data of its own", err)
	}
	return err
}

// load is what this node announces. The house is there before the first renewal.
func (n *node) load() int {
	if n.house == nil {
		return 0
	}
	return n.house.Live()
}

// listenForNodes opens the port for other nodes and says in the announcement
// where it is and which certificate it shows.
func (n *node) listenForNodes(self *nodes.Announcement) (err error) {
	if n.cluster.listener, err = net.Listen("tcp", n.cfg.NodeListen); err != nil {
		return fmt.Errorf("nodes: %w", err)
	}
	bound, err := netip.ParseAddrPort(n.cluster.listener.Addr().String())
	if err != nil {
		return fmt.Errorf("nodes: %w", err)
	}
	address, err := addressWithin(bound.Addr().Unmap(), n.cfg.NodeNetworks())
	if err != nil {
		return err
	}
	self.Addr = netip.AddrPortFrom(address, bound.Port())
	if n.cfg.NodeTLS {
		n.cluster.cert, self.Cert, err = nodes.NewCertificate(time.Now())
	}
	return err
}

// addressWithin gives the address that others reach this node by: the one it
// listens on, or, where that is all of them, the first in the networks.
func addressWithin(listened netip.Addr, networks []netip.Prefix) (netip.Addr, error) {
	candidates := []netip.Addr{listened}
	if listened.IsUnspecified() {
		candidates = nil
		all, err := net.InterfaceAddrs()
		if err != nil {
			return netip.Addr{}, fmt.Errorf("--node-listen: %w", err)
		}
		for _, a := range all {
			if prefix, err := netip.ParsePrefix(a.String()); err == nil {
				candidates = append(candidates, prefix.Addr())
			}
		}
	}
	for _, a := range candidates {
		for _, network := range networks {
			if network.Contains(a) {
				return a, nil
			}
		}
	}
	return netip.Addr{}, errors.New("--node-listen: this node has no address in --node-cidr")
}

// storeObject names the object by which nodes see that they have one store.
const storeObject = "store-identity"

// storeIdentity gives the identity of the evidence store, which the first node
// puts there.
func storeIdentity(ctx context.Context, store objects.Store) (string, error) {
	_, err := store.Put(ctx, storeObject, strings.NewReader(tickets.NewToken()))
	if err != nil && !errors.Is(err, objects.ErrExists) {
		return "", fmt.Errorf("--store: %w", err)
	}
	object, _, err := store.Open(ctx, storeObject)
	if err != nil {
		return "", fmt.Errorf("--store: %w", err)
	}
	defer object.Close()
	var text bytes.Buffer
	if _, err := io.CopyN(&text, object, 64); err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("--store: %w", err)
	}
	return text.String(), nil
}

// serveNodes answers the other nodes.
func (n *node) serveNodes() {
	if n.cluster.listener == nil {
		return
	}
	n.cluster.server = newHTTPServer(n.edge.NodeHandler(), n.log)
	listener := n.cluster.listener
	if n.cfg.NodeTLS {
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{n.cluster.cert}, MinVersion: tls.VersionTLS13})
	}
	n.serving.Go(func() { n.failed <- fmt.Errorf("nodes: %w", n.cluster.server.Serve(listener)) })
}

// drain lets no call begin here; see Drain of calls and nodes.
func (n *node) drain(ctx context.Context) error {
	n.house.Drain()
	if n.cluster.member == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, rooms.LeaseTTL)
	defer cancel()
	return n.cluster.member.Drain(ctx)
}

// leaveCluster takes the announcement down, after the calls have ended.
func (n *node) leaveCluster() {
	if n.cluster.stop != nil {
		n.cluster.stop()
	}
	n.cluster.running.Wait()
}

// answerDrain is POST /drain of the ops listener.
func (n *node) answerDrain(w http.ResponseWriter, r *http.Request) {
	if err := n.drain(r.Context()); err != nil {
		n.log.Error("drain not announced", "err", err)
		http.Error(w, "the other nodes could not be told; try again", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(drainState{Draining: true, Calls: n.house.Live()}) // the client is gone if this fails
}

// drainState answers POST /drain.
type drainState struct {
	Draining bool `json:"draining"`
	Calls    int  `json:"calls"` // that still run here
}
