package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"verifycall/rooms/ledger"
)

// record is what a verification takes from the ledger.
type record struct {
	digests  map[string]bool // every SHA-256 in an entry's body, commitments too
	captures []capture
}

// captureType is the type of the entry that a capture makes.
const captureType = "capture.taken"

// capture is the body of a capture's entry.
type capture struct {
	Seq         int64  `json:"-"`
	Kind        string `json:"kind"` // "frame": byte for byte a frame of the recording
	Slot        string `json:"slot"`
	SHA256      string `json:"sha256"`       // of the still
	FrameSHA256 string `json:"frame_sha256"` // of the VP8 frame in it
	Width       int    `json:"width"`        // pixels
	Height      int    `json:"height"`
	RTP         uint32 `json:"rtp"`       // RTP time of the frame
	Recording   string `json:"recording"` // id
	Frame       int64  `json:"frame"`     // number of the frame in the recording's video track, from 1
}

// checkLedger checks the whole chain, entry by entry.
func (v *verification) checkLedger(ctx context.Context) (string, error) {
	v.record.digests = map[string]bool{}
	var head ledger.Head
	err := eachLine(ctx, v.bag, ledgerFile, func(number int, line []byte) error {
		if number > maxEntries {
			return isWrong(ledgerFile, "has more than %d entries", maxEntries)
		}
		e, err := ledger.Parse(line)
		if err != nil {
			return isWrong(ledgerFile, "line %d: %v", number, err)
		}
		if err := ledger.VerifyFrom(head, []ledger.Entry{e}); err != nil {
			return isWrong(ledgerFile, "%v", err)
		}
		head = e.Head()
		return v.record.take(e)
	})
	if err != nil {
		return "", err
	}
	if head.Seq == 0 {
		return "", isWrong(ledgerFile, "is empty")
	}
	return fmt.Sprintf("%d entries, head %s", head.Seq, head.Hash), nil
}

// take remembers what later checks need of an entry.
func (r *record) take(e ledger.Entry) error {
	collectDigests(r.digests, e.Body)
	if e.Type != captureType {
		return nil
	}
	body, err := json.Marshal(e.Body)
	if err != nil {
		return isWrong(ledgerFile, "entry %d: %v", e.Seq, err)
	}
	c := capture{Seq: e.Seq}
	if err := json.Unmarshal(body, &c); err != nil {
		return isWrong(ledgerFile, "entry %d: %v", e.Seq, err)
	}
	r.captures = append(r.captures, c)
	return nil
}

// collectDigests adds every SHA-256 in a body's value to set.
func collectDigests(set map[string]bool, value any) {
	switch v := value.(type) {
	case string:
		if isDigest(v) {
			set[v] = true
		}
	case map[string]any:
		for _, inner := range v {
			collectDigests(set, inner)
		}
	case []any:
		for _, inner := range v {
			collectDigests(set, inner)
		}
	}
}

// checkPrivate checks that every opened value is the one committed to by an
// entry, each once.
func (v *verification) checkPrivate(ctx context.Context) (string, error) {
	count, previous := 0, ledger.Commitment("")
	err := eachLine(ctx, v.bag, privateFile, func(number int, line []byte) error {
		var p ledger.Private
		if err := strictJSON(line, &p); err != nil {
			return isWrong(privateFile, "line %d: %v", number, err)
		}
		if err := p.Check(); err != nil {
			return isWrong(privateFile, "line %d: %v", number, err)
		}
		if plain, err := privateLine(p); err != nil || !bytes.Equal(plain, line) {
			return isWrong(privateFile, "line %d: isn't in its plain form", number)
		}
		if p.Commitment <= previous {
			return isWrong(privateFile, "line %d: commitment %s is out of order or there twice", number, p.Commitment)
		}
		if !v.record.digests[string(p.Commitment)] {
			return isWrong(privateFile, "line %d: no entry of the ledger commits to %s", number, p.Commitment)
		}
		count, previous = number, p.Commitment
		return nil
	})
	return fmt.Sprintf("%d opened values are those committed to", count), err
}

// checkDocuments checks that every document is named by its digest, and that
// the ledger names it too.
func (v *verification) checkDocuments(context.Context) (string, error) {
	count := 0
	for _, line := range v.payload {
		name, found := strings.CutPrefix(line.Name, documentsDir)
		if !found {
			continue
		}
		if digest := strings.TrimSuffix(name, path.Ext(name)); digest != line.SHA256 {
			return "", isWrong(line.Name, "isn't named by its digest %s", line.SHA256)
		}
		if !v.record.digests[line.SHA256] {
			return "", isWrong(line.Name, "is named by no entry of the ledger")
		}
		count++
	}
	return fmt.Sprintf("%d documents, each named in the ledger", count), nil
}
