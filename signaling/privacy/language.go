package privacy

import (
	"embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Languages are those of the page. The first is what others are answered in.
var Languages = []string{"en", "de", "es", "zh"}

var ownNames = map[string]string{"en": "English", "de": "Deutsch", "es": "Español", "zh": "中文"}

//go:embed texts
var files embed.FS

// words are the texts of one language by name; name_one and name_other are a plural.
type words map[string]string

var texts = read()

// read panics on texts that can't be read: they are part of the program.
func read() map[string]words {
	all := make(map[string]words, len(Languages))
	for _, language := range Languages {
		data, err := files.ReadFile("texts/" + language + ".json")
		if err != nil {
			panic(err)
		}
		var w words
		if err := json.Unmarshal(data, &w); err != nil {
			panic(fmt.Errorf("%s: %w", language, err))
		}
		all[language] = w
	}
	return all
}

func (t words) fill(name, place, value string) string {
	return strings.ReplaceAll(t[name], "{"+place+"}", value)
}

// form is a plural's text for a number; a language without a singular has the other.
func (t words) form(name string, n int) string {
	if one, found := t[name+"_one"]; found && n == 1 {
		return one
	}
	return t[name+"_other"]
}

func (t words) count(name string, n int) string {
	return strings.ReplaceAll(t.form(name, n), "{n}", strconv.Itoa(n))
}

// tagOf is a language as HTML names it.
func tagOf(language string) string {
	if language == "zh" {
		return "zh-Hans"
	}
	return language
}

// maxAccept bounds how much of an Accept-Language is read, in bytes.
const maxAccept = 400

// Choose gives one of Languages: the wish, a BCP 47 tag, if there is such a one, else
// the best of an Accept-Language (RFC 9110, 12.5.4).
func Choose(wish, accept string) string {
	if language := known(wish); language != "" {
		return language
	}
	best, weight := Languages[0], 0.0
	for part := range strings.SplitSeq(accept[:min(len(accept), maxAccept)], ",") {
		tag, rest, _ := strings.Cut(part, ";")
		language, q := known(strings.TrimSpace(tag)), 1.0
		if text, found := strings.CutPrefix(strings.TrimSpace(rest), "q="); found {
			var err error
			if q, err = strconv.ParseFloat(text, 64); err != nil || q > 1 {
				continue
			}
		}
		if language != "" && q > weight {
			best, weight = language, q
		}
	}
	return best
}

// known is the language of a tag, empty where there are no texts in it.
func known(tag string) string {
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	if _, found := texts[primary]; found {
		return primary
	}
	return ""
}
