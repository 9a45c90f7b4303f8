package evidence

import (
	"strings"
	"testing"
)

// A record that was sealed and signed around another plan than its seed and
// nonce give is found out, whoever signed it.
func TestVerifyDrawsThePlanAgain(t *testing.T) {
	for what, change := range map[string]func(d []draft){
		"easier steps": func(d []draft) {
			d[planAt].body["steps"].([]any)[3] = map[string]any{"code": "FEATURE_EASY", "kind": "feature"}
		},
		"another nonce":  func(d []draft) { d[planAt].body["nonce"] = strings.Repeat("00", 16) },
		"nonce no hex":   func(d []draft) { d[planAt].body["nonce"] = "zz" },
		"another seed":   func(d []draft) { d[len(d)-2].body["seed"] = strings.Repeat("04", 32) },
		"seed withheld":  func(d []draft) { d[len(d)-2].body["seed"] = "" },
		"a second plan":  func(d []draft) { d[planAt+1] = d[planAt] },
		"profile's hash": func(d []draft) { d[0].body["profile_sha256"] = strings.Repeat("ab", 32) },
	} {
		t.Run(what, func(t *testing.T) {
			bag, keys := sealed(t, changedMaterial(t, change))
			r := verifyMem(t, bag, keys.ring(t))
			if r.ExitCode() != 1 || last(r).Name != "plan" {
				t.Errorf("exit code %d, stopped at %+v", r.ExitCode(), last(r))
			}
		})
	}
}
