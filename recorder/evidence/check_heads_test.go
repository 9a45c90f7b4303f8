package evidence

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"verifycall/rooms/ledger"
)

// custodyOf makes a signed custody ledger: the bundle, a view, each with a
// checkpoint by its key.
func custodyOf(t *testing.T, bundle, room string, keys ...*Keys) []ledger.Entry {
	t.Helper()
	var entries []ledger.Entry
	var head ledger.Head
	put := func(typ string, body map[string]any) {
		e, err := ledger.Append(head, time.Unix(1764000000, 0), "system", typ, body)
		if err != nil {
			t.Fatal(err)
		}
		entries, head = append(entries, e), e.Head()
	}
	for i, key := range keys {
		if i == 0 {
			put("custody_opened", map[string]any{"bundle": bundle, "record_seq": 3, "record_hash": bundle})
		} else {
			put("viewed", map[string]any{"who": "a1", "what": "room"})
		}
		put(ledger.TypeCheckpoint, map[string]any{"seq": head.Seq, "hash": head.Hash, "signature": key.SignHead(head.Text(room, "custody"))})
	}
	return entries
}

func custodyText(t *testing.T, entries []ledger.Entry) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, e := range entries {
		line, err := e.Line()
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
	return b.Bytes()
}

func TestVerifyCustody(t *testing.T) {
	var keys [2]*Keys
	for i := range keys {
		var err error
		if keys[i], err = LoadOrCreateKeys(t.TempDir()); err != nil {
			t.Fatal(err)
		}
	}
	ours, theirs := keys[0], keys[1]
	bundle := sumOf([]byte("bundle"))
	good := custodyOf(t, bundle, testRoom, ours, ours)
	forged := custodyOf(t, bundle, "R-00000000", ours, ours) // signed for another room
	for name, c := range map[string]struct {
		text []byte
		code int
	}{
		"whole":                   {custodyText(t, good), 0},
		"exported earlier":        {custodyText(t, good[:2]), 0},
		"signed by another":       {custodyText(t, custodyOf(t, bundle, testRoom, theirs)), 3},
		"an earlier key is other": {custodyText(t, custodyOf(t, bundle, testRoom, theirs, ours)), 0},
		"cut before a signature":  {custodyText(t, good[:3]), 1},
		"empty":                   {nil, 1},
		"another bundle":          {custodyText(t, custodyOf(t, sumOf([]byte("x")), testRoom, ours)), 1},
		"another room":            {custodyText(t, forged), 1},
		"an entry left out":       {custodyText(t, slices.Delete(slices.Clone(good), 2, 3)), 1},
		"no ledger":               {[]byte("{}\n"), 1},
		"no end":                  {bytes.TrimSuffix(custodyText(t, good), []byte("\n")), 1},
	} {
		report := Report{Whole: true, SignerKnown: true, Room: testRoom, Digest: bundle}
		report, err := report.VerifyCustody(bytes.NewReader(c.text), []string{ours.Public()})
		if err != nil || report.ExitCode() != c.code {
			t.Errorf("%s: exit code %d, %+v, %v", name, report.ExitCode(), report, err)
		}
	}
}

// TestVerifyRecordHeads finds a checkpoint in a bundle's record that its key didn't
// make.
func TestVerifyRecordHeads(t *testing.T) {
	keys, err := LoadOrCreateKeys(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	first, err := ledger.Append(ledger.Head{}, time.Unix(1764000000, 0), "system", createdType, map[string]any{"room": testRoom})
	if err != nil {
		t.Fatal(err)
	}
	ring := keyring(keys.list.Keys)
	for name, c := range map[string]struct {
		text []byte
		ok   bool
	}{
		"good":           {first.Head().Text(testRoom, "record"), true},
		"another ledger": {first.Head().Text(testRoom, "custody"), false},
		"another room":   {first.Head().Text("R-00000000", "record"), false},
	} {
		e, err := ledger.Append(first.Head(), first.Time(), "system", ledger.TypeCheckpoint,
			map[string]any{"seq": 1, "hash": first.Hash, "signature": keys.SignHead(c.text)})
		if err != nil {
			t.Fatal(err)
		}
		var h heads
		if err := h.take(ring, testRoom, "record", ledgerFile, e); (err == nil) != c.ok || h.lastKnown != c.ok {
			t.Errorf("%s: %v, %+v", name, err, h)
		}
	}
	var h heads
	e, err := ledger.Append(first.Head(), first.Time(), "system", ledger.TypeCheckpoint, map[string]any{"seq": 2, "hash": first.Hash, "signature": "x"})
	if err != nil || h.take(ring, testRoom, "record", ledgerFile, e) == nil {
		t.Errorf("a checkpoint of another head is taken: %v", err)
	}
}
