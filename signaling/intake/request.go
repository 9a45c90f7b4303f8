// Package intake reads what is filed for a room: the request with the seller's
// application, and its pictures. It is pure.
package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"verifycall/calls/protocol"
)

// Bounds of a Request.
const (
	MaxBody        = 30 << 20 // bytes of the request: four documents of 5 MiB in base64 and the fields
	maxDocuments   = 4
	maxFields      = 40
	maxHints       = 8
	maxFieldText   = 200 // characters
	maxName        = 120 // characters
	FurthestAhead  = 366 * 24 * time.Hour
	FurthestBehind = 24 * time.Hour
)

// Request is the wish for a room, the same from an account manager's page
// and from an integrator.
type Request struct {
	Seller      Seller            `json:"seller"`
	Language    string            `json:"language"`            // BCP 47, of the seller's pages
	Zone        string            `json:"zone"`                // IANA, the seller's
	At          *time.Time        `json:"at,omitempty"`        // the appointment; absent = now
	Application map[string]string `json:"application"`         // field → value as filed
	Documents   []Document        `json:"documents,omitempty"` // as filed
	Hints       []string          `json:"hints,omitempty"`     // codes of a screening; the seller never sees them
	Helper      string            `json:"helper,omitempty"`    // code of who helps the seller, "interpreter"
	Manager     string            `json:"manager,omitempty"`   // id of a staff account
	Profile     string            `json:"profile,omitempty"`   // id of a profile; absent = rooms.DefaultProfile
	Test        bool              `json:"test,omitempty"`      // marked, never offered to people
	Book        bool              `json:"book,omitempty"`      // the seller chooses the time by the link
}

// Seller is who is invited.
type Seller struct {
	Name string `json:"name"`           // absent = given_names and surname of the application
	Mail string `json:"mail,omitempty"` // may be absent
}

// Document is a filed picture.
type Document struct {
	Kind string `json:"kind"` // one of documentKinds
	Data []byte `json:"data"` // JPEG or PNG; base64 in JSON
}

var (
	documentKinds = []string{"id_front", "id_back", "other"}
	code          = regexp.MustCompile(`^[a-z][a-z0-9_]{1,39}$`)
	fieldName     = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	languageTag   = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$`)
)

// IsLanguage says whether a text has the form of a language tag (BCP 47).
func IsLanguage(text string) bool { return languageTag.MatchString(text) }

// IsZone says whether a text names a time zone of the IANA database.
func IsZone(text string) bool {
	_, err := time.LoadLocation(text)
	return err == nil && text != "" && text != "Local"
}

// Decode parses and checks a request, all but its pictures. now bounds
// the appointment. Errors are faults that name the field.
func Decode(body []byte, now time.Time) (Request, error) {
	var n Request
	if err := DecodeJSON(body, &n); err != nil {
		return Request{}, err
	}
	if err := n.check(now); err != nil {
		return Request{}, &protocol.Fault{Code: protocol.CodeMalformed, Message: "The request can't be used: " + err.Error() + ".", Err: err}
	}
	return n, nil
}

func (n *Request) check(now time.Time) error {
	if err := plain("seller.name", n.SellerName(), 1, maxName); err != nil {
		return err
	}
	if n.Seller.Mail != "" && !mailAddress(n.Seller.Mail) {
		return errors.New("seller.mail is no mail address")
	}
	if !IsLanguage(n.Language) {
		return errors.New("language is no language tag such as en or pt-BR")
	}
	if n.Book && (n.At != nil || n.Test) {
		return errors.New("book goes neither with at nor with test")
	}
	if !IsZone(n.Zone) {
		return errors.New("zone is no time zone name such as America/Toronto")
	}
	if n.At != nil && (n.At.Before(now.Add(-FurthestBehind)) || n.At.After(now.Add(FurthestAhead))) {
		return errors.New("at is more than a day ago or a year ahead")
	}
	if err := plain("manager", n.Manager, 0, 64); err != nil {
		return err
	}
	return errors.Join(n.checkApplication(), n.checkDocuments(), n.checkCodes())
}

// checkCodes lets no free text in: what a screening found out has no place here.
func (n *Request) checkCodes() error {
	if len(n.Hints) > maxHints {
		return fmt.Errorf("hints has more than %d", maxHints)
	}
	for i, hint := range n.Hints {
		if !code.MatchString(hint) || slices.Contains(n.Hints[:i], hint) {
			return errors.New("hints are not each another code made of a to z, 0 to 9 and _")
		}
	}
	if n.Helper != "" && !code.MatchString(n.Helper) {
		return errors.New("helper is no code made of a to z, 0 to 9 and _")
	}
	return nil
}

func (n *Request) checkApplication() error {
	if len(n.Application) > maxFields {
		return fmt.Errorf("application has more than %d fields", maxFields)
	}
	for name, value := range n.Application {
		if !fieldName.MatchString(name) {
			return errors.New("application has a field whose name is not made of a to z, 0 to 9 and _")
		}
		if err := plain("application."+name, value, 0, maxFieldText); err != nil {
			return err
		}
	}
	return nil
}

func (n *Request) checkDocuments() error {
	if len(n.Documents) > maxDocuments {
		return fmt.Errorf("documents has more than %d", maxDocuments)
	}
	for _, d := range n.Documents {
		if !slices.Contains(documentKinds, d.Kind) {
			return fmt.Errorf("documents.kind is not one of %v", documentKinds)
		}
	}
	return nil
}

func mailAddress(text string) bool {
	a, err := mail.ParseAddress(text)
	return err == nil && a.Address == text && a.Name == "" && len(text) <= 254
}

// SellerName is the name given, or that of the application.
func (n *Request) SellerName() string {
	if n.Seller.Name != "" {
		return n.Seller.Name
	}
	return strings.TrimSpace(n.Application["given_names"] + " " + n.Application["surname"])
}

// plain checks a text of one line.
func plain(field, value string, least, most int) error {
	if !utf8.ValidString(value) {
		return errors.New(field + " is not UTF-8")
	}
	if n := utf8.RuneCountInString(value); n < least || n > most {
		return fmt.Errorf("%s has %d characters, allowed are %d to %d", field, n, least, most)
	}
	for _, r := range value {
		if unicode.IsControl(r) {
			return errors.New(field + " holds control characters")
		}
	}
	return nil
}

// DecodeJSON decodes one strict JSON value. Errors are faults.
func DecodeJSON(body []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return &protocol.Fault{Code: protocol.CodeMalformed, Message: "The request can't be read as the JSON that belongs here.", Err: err}
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return protocol.Faultf(protocol.CodeMalformed, "There is more after the request's JSON.")
	}
	return nil
}
