package places

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"verifycall/recorder/evidence"
	"verifycall/recorder/evidence/objects"
	"verifycall/rooms"
	"verifycall/rooms/accesslog"
	"verifycall/rooms/ledger"
)

// AccessReader reads the access ledger; from the mirror alone where Redis is
// somebody else's.
func (p *Places) AccessReader() accesslog.Reader {
	reader := accesslog.Reader{Signer: p.Keys, Mirror: evidence.Mirror{Store: p.Store}}
	if p.Rooms != nil {
		reader.DB = p.Rooms.DB()
	}
	return reader
}

// OpenAccess begins to write the access ledger.
func (p *Places) OpenAccess(c accesslog.Config) *accesslog.Log {
	c.DB, c.Signer, c.Mirror = p.Rooms.DB(), p.Keys, evidence.Mirror{Store: p.Store}
	return accesslog.Open(c)
}

// operatorByHand is who works by the command line.
const operatorByHand = "operator"

// Noted has events in the access ledger when it returns.
func (p *Places) Noted(ctx context.Context, events ...accesslog.Event) error {
	log := p.OpenAccess(accesslog.Config{})
	defer log.Close()
	for _, e := range events {
		e.Actor = operatorByHand
		if err := log.Note(ctx, e); err != nil {
			return fmt.Errorf("done, but not written down: %w", err)
		}
	}
	return nil
}

// SealedRecord reads the record of a room's bundle after verifying the bundle.
func (p *Places) SealedRecord(ctx context.Context, room string) (sealed rooms.SealedRecord, found bool, err error) {
	prefix, fence, err := evidence.Locate(ctx, p.Vault.Store(), room)
	if err != nil {
		return sealed, false, err
	}
	bundle, err := evidence.OpenBundle(ctx, p.Vault, prefix)
	if errors.Is(err, objects.ErrNotFound) {
		return sealed, false, nil
	}
	if err != nil {
		return sealed, false, err
	}
	report, err := evidence.VerifyStore(ctx, p.Vault, prefix, []string{string(p.Keys.WellKnown())})
	if err != nil {
		return sealed, false, err
	}
	if !report.Whole || !report.SignerKnown {
		return sealed, false, fmt.Errorf("its bundle isn't whole and signed by this deployment: %s", report.Wrong)
	}
	sealed.Digest, sealed.Fence = bundle.Digest(), fence
	err = eachBundleLine(ctx, bundle, "data/ledger.jsonl", func(line []byte) error {
		e, err := ledger.Parse(line)
		sealed.Entries = append(sealed.Entries, e)
		return err
	})
	if err == nil {
		err = eachBundleLine(ctx, bundle, "data/private.jsonl", func(line []byte) error {
			var v ledger.Private
			err := json.Unmarshal(line, &v)
			sealed.Privates = append(sealed.Privates, v)
			return err
		})
	}
	return sealed, true, err
}

// eachBundleLine gives the lines of a verified bundle's file.
func eachBundleLine(ctx context.Context, bundle *evidence.Bundle, name string, take func(line []byte) error) (err error) {
	file, _, err := bundle.Open(ctx, name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20) // no line of a verified bundle is longer
	for lines.Scan() {
		if err := take(lines.Bytes()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return lines.Err()
}
