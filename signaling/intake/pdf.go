package intake

import (
	"bytes"
	"fmt"
	"regexp"

	"verifycall/calls/protocol"
)

// PDF is the type of a filed file that is no picture.
const PDF = "application/pdf"

const pdfHead = "%PDF-"

// pdfTail is where the mark of a PDF's end has to be, bytes (ISO 32000-1 annex H.3).
const pdfTail = 1024

// encrypted is what a trailer says of a PDF that opens by a password.
var encrypted = regexp.MustCompile(`/Encrypt\s*(?:\d+\s+\d+\s+R|<<)`)

// IsPDF says whether data begin as a PDF does.
func IsPDF(data []byte) bool { return bytes.HasPrefix(data, []byte(pdfHead)) }

// CheckPDF says whether a PDF is whole and opens without a password. What is in it
// is not looked at: it is kept and handed on as a file, and no page of ours shows
// it. Errors are faults with not_a_picture or too_large.
func CheckPDF(data []byte) error {
	switch {
	case len(data) > MaxPictureBytes:
		return protocol.Faultf(protocol.CodeTooLarge, fmt.Sprintf("The file has more than %d MiB.", MaxPictureBytes>>20))
	case !IsPDF(data) || !bytes.Contains(data[max(0, len(data)-pdfTail):], []byte("%%EOF")):
		return notPDF("It is damaged or cut off.")
	case encrypted.Match(data):
		return notPDF("It opens by a password alone.")
	}
	return nil
}

func notPDF(why string) *protocol.Fault {
	return &protocol.Fault{Code: protocol.CodeNotPicture, Message: "This PDF can't be read. " + why}
}
