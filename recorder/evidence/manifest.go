package evidence

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"verifycall/recorder/evidence/objects"
)

// manifest is the digests of a bag's files in the order of their names
// (RFC 8493 section 2.1.3). Its text form is that of sha256sum.
type manifest []manifestLine

type manifestLine struct {
	SHA256 string // 64 lower-case hex digits
	Name   string // slash-separated, as CheckName takes it
}

// bytes gives the text, one "digest, two spaces, name" a line.
func (m manifest) bytes() []byte {
	var b bytes.Buffer
	for _, line := range m {
		fmt.Fprintf(&b, "%s  %s\n", line.SHA256, line.Name)
	}
	return b.Bytes()
}

// digest gives the digest listed for name, or "".
func (m manifest) digest(name string) string {
	i, found := slices.BinarySearchFunc(m, name, func(line manifestLine, name string) int {
		return strings.Compare(line.Name, name)
	})
	if !found {
		return ""
	}
	return m[i].SHA256
}

// parseManifest reads the only form that bytes writes: names sorted, each once,
// every line ended by one line feed.
func parseManifest(text []byte) (manifest, error) {
	m := manifest{}
	previous := ""
	for number := 1; len(text) > 0; number++ {
		line, rest, ended := bytes.Cut(text, []byte("\n"))
		if !ended {
			return nil, fmt.Errorf("line %d has no end", number)
		}
		digest, name, found := strings.Cut(string(line), "  ")
		switch {
		case !found || !isDigest(digest):
			return nil, fmt.Errorf("line %d doesn't begin with a SHA-256 digest and two spaces", number)
		case objects.CheckName(name) != nil:
			return nil, fmt.Errorf("line %d: name %q refused", number, name)
		case name <= previous:
			return nil, fmt.Errorf("line %d: %s is out of order or there twice", number, name)
		}
		m = append(m, manifestLine{digest, name})
		previous, text = name, rest
	}
	if len(m) == 0 {
		return nil, fmt.Errorf("lists nothing")
	}
	return m, nil
}

// isDigest tells whether s is a SHA-256 in lower-case hex.
func isDigest(s string) bool {
	if len(s) != 64 || strings.ToLower(s) != s {
		return false
	}
	_, err := hex.DecodeString(s)
	return err == nil
}
