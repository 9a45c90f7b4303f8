package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"

	"verifycall/cmd/verifycall/built"
	"verifycall/cmd/verifycall/certificate"
	"verifycall/media/relay"
)

// openRelay opens the relay where the settings want one: on a port of its own,
// or beside the pages where these have TLS. Then n.pagesL gives the pages'
// connections alone, TLS done.
func (n *node) openRelay() error {
	var turnL net.Listener
	encrypted := n.cfg.Encrypted()
	switch {
	case !n.cfg.Relays():
		return nil
	case n.cfg.TURNListen == "":
		config, err := n.tlsConfig("h2", "http/1.1")
		if err != nil {
			return err
		}
		n.door = relay.NewDoor(n.pagesL, config)
		n.pagesL, turnL = n.door.Pages(), n.door.Relay()
	default:
		var err error
		if turnL, err = net.Listen("tcp", n.cfg.TURNListen); err != nil {
			return fmt.Errorf("relay: %w", err)
		}
		turnL = newGate(turnL, n.cfg.ConnsPerIP, n.cfg.Proxies())
		if encrypted {
			config, err := n.tlsConfig()
			if err != nil {
				return errors.Join(err, turnL.Close())
			}
			turnL = tls.NewListener(turnL, config)
		}
	}
	var err error
	n.relay, err = relay.New(relay.Config{Listener: turnL, Media: n.media.Local(), Announced: n.media.Announced(),
		URLs: []string{n.turnURL(turnL.Addr(), encrypted)}})
	if err != nil {
		return errors.Join(err, turnL.Close())
	}
	n.log.Info("relaying", "turn", turnL.Addr().String(), "tls", encrypted)
	return nil
}

// tlsConfig is the TLS of pages and relay.
func (n *node) tlsConfig(protocols ...string) (*tls.Config, error) {
	if n.certificate == nil {
		if n.cfg.ACMEDirectory() != "" {
			n.certificate = certificate.NewACME(n.cfg.ACMEDirectory(), n.public.Hostname(), filepath.Join(n.cfg.Data, "acme"), "verifycall/"+built.Release())
			return n.certificate.Config(protocols...), nil
		}
		c, err := certificate.Open(n.cfg.TLSCert, n.cfg.TLSKey, n.log)
		if err != nil {
			return nil, err
		}
		n.certificate = c
	}
	return n.certificate.Config(protocols...), nil
}

// turnURL names the relay to clients: --turn-url, or the pages' host with the
// relay's port (RFC 7065). Beside the pages that port is theirs outside, too.
func (n *node) turnURL(bound net.Addr, encrypted bool) string {
	if n.cfg.TURNURL != "" {
		return n.cfg.TURNURL
	}
	scheme := "turn"
	if encrypted {
		scheme = "turns"
	}
	_, port, _ := net.SplitHostPort(bound.String())
	if n.door != nil {
		port = publicPort(n.public)
	}
	return scheme + ":" + net.JoinHostPort(n.public.Hostname(), port) + "?transport=tcp"
}

func publicPort(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}

// closeRelay ends the relay and its door, after the calls.
func (n *node) closeRelay() error {
	var faults []error
	if n.relay != nil {
		faults = append(faults, n.relay.Close())
	}
	if n.door != nil {
		faults = append(faults, n.door.Close())
	}
	return errors.Join(faults...)
}
