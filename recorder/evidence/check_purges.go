package evidence

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms/ledger"
)

// Types of entries of a custody ledger that say what of a bundle may be missing:
// its field "classes" was to be erased, or is.
const (
	entryPurgeBegun = "purge_begun"
	entryPurged     = "purged"
)

// maxCustody bounds a custody ledger, in bytes.
const maxCustody = 64 << 20

// maxMirrorParts bounds the parts of a mirrored custody ledger that are read.
const maxMirrorParts = 100_000

// purges are the classes that a signed custody ledger says are erased by policy.
type purges []vault.Class

func (p purges) String() string {
	var names []string
	for _, class := range p {
		names = append(names, string(class))
	}
	return strings.Join(names, ", ")
}

func (p purges) has(name string) bool { return slices.Contains(p, classOf(name)) }

func (p purges) texts() []string {
	list := make([]string, len(p))
	for i, class := range p {
		list[i] = string(class)
	}
	return list
}

// readPurges takes the purges out of a custody ledger, after checking it as
// VerifyCustody does. Without a ledger there are none. Strange says that there are
// some and the ledger's last signature, which covers them, isn't by a key given.
func readPurges(custody []byte, ring keyring, room, digest string) (found purges, strange bool, err error) {
	if len(custody) == 0 {
		return nil, false, nil
	}
	report := Report{Room: room, Digest: digest}
	_, signed, err := report.checkCustody(bytes.NewReader(custody), ring, func(e ledger.Entry) {
		if e.Type != entryPurgeBegun && e.Type != entryPurged {
			return
		}
		classes, _ := e.Body["classes"].([]any)
		for _, class := range vault.Classes {
			if slices.Contains(classes, any(string(class))) && !slices.Contains(found, class) {
				found = append(found, class)
			}
		}
	})
	if err != nil {
		return nil, false, err
	}
	return found, len(found) > 0 && !signed.lastKnown, nil
}

// purgedDetail says in a report what was purged.
func purgedDetail(gone purges, strange bool) string {
	text := fmt.Sprintf("purged by policy: %v", gone)
	if strange {
		text += ", says a custody ledger that isn't signed by a key given"
	}
	return text
}

// mirroredCustody reads the custody ledger that lies beside a bundle in its store,
// empty where there is none.
func mirroredCustody(ctx context.Context, store objects.Store, room string) ([]byte, error) {
	names, err := store.List(ctx, roomPrefix(room)+"mirror/custody-")
	if err != nil {
		return nil, err
	}
	if len(names) > maxMirrorParts {
		return nil, fmt.Errorf("%d parts of a custody ledger, %d is the limit", len(names), maxMirrorParts)
	}
	var text bytes.Buffer
	last := int64(0) // parts may overlap
	for _, name := range names {
		part, err := readObject(ctx, store, name, maxCustody)
		if err != nil {
			return nil, err
		}
		for line := range bytes.Lines(part) {
			if bytes.HasPrefix(line, []byte(`{"commitment":`)) {
				continue
			}
			e, err := ledger.Parse(bytes.TrimSuffix(line, []byte("\n")))
			if err != nil {
				return nil, isWrong(name, "%v", err)
			}
			if e.Seq > last {
				text.Write(line)
				last = e.Seq
			}
		}
		if text.Len() > maxCustody {
			return nil, isWrong(name, "the custody ledger is larger than %d bytes", maxCustody)
		}
	}
	return text.Bytes(), nil
}

// VerifyWithCustody is Verify of a bundle of which something may have been erased by
// policy: what the custody ledger says is erased may be missing. The ledger is
// checked too, see VerifyCustody.
func VerifyWithCustody(path string, keys []string, custody io.Reader) (Report, error) {
	text, err := readBounded(custody, maxCustody)
	if err != nil {
		return Report{}, fmt.Errorf("custody ledger: %w", err)
	}
	report, err := verifyPath(path, keys, text)
	if err != nil {
		return report, err
	}
	return report.VerifyCustody(bytes.NewReader(text), keys)
}

// neededBy are the classes that a check reads; it isn't made where one is erased.
var neededBy = map[string]purges{
	"ledger": {vault.Record}, "private": {vault.Record}, "room": {vault.Record}, "plan": {vault.Record}, "documents": {vault.Record},
	"statement": {vault.Record}, "recordings": {vault.Record, vault.Recording}, "stills": {vault.Record, vault.Recording, vault.Stills},
}

// erased says which classes a check lacks, "" if none.
func (v *verification) erased(step string) string {
	var lacking purges
	for _, class := range neededBy[step] {
		if slices.Contains(v.gone, class) {
			lacking = append(lacking, class)
		}
	}
	return lacking.String()
}

// checkMissing tells what is missing by policy from what is missing.
func (v *verification) checkMissing(ctx context.Context) error {
	missing := slices.DeleteFunc(slices.Clone(v.payload), func(line manifestLine) bool {
		_, found := slices.BinarySearch(v.names, line.Name)
		return found
	})
	if len(missing) == 0 {
		return nil
	}
	allowed, strange, err := v.allowed(ctx)
	if err != nil {
		return err
	}
	v.strange = strange
	for _, line := range missing {
		if !allowed.has(line.Name) {
			return isWrong(line.Name, "is missing")
		}
		if !v.gone.has(line.Name) {
			v.gone = append(v.gone, classOf(line.Name))
		}
	}
	v.report.Purged = v.gone.texts()
	return nil
}

// allowed are the purges of the custody ledger that was given, as of readPurges.
func (v *verification) allowed(ctx context.Context) (found purges, strange bool, err error) {
	text, err := readWhole(ctx, v.bag, signatureFile, maxSignature)
	if err != nil {
		return nil, false, err
	}
	signature, err := parseSignature(text, bundleForm)
	if err != nil {
		return nil, false, isWrong(signatureFile, "%v", err)
	}
	return readPurges(v.custody, v.ring, signature.Room, v.report.Digest)
}
