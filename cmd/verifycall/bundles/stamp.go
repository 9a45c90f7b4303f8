package bundles

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"verifycall/cmd/verifycall/places"
	"verifycall/cmd/verifycall/settings"
	"verifycall/recorder/evidence"
	"verifycall/recorder/evidence/stamp"
)

const stampUsage = `usage: verifycall stamp [ROOM]... --authority URL [--key FILE]... [flags]

Adds trusted time to sealed bundles: asks a time-stamping authority (RFC 3161,
over HTTP) for a token over the bundle's signature and keeps it beside it. Only
the digest of the signature is sent. Without a ROOM it does so for every bundle
of the store that has no token, so a timer can run it, beside the server too.

--key FILE is the authority's certificate or its root, PEM: the token is kept
only if it leads there. It prints one line a bundle; the code is 1 if one failed.
Each of the other flags may be given as an environment variable, as for serve.

`

// stampTimeout bounds one exchange with the authority.
const stampTimeout = 30 * time.Second

// stamping is what stamp is asked for.
type stamping struct {
	settings.Settings
	authority string
	keys      []string
	rooms     []string
}

// Stamp is the subcommand stamp. It gives the exit code.
func Stamp(args []string, out, errOut io.Writer) int {
	var s stamping
	f := flag.NewFlagSet("stamp", flag.ContinueOnError)
	f.StringVar(&s.authority, "authority", "", "`URL` of the time-stamping authority")
	f.Func("key", "`file` of the authority's certificate, PEM; may repeat", func(key string) error {
		s.keys = append(s.keys, key)
		return nil
	})
	if code, done := s.ForStore(f, stampUsage, args, out, errOut, func(rooms []string) error {
		s.rooms = rooms
		if !strings.HasPrefix(s.authority, "http://") && !strings.HasPrefix(s.authority, "https://") {
			return errors.New("--authority: an http:// or https:// URL is needed")
		}
		return nil
	}); done {
		return code
	}
	if err := s.run(context.Background(), out); err != nil {
		fmt.Fprintf(errOut, "verifycall stamp: %v\n", err)
		return 1
	}
	return 0
}

func (s *stamping) run(ctx context.Context, out io.Writer) (err error) {
	if err := places.Owned(s.Settings); err != nil {
		return err
	}
	keys, err := evidence.LoadOrCreateKeys(s.Keys)
	if err != nil {
		return err
	}
	store, v, err := places.OpenVault(ctx, s.Settings, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	rooms := s.rooms
	if len(rooms) == 0 {
		if rooms, err = evidence.Unstamped(ctx, store); err != nil {
			return err
		}
	}
	var faults []error
	for _, room := range rooms {
		what := "stamped"
		prefix, _, err := evidence.Locate(ctx, store, room)
		if err == nil {
			err = evidence.StampBundle(ctx, v, prefix, keys, s.ask, s.keys)
		}
		if errors.Is(err, evidence.ErrStamped) {
			what, err = "was stamped before", nil
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", room, err))
			continue
		}
		if _, err := fmt.Fprintln(out, room, what); err != nil {
			return err
		}
	}
	return errors.Join(faults...)
}

// ask sends a request to the authority as RFC 3161 section 3.4 says.
func (s *stamping) ask(ctx context.Context, request []byte) (answer []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, stampTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.authority, bytes.NewReader(request))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/timestamp-query")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	if kind := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || kind != "application/timestamp-reply" {
		return nil, fmt.Errorf("the authority answers %s with %.60q", response.Status, kind)
	}
	if answer, err = io.ReadAll(io.LimitReader(response.Body, stamp.MaxSize+1)); err != nil {
		return nil, err
	}
	if len(answer) > stamp.MaxSize {
		return nil, fmt.Errorf("the authority answers with more than %d bytes", stamp.MaxSize)
	}
	return answer, nil
}
