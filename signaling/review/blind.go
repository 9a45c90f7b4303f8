// Package review says what a blind auditor may see of a record, and counts how
// auditors and account managers agree. It is pure.
package review

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"verifycall/rooms/ledger"
)

// opinions are the types of entries that tell what staff thought of the seller;
// the rest of a call is what everybody in it saw.
var opinions = map[string]bool{"verdict": true, "staff_note": true, "compare": true, "step_result": true, "sealed": true, "aborted": true}

// Timeline gives the entries of a record that a blind auditor may see. An entry
// that came late hides what it holds.
func Timeline(entries []ledger.Entry) []ledger.Entry {
	seen := make([]ledger.Entry, 0, len(entries))
	for _, e := range entries {
		switch {
		case opinions[e.Type]:
			continue
		case e.Type == "late":
			e.Body = without(e.Body, "content", "type")
		}
		seen = append(seen, e)
	}
	return seen
}

// Custody gives the entries of a custody ledger without what other auditors decided,
// and what tells it.
func Custody(entries []ledger.Entry) []ledger.Entry {
	seen := make([]ledger.Entry, 0, len(entries))
	for _, e := range entries {
		switch e.Type {
		case "appealed", "appeal_answered", "followed": // that there is one tells the outcome
			continue
		case "reviewed", "late":
			e.Body = without(e.Body, "decision", "reasons", "repeat", "agrees", "checks", "note", "content", "type")
		}
		seen = append(seen, e)
	}
	return seen
}

func without(body map[string]any, names ...string) map[string]any {
	kept := maps.Clone(body)
	for _, name := range names {
		delete(kept, name)
	}
	return kept
}

// Mentioned says which of some values the entries mention, by commitment.
func Mentioned(entries []ledger.Entry, values map[ledger.Commitment]json.RawMessage) map[ledger.Commitment]json.RawMessage {
	found := map[ledger.Commitment]json.RawMessage{}
	for _, e := range entries {
		texts(e.Body, func(text string) {
			if value, there := values[ledger.Commitment(text)]; there {
				found[ledger.Commitment(text)] = value
			}
		})
	}
	return found
}

func texts(value any, visit func(string)) {
	switch v := value.(type) {
	case string:
		visit(v)
	case []any:
		for _, item := range v {
			texts(item, visit)
		}
	case map[string]any:
		for _, item := range v {
			texts(item, visit)
		}
	}
}

// Facts gives a bundle's room.json without the verdict.
func Facts(text json.RawMessage) (json.RawMessage, error) {
	var facts map[string]json.RawMessage
	if err := json.Unmarshal(text, &facts); err != nil {
		return nil, fmt.Errorf("room.json: %w", err)
	}
	for _, name := range []string{"verdict", "reasons", "repeat"} {
		delete(facts, name)
	}
	return json.Marshal(facts)
}

// open are the parts of a bundle that hold nobody's opinion.
var open = []string{"data/recording/", "data/frames/", "data/stills/", "data/photos/", "data/documents/", "data/quality.jsonl"}

// Open says whether a blind auditor may have a file of the bundle.
func Open(name string) bool {
	for _, prefix := range open {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
