package evidence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"verifycall/recorder/evidence/objects"
)

// Report is the outcome of a verification.
type Report struct {
	Whole       bool     `json:"whole"`       // nothing is wrong
	SignerKnown bool     `json:"signerKnown"` // signed by one of the keys given, and so is what says that something was purged
	Sealed      bool     `json:"sealed"`      // checked as it lies encrypted in a store: digests and signatures, no content
	Room        string   `json:"room,omitempty"`
	Digest      string   `json:"digest,omitempty"`   // SHA-256 of tagmanifest-sha256.txt
	Signer      string   `json:"signer,omitempty"`   // key id that the signature names
	SignedAt    string   `json:"signedAt,omitempty"` // RFC 3339, by the signer's clock
	Stamp       *Stamped `json:"stamp,omitempty"`    // trusted time, where there is some
	Checks      []Check  `json:"checks"`             // in the order they were made; the first that fails is the last
	Purged      []string `json:"purged,omitempty"`   // classes that are erased by policy, as the signed custody ledger says
	Wrong       string   `json:"wrong,omitempty"`    // first wrong item: a path in the bundle, or the container's name
}

// Check is one step of a verification.
type Check struct {
	Name   string `json:"name"`
	Detail string `json:"detail"`
	OK     bool   `json:"ok"`
}

// ExitCode is what `verifycall verify` ends with: 0 whole and the signer
// known, 1 something wrong, 3 whole and the signer unknown.
func (r Report) ExitCode() int {
	switch {
	case !r.Whole:
		return 1
	case !r.SignerKnown:
		return 3
	}
	return 0
}

// Verify checks the bundle at path: a folder, or a ZIP as ZipBundle writes it. A
// folder with a store.json is a bundle as it lies encrypted in a store and is
// checked as VerifySealed does.
// Each of keys is a minisign public key "RW…", the path of a .pub file, a key
// list, its JSON (as Keys.WellKnown gives it) or its path, or the path of
// certificates of time-stamping authorities, PEM. Faults of the bundle are in the Report; the error is for
// what couldn't be read (exit code 2).
func Verify(path string, keys []string) (Report, error) { return verifyPath(path, keys, nil) }

func verifyPath(path string, keys []string, custody []byte) (Report, error) {
	ctx := context.Background()
	ring, err := readKeyring(keys)
	if err != nil {
		return Report{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return Report{}, err
	}
	if info.IsDir() {
		root, err := os.OpenRoot(path)
		if err != nil {
			return Report{}, err
		}
		defer root.Close()
		if _, err := root.Stat(storeFile); err == nil {
			return verifySealed(ctx, objects.ReadFS(root), "", "", ring, custody)
		}
		return verifyBag(ctx, dirBag{root}, ring, custody)
	}
	if !info.Mode().IsRegular() {
		return Report{}, fmt.Errorf("%s is neither a folder nor a ZIP file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return Report{}, err
	}
	defer file.Close()
	if !beginsAsZip(file) && !strings.EqualFold(filepath.Ext(path), ".zip") {
		return Report{}, fmt.Errorf("%s is neither a folder nor a ZIP file", path)
	}
	return verifyZip(ctx, filepath.Base(path), file, info.Size(), ring, custody)
}

func verifyZip(ctx context.Context, name string, file io.ReaderAt, size int64, ring keyring, custody []byte) (Report, error) {
	z, err := openZip(name, file, size)
	if fault := (*wrong)(nil); errors.As(err, &fault) {
		r := Report{}
		r.fail("container", fault)
		return r, nil
	}
	if err != nil {
		return Report{}, fmt.Errorf("%s: %w", name, err)
	}
	return verifyBag(ctx, z, ring, custody)
}

// verification is one run over a bag; later steps use what earlier ones found.
type verification struct {
	bag     bag
	ring    keyring
	custody []byte // the room's custody ledger, empty if it wasn't given
	report  Report

	names   []string              // every file
	tags    []byte                // tagmanifest-sha256.txt
	payload manifest              // manifest-sha256.txt
	gone    purges                // classes of which files are missing by policy
	strange bool                  // no key given signs that policy
	record  record                // what the ledger names
	frames  map[frameID]indexLine // the captured frames, as recorded
}

// verifyBag makes the checks in order and stops at the first wrong item.
func verifyBag(ctx context.Context, b bag, ring keyring, custody []byte) (Report, error) {
	v := &verification{bag: b, ring: ring, custody: custody}
	for _, step := range []struct {
		name string
		run  func(context.Context) (detail string, err error)
	}{
		{"container", v.checkContainer},
		{"declaration", v.checkDeclaration},
		{"tagmanifest", v.checkTagManifest},
		{"manifest", v.checkManifest},
		{"signature", v.checkSignature},
		{"time", v.checkStamp},
		{"ledger", v.checkLedger},
		{"private", v.checkPrivate},
		{"room", v.checkFacts},
		{"plan", v.checkPlan},
		{"documents", v.checkDocuments},
		{"recordings", v.checkRecordings},
		{"stills", v.checkStills},
		{"statement", v.checkStatement},
	} {
		if lacking := v.erased(step.name); lacking != "" {
			v.report.Checks = append(v.report.Checks, Check{step.name, "not checked: purged by policy: " + lacking, true})
			continue
		}
		detail, err := step.run(ctx)
		if fault := (*wrong)(nil); errors.As(err, &fault) {
			v.report.fail(step.name, fault)
			return v.report, nil
		}
		if err != nil {
			return Report{}, fmt.Errorf("%s: %w", step.name, err)
		}
		v.report.Checks = append(v.report.Checks, Check{step.name, detail, true})
	}
	v.report.Whole = true
	return v.report, nil
}

// fail ends the report with the wrong item. What was said of the signer before
// doesn't stand for a bundle that isn't whole.
func (r *Report) fail(step string, fault *wrong) {
	r.Checks = append(r.Checks, Check{step, fault.Error(), false})
	r.Wrong = fault.Item
	r.Whole = false
}
