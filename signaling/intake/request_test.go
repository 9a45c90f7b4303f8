package intake

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"verifycall/calls/protocol"
)

const (
	plainRoom = `{"seller":{"name":"Anna Maria Eriksson","mail":"anna@example.org"},"language":"en","zone":"America/Toronto",
	"application":{"surname":"Eriksson","given_names":"Anna Maria"}}`
	testRoom = `{"language":"en","zone":"UTC","application":{"surname":"Eriksson","given_names":"Anna Maria"},"test":true}`
)

var testNow = time.Date(2026, 11, 26, 15, 0, 0, 0, time.UTC)

func TestDecode(t *testing.T) {
	many := map[string]string{}
	for i := range maxFields + 1 {
		many[fmt.Sprintf("f%d", i)] = "x"
	}
	tooMany, _ := json.Marshal(many)
	for name, test := range map[string]struct {
		old, new string // in plainRoom
		names    string // what the refusal names; empty = accepted
	}{
		"plain":             {"", "", ""},
		"without mail":      {`,"mail":"anna@example.org"`, "", ""},
		"name of the form":  {`"name":"Anna Maria Eriksson",`, "", ""},
		"tomorrow":          {`"language"`, `"at":"2026-11-27T15:00:00+01:00","language"`, ""},
		"documents":         {`"language"`, `"documents":[{"kind":"other","data":"QUJD"}],"language"`, ""},
		"no name at all":    {`"name":"Anna Maria Eriksson","mail":"anna@example.org"},"language":"en","zone":"America/Toronto",` + "\n\t" + `"application":{"surname":"Eriksson","given_names":"Anna Maria"}`, `},"language":"en","zone":"UTC","application":{}`, "seller.name"},
		"control character": {`Anna Maria Eriksson`, `Anna\nMaria`, "seller.name"},
		"long name":         {`Anna Maria Eriksson`, strings.Repeat("a", maxName+1), "seller.name"},
		"named mail":        {`anna@example.org`, `Anna <anna@example.org>`, "seller.mail"},
		"no mail address":   {`anna@example.org`, `anna`, "seller.mail"},
		"language":          {`"en"`, `"english!"`, "language"},
		"no zone":           {`America/Toronto`, ``, "zone"},
		"unknown zone":      {`America/Toronto`, `America/Nowhere`, "zone"},
		"path as zone":      {`America/Toronto`, `../../etc/passwd`, "zone"},
		"local zone":        {`America/Toronto`, `Local`, "zone"},
		"long ago":          {`"language"`, `"at":"2020-01-01T00:00:00Z","language"`, "at"},
		"far ahead":         {`"language"`, `"at":"2036-01-01T00:00:00Z","language"`, "at"},
		"no time":           {`"language"`, `"at":"soon","language"`, "JSON"},
		"field name":        {`"surname"`, `"Sur Name"`, "application"},
		"long value":        {`"surname":"Eriksson"`, `"surname":"` + strings.Repeat("x", maxFieldText+1) + `"`, "application.surname"},
		"many fields":       {`{"surname":"Eriksson","given_names":"Anna Maria"}`, string(tooMany), "application"},
		"kind":              {`"language"`, `"documents":[{"kind":"selfie","data":"QUJD"}],"language"`, "documents.kind"},
		"many documents":    {`"language"`, `"documents":[` + strings.Repeat(`{"kind":"other","data":"QUJD"},`, maxDocuments) + `{"kind":"other","data":"QUJD"}],"language"`, "documents"},
		"hints":             {`"language"`, `"hints":["new_bank_account","address_used_twice"],"helper":"sign_language","language"`, ""},
		"hint in words":     {`"language"`, `"hints":["New account of Anna"],"language"`, "hints"},
		"hint twice":        {`"language"`, `"hints":["new_device","new_device"],"language"`, "hints"},
		"many hints":        {`"language"`, `"hints":["a1","a2","a3","a4","a5","a6","a7","a8","a9"],"language"`, "hints"},
		"helper in words":   {`"language"`, `"helper":"Her sister","language"`, "helper"},
		"no base64":         {`"language"`, `"documents":[{"kind":"other","data":"?"}],"language"`, "JSON"},
		"unknown member":    {`"language"`, `"vip":true,"language"`, "JSON"},
		"no JSON":           {`{`, ``, "JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			body := plainRoom
			if test.old != "" {
				body = strings.Replace(plainRoom, test.old, test.new, 1)
				if body == plainRoom {
					t.Fatal("the test changes nothing")
				}
			}
			n, err := Decode([]byte(body), testNow)
			if test.names == "" {
				if err != nil || n.SellerName() != "Anna Maria Eriksson" {
					t.Fatalf("%+v: %v", n, err)
				}
				return
			}
			var f *protocol.Fault
			if !errors.As(err, &f) || f.Code != protocol.CodeMalformed || !strings.Contains(f.Message, test.names) {
				t.Fatalf("error %v, want malformed naming %s", err, test.names)
			}
		})
	}
}

// What is accepted is within bounds, and is accepted again when written out.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(plainRoom))
	f.Add([]byte(testRoom))
	f.Add([]byte(`{"seller":{"name":"\u0000"},"zone":"Local","at":"2026-11-26T15:00:00.1+23:59"}`))
	f.Add([]byte(`{"application":{"a":"\ud800"},"documents":[{"kind":"other","data":"QUJD"}]} x`))
	f.Fuzz(func(t *testing.T, body []byte) {
		n, err := Decode(body, testNow)
		if err != nil {
			var fault *protocol.Fault
			if !errors.As(err, &fault) || fault.Message == "" {
				t.Fatalf("not a fault: %v", err)
			}
			return
		}
		if len(n.Application) > maxFields || len(n.Documents) > maxDocuments || n.SellerName() == "" {
			t.Fatalf("out of bounds: %+v", n)
		}
		text, err := json.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Decode(text, testNow)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if (n.At == nil) != (again.At == nil) || n.At != nil && !n.At.Equal(*again.At) {
			t.Fatalf("%v became %v", n.At, again.At)
		}
		again.At, n.At = nil, nil
		if len(n.Application) == 0 {
			again.Application = n.Application
		}
		if len(n.Documents) == 0 {
			again.Documents = n.Documents
		}
		for i := range again.Documents {
			if len(n.Documents[i].Data) == 0 {
				again.Documents[i].Data = n.Documents[i].Data
			}
		}
		if !reflect.DeepEqual(n, again) {
			t.Fatalf("%+v became %+v", n, again)
		}
	})
}
