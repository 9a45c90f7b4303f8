package stamp_test

import (
	"crypto/x509"
	"os"
	"strings"
	"testing"

	"verifycall/recorder/evidence/stamp"
	"verifycall/recorder/evidence/stamp/stamptest"
)

func roots(t testing.TB, file string) []*x509.Certificate {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	list, err := stamp.Authorities(text)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestCheck(t *testing.T) {
	authority, other := stamptest.New(t), stamptest.New(t)
	text := []byte("what existed")
	answer := authority.Stamp(t, text)
	for _, test := range []struct {
		what  string
		roots []*x509.Certificate
		known bool
	}{{"its root", roots(t, authority.Root), true}, {"another's root", roots(t, other.Root), false}, {"no root", nil, false}} {
		s, err := stamp.Check(answer, text, test.roots)
		if err != nil || s.Known != test.known || s.At.IsZero() || s.Accuracy.Seconds() != 1 {
			t.Errorf("%s: %+v, %v", test.what, s, err)
		}
	}
	for what, test := range map[string]struct {
		answer, text []byte
		why          string
	}{
		"other text":          {answer, []byte("what didn't exist"), "other bytes"},
		"cut":                 {answer[:len(answer)-1], text, "time stamp"},
		"empty":               {nil, text, "time stamp"},
		"longer than allowed": {make([]byte, stamp.MaxSize+1), text, "bytes"},
		"a web server's":      {authority.StampAsServer(t, text), text, "isn't for time-stamping"},
	} {
		if s, err := stamp.Check(test.answer, test.text, nil); err == nil || !strings.Contains(err.Error(), test.why) {
			t.Errorf("%s: %+v, %v", what, s, err)
		}
	}
	_, nonce, err := stamp.Request(text)
	if err != nil || stamp.CheckNonce(answer, nonce) == nil {
		t.Errorf("the nonce of another request passes, %v", err)
	}
}

func TestAuthorities(t *testing.T) {
	for what, text := range map[string]string{"nothing": "", "no PEM": "RWabc", "another block": "-----BEGIN KEY-----\nAAAA\n-----END KEY-----\n",
		"no certificate": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"} {
		if list, err := stamp.Authorities([]byte(text)); err == nil {
			t.Errorf("%s: %d certificates", what, len(list))
		}
	}
}

// FuzzCheck: an answer comes from outside, and from whoever made the bundle.
func FuzzCheck(f *testing.F) {
	authority := stamptest.New(f)
	text := []byte("what existed")
	f.Add(authority.Stamp(f, text))
	f.Add(authority.StampAsServer(f, text))
	f.Add([]byte("\x30\x05\x30\x03\x02\x01\x02"))
	own := roots(f, authority.Root)
	f.Fuzz(func(t *testing.T, answer []byte) {
		if s, err := stamp.Check(answer, text, own); err == nil && s.At.IsZero() {
			t.Error("a stamp without a time")
		}
	})
}
