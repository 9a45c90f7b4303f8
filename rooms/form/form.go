// Package form has the forms of the words that go into hashed entries, and the
// error of what has another one. It is pure.
package form

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Forms of the words that go into hashed entries.
var (
	Code  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.:-]{0,63}$`)      // codes, words, ids
	Field = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)               // names of application fields
	ASCII = regexp.MustCompile(`^[\x20-\x7e]{0,256}$`)                 // paths, versions
	Zone  = regexp.MustCompile(`^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$`) // IANA time zones
	Hash  = regexp.MustCompile(`^[0-9a-f]{64}$`)                       // SHA-256
	Nonce = regexp.MustCompile(`^[0-9a-f]{32}$`)                       // 128 bits
	Room  = regexp.MustCompile(`^R-[0-9A-HJKMNP-TV-Z]{8}$`)            // ids of rooms
	Staff = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,63}$`)       // ids of staff; a colon would reach into other keys
)

// InputError says which field of a command can't be taken as it is.
type InputError struct {
	Command string
	Field   string
	Why     string // plain words
}

// Error implements error.
func (e *InputError) Error() string { return fmt.Sprintf("%s: %s %s", e.Command, e.Field, e.Why) }

// NameOf is the name of a command's type.
func NameOf(c any) string {
	_, name, _ := strings.Cut(fmt.Sprintf("%T", c), ".")
	return name
}

// Check is an InputError unless the value has the form.
func Check(c any, field, value string, form *regexp.Regexp) error {
	if form.MatchString(value) {
		return nil
	}
	return &InputError{NameOf(c), field, fmt.Sprintf("can't be %.40q", value)}
}

// OneOf is an InputError unless the value is one of the set.
func OneOf(c any, field, value string, set ...string) error {
	if slices.Contains(set, value) {
		return nil
	}
	return &InputError{NameOf(c), field, fmt.Sprintf("can't be %.40q, only %s", value, strings.Join(set, ", "))}
}

// First gives the first error that is not nil.
func First(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
