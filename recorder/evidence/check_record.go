package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"verifycall/rooms/ledger"
)

// record is what a verification takes from the ledger.
type record struct {
	room      string          // of the first entry
	test      bool            // the room is a robot's
	last      string          // type of the last entry
	digests   map[string]bool // every SHA-256 in an entry's body
	documents map[string]bool // SHA-256 of each document filed
	personal  []string        // commitments to personal values that must be opened
	captures  []capture
	plan      drawn
	announced []announced // photos, in the order of their entries
	code      mailedCode
	crops     []crop
}

// The types of entries that a verification reads more of than the chain.
const (
	createdType  = "created"
	captureType  = "capture"
	documentType = "document"
	sealedType   = "sealed"

	announcedType = "photo_announced"
	verdictType   = "verdict"
	cropType      = "crop"
)

// personalFields are the fields of each type's body that hold commitments, or
// objects of commitments.
var personalFields = map[string][]string{
	createdType:  {"seller_name", "seller_mail", "application", "hints", "helper", "seed"},
	"compare":    {"typed"},
	"chat":       {"text"},
	"staff_note": {"content"},
	"verdict":    {"line"},
}

// created is what is read of the first entry's body.
type created struct {
	Room          string  `json:"room"`
	Test          bool    `json:"test"`
	Profile       string  `json:"profile"`
	ProfileSHA256 string  `json:"profile_sha256"`
	SeedSHA256    string  `json:"seed_sha256"`
	Documents     []filed `json:"documents"`
}

// filed is a document: in the first entry's body, or the body of an entry of its own
// where the seller brought it later.
type filed struct {
	SHA256 string `json:"sha256"`
}

// capture is the body of a capture's entry.
type capture struct {
	Seq         int64  `json:"-"`
	Kind        string `json:"kind"` // kindFrame, kindClip, kindPhoto
	Slot        string `json:"slot"`
	SHA256      string `json:"sha256"`       // of the still
	FrameSHA256 string `json:"frame_sha256"` // of the VP8 frame in it
	Width       int    `json:"width"`        // pixels
	Height      int    `json:"height"`
	RTP         uint32 `json:"rtp"`       // RTP time of the frame
	Recording   string `json:"recording"` // id
	Frame       int64  `json:"frame"`     // number of the frame in the recording's video track, from 1

	clipEnd
	photoFile
}

// checkLedger checks the whole chain, entry by entry.
func (v *verification) checkLedger(ctx context.Context) (string, error) {
	v.record.digests = map[string]bool{}
	var head ledger.Head
	var signed heads
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
		if err := signed.take(v.ring, v.report.Room, "record", ledgerFile, e); err != nil {
			return err
		}
		return v.record.take(e)
	})
	if err != nil {
		return "", err
	}
	if err := v.record.closed(v.report.Room); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d entries, head %s, %v", head.Seq, head.Hash, &signed), nil
}

// closed checks that the entries taken are a whole record of that room.
func (r *record) closed(room string) error {
	switch {
	case r.last == "":
		return isWrong(ledgerFile, "is empty")
	case r.last != sealedType:
		return isWrong(ledgerFile, "ends with an entry %q, the record isn't closed", r.last)
	case r.room != room:
		return isWrong(ledgerFile, "is of room %q, not %s", r.room, room)
	}
	return nil
}

// take remembers what later checks need of an entry.
func (r *record) take(e ledger.Entry) error {
	r.last = e.Type
	collectDigests(r.digests, e.Body)
	for _, field := range personalFields[e.Type] {
		found := map[string]bool{}
		collectDigests(found, e.Body[field])
		r.personal = append(r.personal, slices.Sorted(maps.Keys(found))...)
	}
	body, err := json.Marshal(e.Body)
	switch {
	case err != nil:
	case e.Seq == 1 && e.Type != createdType:
		return isWrong(ledgerFile, "begins with an entry %q", e.Type)
	case e.Seq == 1:
		err = r.takeCreated(body)
	case e.Type == documentType:
		var d filed
		err = json.Unmarshal(body, &d)
		r.documents[d.SHA256] = true
	case e.Type == planType, e.Type == revealedType:
		err = r.plan.take(e.Type, body)
	case e.Type == captureType:
		c := capture{Seq: e.Seq}
		err = json.Unmarshal(body, &c)
		r.captures = append(r.captures, c)
	case codeTypes[e.Type]:
		err = r.code.take(e.Type, e.Seq)
	case e.Type == verdictType:
		err = json.Unmarshal(body, &r.code.verdict)
	case e.Type == cropType:
		c := crop{Seq: e.Seq}
		err = json.Unmarshal(body, &c)
		r.crops = append(r.crops, c)
	case e.Type == announcedType:
		a := announced{Seq: e.Seq}
		err = json.Unmarshal(body, &a)
		r.announced = append(r.announced, a)
	}
	if err != nil {
		return isWrong(ledgerFile, "entry %d: %v", e.Seq, err)
	}
	return nil
}

func (r *record) takeCreated(body []byte) error {
	var c created
	if err := json.Unmarshal(body, &c); err != nil {
		return err
	}
	r.room, r.test, r.documents = c.Room, c.Test, map[string]bool{}
	r.plan.profile, r.plan.profileSHA256, r.plan.seedSHA256 = c.Profile, c.ProfileSHA256, c.SeedSHA256
	for _, d := range c.Documents {
		r.documents[d.SHA256] = true
	}
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
// entry, each once, and that no personal value is missing.
func (v *verification) checkPrivate(ctx context.Context) (string, error) {
	opened, previous := map[string]bool{}, ledger.Commitment("")
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
		opened[string(p.Commitment)], previous = true, p.Commitment
		return nil
	})
	if err != nil {
		return "", err
	}
	for _, commitment := range v.record.personal {
		if !opened[commitment] {
			return "", isWrong(privateFile, "doesn't open %s, to which the ledger commits", commitment)
		}
	}
	return fmt.Sprintf("%d opened values are those committed to", len(opened)), nil
}

// checkDocuments checks that the documents are those that the ledger names, each
// named by its digest.
func (v *verification) checkDocuments(context.Context) (string, error) {
	there := map[string]bool{}
	for _, line := range v.payload {
		name, found := strings.CutPrefix(line.Name, documentsDir)
		if !found {
			continue
		}
		if digest := strings.TrimSuffix(name, path.Ext(name)); digest != line.SHA256 {
			return "", isWrong(line.Name, "isn't named by its digest %s", line.SHA256)
		}
		if !v.record.documents[line.SHA256] || there[line.SHA256] {
			return "", isWrong(line.Name, "is none of the documents in the ledger, or there twice")
		}
		there[line.SHA256] = true
	}
	for _, digest := range slices.Sorted(maps.Keys(v.record.documents)) {
		if !there[digest] {
			return "", isWrong(documentsDir+digest, "is missing, the ledger names it")
		}
	}
	return fmt.Sprintf("%d documents, as the ledger names them", len(there)), nil
}
