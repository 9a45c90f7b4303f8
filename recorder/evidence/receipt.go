package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gowebpki/jcs"

	"verifycall/rooms/ledger"
)

// Receipt tells a seller what is kept of a call, by whom and until when, so that it
// can be asked for later, and its deletion be shown. It holds no personal value.
type Receipt struct {
	Version int       `json:"v"`
	Room    string    `json:"room"`
	By      string    `json:"by"` // the deployment's address
	Issued  time.Time `json:"issued"`
	Kept    []Kept    `json:"kept"`
	Record  string    `json:"record"`           // hash of the record's last entry, hex
	Bundle  string    `json:"bundle,omitempty"` // digest of the sealed record, hex; none without a call
	// Deletion is where the proof of deletion will be, once something is deleted.
	Deletion  string `json:"deletion"`
	Signature string `json:"signature,omitempty"` // as of a ledger's head, over Text
}

// Kept is one class of what is kept.
type Kept struct {
	Class string    `json:"class"`
	Until time.Time `json:"until"` // then it is deleted, unless a legal hold stands
}

// Text is what is signed of a receipt: a line that says what it is, and the receipt
// without its signature in canonical JSON (RFC 8785).
func (r Receipt) Text() ([]byte, error) {
	r.Signature = ""
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	if text, err = jcs.Transform(text); err != nil {
		return nil, err
	}
	return append([]byte("verifycall receipt 1\n"), text...), nil
}

// SignReceipt gives the receipt with its signature.
func (k *Keys) SignReceipt(r Receipt) (Receipt, error) {
	r.Version = 1
	text, err := r.Text()
	if err != nil {
		return r, fmt.Errorf("receipt: %w", err)
	}
	r.Signature = k.SignHead(text)
	return r, nil
}

// Deletion is the proof that something a receipt names was deleted: of each purge
// the entry of the room's custody ledger, and the checkpoint behind it that signs
// it.
type Deletion struct {
	Room    string            `json:"room"`
	Entries []json.RawMessage `json:"entries"` // as lines of the custody ledger
}

// DeletionOf takes the purges out of a custody ledger.
func DeletionOf(room string, custody []ledger.Entry) (Deletion, error) {
	d := Deletion{Room: room, Entries: []json.RawMessage{}}
	for i, e := range custody {
		if e.Type != entryPurged || i+1 == len(custody) {
			continue
		}
		for _, e := range custody[i : i+2] {
			line, err := e.Line()
			if err != nil {
				return d, fmt.Errorf("proof of deletion: %w", err)
			}
			d.Entries = append(d.Entries, line)
		}
	}
	return d, nil
}

// maxReceipt bounds a receipt and a proof of deletion, in bytes.
const maxReceipt = 1 << 20

// VerifyReceipt checks a receipt's signature and, where one is given, that a proof
// of deletion belongs to it and is signed. The Report's Purged are the classes whose
// deletion it proves.
func VerifyReceipt(receipt, deletion []byte, keys []string) (Report, error) {
	ring, err := readKeyring(keys)
	if err != nil {
		return Report{}, err
	}
	r := Report{}
	var paper Receipt
	if err := r.checkReceipt(receipt, &paper, ring); err != nil {
		return r.failed("receipt", err)
	}
	r.Room, r.Digest = paper.Room, paper.Bundle
	r.Checks = append(r.Checks, Check{"receipt", fmt.Sprintf("of %d classes, issued %s by %s", len(paper.Kept), paper.Issued.Format(time.RFC3339), paper.By), true})
	if len(deletion) > 0 {
		if err := r.checkDeletion(deletion, paper, ring); err != nil {
			return r.failed("deletion", err)
		}
	}
	r.Whole = true
	return r, nil
}

// failed ends a report with a fault; another error is none of the report's.
func (r Report) failed(step string, err error) (Report, error) {
	fault := (*wrong)(nil)
	if !errors.As(err, &fault) {
		return r, err
	}
	r.fail(step, fault)
	return r, nil
}

func (r *Report) checkReceipt(text []byte, paper *Receipt, ring keyring) error {
	const item = "receipt"
	if err := strictJSON(bytes.TrimSpace(text), paper); err != nil || len(text) > maxReceipt {
		return isWrong(item, "isn't one: %v", err)
	}
	signed, err := paper.Text()
	if err != nil || paper.Version != 1 {
		return isWrong(item, "has the version %d: %v", paper.Version, err)
	}
	err = ring.checkHead(signed, paper.Signature)
	if err != nil && !errors.Is(err, errUnknownKey) {
		return isWrong(item, "%v", err)
	}
	r.SignerKnown = err == nil
	return nil
}

// checkDeletion checks each purge of a proof: its hash, the signature behind it, and
// that it is of the record that the receipt names.
func (r *Report) checkDeletion(text []byte, paper Receipt, ring keyring) error {
	const item = "deletion"
	var d Deletion
	if err := strictJSON(bytes.TrimSpace(text), &d); err != nil || len(text) > maxReceipt {
		return isWrong(item, "isn't one: %v", err)
	}
	if d.Room != paper.Room || len(d.Entries)%2 != 0 || len(d.Entries) == 0 {
		return isWrong(item, "is of room %.40q, or proves nothing", d.Room)
	}
	for i := 0; i < len(d.Entries); i += 2 {
		purge, err := ledger.Parse(d.Entries[i])
		mark, markErr := ledger.Parse(d.Entries[i+1])
		if err := errors.Join(err, markErr); err != nil {
			return isWrong(item, "%v", err)
		}
		if err := ledger.VerifyFrom(ledger.Head{Seq: purge.Seq - 1, Hash: purge.Prev}, []ledger.Entry{purge, mark}); err != nil {
			return isWrong(item, "%v", err)
		}
		head, signature, is, err := mark.Checkpoint()
		if !is || err != nil || head != purge.Head() {
			return isWrong(item, "entry %d isn't signed by the one behind it", purge.Seq)
		}
		err = ring.checkHead(head.Text(paper.Room, "custody"), signature)
		if err != nil && !errors.Is(err, errUnknownKey) {
			return isWrong(item, "entry %d: %v", purge.Seq, err)
		}
		r.SignerKnown = r.SignerKnown && err == nil
		bundle, _ := purge.Body["bundle"].(string)
		if purge.Type != entryPurged || purge.Body["record_hash"] != paper.Record || bundle != paper.Bundle {
			return isWrong(item, "entry %d isn't of the record on the receipt", purge.Seq)
		}
		classes, _ := purge.Body["classes"].([]any)
		for _, class := range classes {
			r.Purged = append(r.Purged, fmt.Sprint(class))
		}
		r.Checks = append(r.Checks, Check{"deletion", fmt.Sprintf("%v deleted at %s by policy %v", classes, purge.At, purge.Body["policy"]), true})
	}
	return nil
}
