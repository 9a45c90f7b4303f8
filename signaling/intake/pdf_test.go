package intake

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"verifycall/calls/protocol"
)

func TestCheckPDF(t *testing.T) {
	whole := "%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\nstartxref\n9\n%%EOF\n"
	for name, c := range map[string]struct {
		data string
		code protocol.Code // empty: taken
	}{
		"whole":                  {whole, ""},
		"of another version":     {strings.Replace(whole, "1.7", "2.0", 1), ""},
		"bytes behind its end":   {whole + strings.Repeat("\x00", 900), ""},
		"Encrypt is a word":      {strings.Replace(whole, "/Root", "/EncryptMetadata true /Root", 1), ""},
		"nothing":                {"", protocol.CodeNotPicture},
		"a beginning":            {"%PDF-1.7", protocol.CodeNotPicture},
		"cut off":                {whole[:len(whole)-8], protocol.CodeNotPicture},
		"much behind its end":    {whole + strings.Repeat("\x00", 2000), protocol.CodeNotPicture},
		"a page before it":       {"<script>alert(1)</script>" + whole, protocol.CodeNotPicture},
		"a page that says %%EOF": {"<html>%PDF-1.7 %%EOF", protocol.CodeNotPicture},
		"locked":                 {strings.Replace(whole, "/Root", "/Encrypt 5 0 R /Root", 1), protocol.CodeNotPicture},
		"locked in its stream":   {strings.Replace(whole, "/Root", "/Encrypt<</Filter/Standard>>/Root", 1), protocol.CodeNotPicture},
		"too large":              {whole[:9] + string(bytes.Repeat([]byte("x"), MaxPictureBytes)) + whole[9:], protocol.CodeTooLarge},
	} {
		err := CheckPDF([]byte(c.data))
		var f *protocol.Fault
		if c.code == "" && err != nil || c.code != "" && (!errors.As(err, &f) || f.Code != c.code) {
			t.Errorf("%s: %v, want %q", name, err, c.code)
		}
	}
}
