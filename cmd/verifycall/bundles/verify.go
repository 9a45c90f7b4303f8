// Package bundles has the subcommands that look at sealed evidence: verify and stamp.
package bundles

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"verifycall/cmd/verifycall/console"
	"verifycall/cmd/verifycall/places"
	"verifycall/recorder/evidence"
	"verifycall/recorder/evidence/vault"
)

// exitUnreadable is what verify ends with when it couldn't read the bundle or
// a key, or was called wrongly. The others are evidence.Report.ExitCode's.
const exitUnreadable = 2

const verifyUsage = `usage: verifycall verify PATH [--key KEY]... [--custody FILE] [--json]
       verifycall verify RECEIPT.json [--deletion FILE] [--key KEY]... [--json]
       verifycall verify ROOM --store URL [--keys DIR | --identity FILE] [--key KEY]... [--json]

Checks an evidence bundle, a folder or a ZIP. KEY is a minisign public key
(RW...), a .pub file, or a key list such as /.well-known/verifycall-keys.json; or
the certificate of a time-stamping authority, PEM, by which trusted time counts.

A bundle as it lies encrypted in a store, a folder with a store.json or ROOM in
the store, is checked by digests and signatures alone; with the deployment's key
folder, or a file with the identity of the recovery, it is decrypted and checked
in full. --custody FILE checks the room's exported custody ledger with it.
What that ledger says was purged by policy may be missing, and is named. A store has the ledger beside the bundle.

A seller's receipt is checked by its signature, and with --deletion the proof that
what it names was deleted.

exit code  0  whole, and signed by a key given
           1  something is wrong, the first wrong item is named
           2  the bundle or a key can't be read
           3  whole, but the signer is unknown
`

// verification is what verify is asked for.
type verification struct {
	keys                   []string
	store, folder, recover string
	custody                string // file
	deletion               string // file
}

func (v *verification) flags(errOut io.Writer) (*flag.FlagSet, *bool) {
	f := flag.NewFlagSet("verify", flag.ContinueOnError)
	f.SetOutput(errOut)
	f.Usage = func() { fmt.Fprint(errOut, verifyUsage) }
	f.Func("key", "", func(key string) error {
		v.keys = append(v.keys, key)
		return nil
	})
	f.StringVar(&v.store, "store", "", "")
	f.StringVar(&v.folder, "keys", "", "")
	f.StringVar(&v.recover, "identity", "", "")
	f.StringVar(&v.custody, "custody", "", "")
	f.StringVar(&v.deletion, "deletion", "", "")
	return f, f.Bool("json", false, "")
}

// verify checks what is at path, or the room of that name in the store.
func (v *verification) verify(path string) (report evidence.Report, err error) {
	if v.store == "" && strings.HasSuffix(path, ".json") {
		return v.receipt(path)
	}
	if v.store == "" {
		if v.folder != "" || v.recover != "" {
			return report, errors.New("--keys and --identity go with --store")
		}
		if v.custody != "" {
			return v.withCustody(func(f io.Reader) (evidence.Report, error) { return evidence.VerifyWithCustody(path, v.keys, f) })
		}
		return evidence.Verify(path, v.keys)
	}
	ctx := context.Background()
	store, err := places.OpenStore(ctx, v.store)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	prefix, _, err := evidence.Locate(ctx, store, path)
	if err != nil {
		return report, err
	}
	file := v.recover
	if v.folder != "" {
		file = filepath.Join(v.folder, vault.WrapFile)
	}
	if file == "" {
		return evidence.VerifySealed(ctx, store, prefix, v.keys)
	}
	ring, err := vault.ReadRing(file)
	if err != nil {
		return report, err
	}
	opener, err := vault.New(store, ring)
	if err != nil {
		return report, err
	}
	return evidence.VerifyStore(ctx, opener, prefix, v.keys)
}

// receipt checks a seller's receipt, and the proof of deletion if it is given.
func (v *verification) receipt(path string) (report evidence.Report, err error) {
	receipt, err := os.ReadFile(path)
	if err != nil {
		return report, err
	}
	var deletion []byte
	if v.deletion != "" {
		if deletion, err = os.ReadFile(v.deletion); err != nil {
			return report, err
		}
	}
	return evidence.VerifyReceipt(receipt, deletion, v.keys)
}

// withCustody checks a bundle with the custody ledger, by which some of it may be erased.
func (v *verification) withCustody(check func(io.Reader) (evidence.Report, error)) (evidence.Report, error) {
	f, err := os.Open(v.custody)
	if err != nil {
		return evidence.Report{}, err
	}
	report, err := check(f)
	return report, errors.Join(err, f.Close())
}

// Verify is the subcommand verify: args without its name, the report to
// out, what couldn't be read to errOut. It gives the exit code.
func Verify(args []string, out, errOut io.Writer) int {
	var v verification
	flags, asJSON := v.flags(errOut)
	paths, err := console.ParseMixed(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return exitUnreadable
	}
	if len(paths) != 1 {
		flags.Usage()
		return exitUnreadable
	}
	report, err := v.verify(paths[0])
	if err == nil && v.custody != "" && v.store != "" {
		report, err = v.withCustody(func(f io.Reader) (evidence.Report, error) { return report.VerifyCustody(f, v.keys) })
	}
	if err != nil {
		fmt.Fprintf(errOut, "verifycall verify: can't read: %v\n", err)
		return exitUnreadable
	}
	if *asJSON {
		err = console.PrintJSON(out, report)
	} else {
		err = printReport(out, paths[0], report)
	}
	if err != nil {
		fmt.Fprintf(errOut, "verifycall verify: %v\n", err)
		return exitUnreadable
	}
	return report.ExitCode()
}

func printReport(out io.Writer, path string, report evidence.Report) error {
	for _, check := range report.Checks {
		mark := "ok    "
		if !check.OK {
			mark = "WRONG "
		}
		if _, err := fmt.Fprintf(out, "%s %-12s %s\n", mark, check.Name, check.Detail); err != nil {
			return err
		}
	}
	var conclusion string
	switch {
	case !report.Whole:
		conclusion = fmt.Sprintf("%s is not whole; first wrong item: %s", path, report.Wrong)
	case report.Sealed && report.SignerKnown:
		conclusion = fmt.Sprintf("%s is whole as it lies in the store, encrypted, and signed by key %s; room %s, digest %s. Its content was not looked at", path, report.Signer, report.Room, report.Digest)
	case strings.HasSuffix(path, ".json") && report.SignerKnown:
		conclusion = fmt.Sprintf("%s is signed by a key given; room %s", path, report.Room)
		if len(report.Purged) > 0 {
			conclusion += "; proven to be deleted: " + strings.Join(report.Purged, ", ")
		}
	case strings.HasSuffix(path, ".json"):
		conclusion = fmt.Sprintf("%s is consistent, signer unknown", path)
	case !report.SignerKnown:
		conclusion = fmt.Sprintf("%s is consistent, signer unknown: not all its signatures are by keys given; the bundle's is by key %s", path, report.Signer)
	default:
		conclusion = fmt.Sprintf("%s is whole and signed by key %s; room %s, digest %s", path, report.Signer, report.Room, report.Digest)
	}
	_, err := fmt.Fprintln(out, conclusion)
	return err
}
