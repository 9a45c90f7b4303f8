// Package doctor looks at what a deployment stands on, before it serves and
// while it does: ports, certificate, Redis, store, mail server, keys and the way
// in from outside. Each question has one answer of one line, and what to do.
package doctor

import (
	"encoding/json"
	"fmt"
	"io"
)

// Level is how an answer is to be taken.
type Level string

// The levels: a warning serves, a fault doesn't.
const (
	Fine    Level = "fine"
	Warning Level = "warning"
	Fault   Level = "fault"
	Skipped Level = "skipped" // was not looked at, Says has the reason
)

// Finding is the answer to one question.
type Finding struct {
	Check  string `json:"check"`            // what was looked at: "redis", "tls", …
	Level  Level  `json:"level"`            //
	Says   string `json:"says"`             // what was found
	Remedy string `json:"remedy,omitempty"` // what to do, for a warning or a fault
}

func fine(check, format string, args ...any) Finding {
	return Finding{Check: check, Level: Fine, Says: fmt.Sprintf(format, args...)}
}

func skipped(check, format string, args ...any) Finding {
	return Finding{Check: check, Level: Skipped, Says: fmt.Sprintf(format, args...)}
}

func warning(check, remedy, format string, args ...any) Finding {
	return Finding{check, Warning, fmt.Sprintf(format, args...), remedy}
}

func fault(check, remedy, format string, args ...any) Finding {
	return Finding{check, Fault, fmt.Sprintf(format, args...), remedy}
}

// NotAsked is a question that needs more than was given.
func NotAsked(check, why string) Finding { return skipped(check, "%s", why) }

// Good is a question that the caller has answered by itself.
func Good(check, says string) Finding { return fine(check, "%s", says) }

// Warned is a warning that the caller found by itself.
func Warned(check, says, remedy string) Finding { return warning(check, remedy, "%s", says) }

// Wrong is a fault that the caller found by itself.
func Wrong(check, says, remedy string) Finding { return fault(check, remedy, "%s", says) }

// marks of the levels in print.
var marks = map[Level]string{Fine: "✓", Warning: "!", Fault: "✗", Skipped: "–"}

// Print writes a line for each finding; what to do follows the arrow.
func Print(w io.Writer, all []Finding) error {
	for _, f := range all {
		line := fmt.Sprintf("%s %-12s %s", marks[f.Level], f.Check, f.Says)
		if f.Remedy != "" {
			line += " → " + f.Remedy
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// PrintJSON writes the findings as one JSON array.
func PrintJSON(w io.Writer, all []Finding) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(all)
}

// Faulty says whether there is a fault among them.
func Faulty(all []Finding) bool {
	for _, f := range all {
		if f.Level == Fault {
			return true
		}
	}
	return false
}
