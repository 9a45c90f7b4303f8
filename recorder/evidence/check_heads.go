package evidence

import (
	"errors"
	"fmt"
	"io"

	"verifycall/rooms/ledger"
)

// heads is what a verification finds of a ledger's checkpoints: entries that sign
// the head before them.
type heads struct {
	known, unknown int   // by keys given, by others
	last           int64 // number of the last checkpoint
	lastKnown      bool
}

// take checks one entry of a ledger of a room; file names it in faults.
func (h *heads) take(ring keyring, room, name, file string, e ledger.Entry) error {
	before, signature, is, err := e.Checkpoint()
	switch {
	case !is:
		return nil
	case err != nil:
		return isWrong(file, "%v", err)
	}
	err = ring.checkHead(before.Text(room, name), signature)
	h.last, h.lastKnown = e.Seq, err == nil
	switch {
	case err == nil:
		h.known++
	case errors.Is(err, errUnknownKey):
		h.unknown++
	default:
		return isWrong(file, "checkpoint %d: %v", e.Seq, err)
	}
	return nil
}

func (h *heads) String() string {
	text := fmt.Sprintf("%d signed heads", h.known+h.unknown)
	if h.unknown > 0 {
		text += fmt.Sprintf(", %d of them by keys that aren't given", h.unknown)
	}
	return text
}

// custodyFile names an exported custody ledger in faults.
const custodyFile = "custody.jsonl"

// VerifyCustody adds the check of an exported custody ledger to the report of its
// bundle: its chain, that it is of that room and bundle, and its signed heads, the
// last of which covers it all. One that was exported earlier ends earlier; what
// follows can't be missed. The error is for what couldn't be read.
func (r Report) VerifyCustody(custody io.Reader, keys []string) (Report, error) {
	if !r.Whole {
		return r, nil
	}
	ring, err := readKeyring(keys)
	if err != nil {
		return r, err
	}
	head, signed, err := r.checkCustody(custody, ring, func(ledger.Entry) {})
	if fault := (*wrong)(nil); errors.As(err, &fault) {
		r.fail("custody", fault)
		return r, nil
	}
	if err != nil {
		return r, err
	}
	r.SignerKnown = r.SignerKnown && signed.lastKnown
	r.Checks = append(r.Checks, Check{"custody", fmt.Sprintf("%d entries, head %s, %v", head.Seq, head.Hash, &signed), true})
	return r, nil
}

// checkCustody checks a custody ledger and has each of its entries seen.
func (r Report) checkCustody(custody io.Reader, ring keyring, see func(ledger.Entry)) (head ledger.Head, signed heads, err error) {
	lines := newLines(custody, custodyFile)
	for {
		line, err := lines.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return head, signed, err
		}
		e, err := ledger.Parse(line)
		if err == nil {
			err = ledger.VerifyFrom(head, []ledger.Entry{e})
		}
		if err != nil {
			return head, signed, isWrong(custodyFile, "line %d: %v", lines.number, err)
		}
		if e.Seq == 1 && (e.Type != "custody_opened" || e.Body["bundle"] != r.Digest) {
			return head, signed, isWrong(custodyFile, "isn't that of the bundle %s", r.Digest)
		}
		if err := signed.take(ring, r.Room, "custody", custodyFile, e); err != nil {
			return head, signed, err
		}
		head = e.Head()
		see(e)
	}
	if head.Seq == 0 || signed.last != head.Seq {
		return head, signed, isWrong(custodyFile, "ends with entry %d, which isn't a signature", head.Seq)
	}
	return head, signed, nil
}
