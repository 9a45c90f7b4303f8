package rooms

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"verifycall/rooms/db"
	"verifycall/rooms/ledger"
)

// FuzzFold: whatever stands in the entries of a room, they are understood or
// refused, and what they tell can be written and read again.
func FuzzFold(f *testing.F) {
	at := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	f.Add("created {\"room\":\"R-7K3M9QXD\",\"zone\":\"UTC\",\"language\":\"en\",\"documents\":[{\"kind\":\"id_front\",\"width\":1}],\"application\":{\"surname\":\"a\"}}\n"+
		"link_added {\"link\":\"ab\",\"expires\":\"2026-11-28T12:00:00Z\"}\nnotice {\"who\":\"seller\",\"answer\":\"agreed\"}\nwaiting {}\nadmitted {}\n"+
		"plan {\"steps\":[\"DOC_FRONT\",{\"step\":1}],\"compare\":[\"face\"],\"tries\":3}\nstep {\"step\":\"DOC_FRONT\"}\nstep_result {\"step\":\"X\",\"result\":\"done\"}\n"+
		"capture {\"kind\":\"frame\",\"slot\":\"FACE\",\"width\":1280,\"frame\":-1,\"rtp\":9007199254740991}\ncompare {\"item\":\"face\",\"decision\":\"same\"}\n"+
		"ended {\"cause\":\"manager\"}\nverdict {\"verdict\":\"fail\",\"reasons\":[\"M_NAME\"],\"repeat\":[],\"coverage\":{\"seller\":1}}\nsealed {\"facts\":\"x\"}",
		"custody_opened {\"record_seq\":9,\"bundle\":\"ab\",\"fence\":1}\nviewed {\"who\":\"ruth\",\"what\":\"room\"}\nheld {\"reason\":\"incident\"}\n"+
			"purge_begun {\"classes\":[\"stills\"],\"policy\":\"retention\"}\npurged {\"classes\":[\"stills\"],\"policy\":\"retention\"}\n"+
			"review_drawn {\"why\":\"rule\",\"blind\":true}\nreviewed {\"who\":\"ruth\",\"decision\":\"approve\",\"checks\":{\"a\":\"b\"},\"blind\":true}\nclosed {\"why\":\"review\"}")
	for _, typ := range []string{"created", "capture", "plan", "verdict", "appointment", "photo_announced", "staff_note", "queued"} {
		f.Add(typ+` {"documents":5,"steps":{"a":1},"reasons":"x","width":"wide","appointment":[],"application":[1],"content":{}}`, typ+" {}")
	}
	f.Fuzz(func(t *testing.T, record, custody string) {
		room, err := Fold("R-7K3M9QXD", fuzzedChain(record, at), fuzzedChain(custody, at))
		if err != nil {
			return
		}
		state, err := json.Marshal(room)
		if err != nil {
			t.Fatalf("a room that can't be written: %v", err)
		}
		again, err := roomFrom("R-7K3M9QXD", redis.NewStringResult(string(state), nil))
		if err != nil {
			return // refused when it is read
		}
		for _, class := range Classes {
			again.KeptUntil(class)
		}
		again.holds()
		if text, err := json.Marshal(again); err != nil || !bytes.Equal(text, state) {
			t.Fatalf("read again it is another one:\n%s\n%s", state, text)
		}
	})
}

// fuzzedChain makes entries of lines "type body"; those that no ledger takes are left out.
func fuzzedChain(text string, at time.Time) (entries []ledger.Entry) {
	head := ledger.Head{}
	for line := range strings.Lines(text) {
		typ, raw, _ := strings.Cut(strings.TrimSpace(line), " ")
		var body map[string]any
		dec := json.NewDecoder(strings.NewReader(raw))
		dec.UseNumber()
		if dec.Decode(&body) != nil {
			continue
		}
		e, err := ledger.Append(head, at, "system", typ, wholeNumbers(body).(map[string]any))
		if err != nil {
			continue
		}
		line, err := e.Line()
		if err != nil {
			continue
		}
		if e, err = ledger.Parse(line); err != nil { // as it comes out of Redis
			continue
		}
		entries, head = append(entries, e), e.Head()
	}
	return entries
}

// wholeNumbers makes the numbers of JSON the integers that a body may hold.
func wholeNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		n, err := v.Int64()
		if err != nil {
			return v.String()
		}
		return n
	case map[string]any:
		for k, item := range v {
			v[k] = wholeNumbers(item)
		}
	case []any:
		for i, item := range v {
			v[i] = wholeNumbers(item)
		}
	}
	return v
}

// FuzzRedisContents: what somebody has written into Redis or laid into the mirror
// is read or refused, by each of the small forms.
func FuzzRedisContents(f *testing.F) {
	for _, text := range []string{"", "online 1764000000000", "12-" + strings.Repeat("a", 64), "7 node", "7 1-aa 2-bb",
		`{"room":"R-7K3M9QXD","expires":"2026-11-28T12:00:00Z"}`, `{"id":"R-7K3M9QXD","state":"live","documents":[{}]}`,
		"rooms/R-7K3M9QXD/mirror/record-000001-000002-" + strings.Repeat("0", 32) + ".jsonl",
		`{"keys":["a"],"args":["1"],"chains":[{"Ledger":"record","Entries":[{}]}],"stored":[["a"]]}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if p, ok := parsePart(text); ok && (p.from < 1 || p.to < p.from) {
			t.Errorf("part %+v", p)
		}
		if desk := parseDesk("jonas", text); desk.Status != DeskOffline && desk.Status != DeskOnline && desk.Status != DeskBreak {
			t.Errorf("desk %+v", desk)
		}
		_, _ = parseKept("R-7K3M9QXD", "node", text)
		var w db.Ready
		_ = json.Unmarshal([]byte(text), &w)
		if room, err := roomFrom("R-7K3M9QXD", redis.NewStringResult(text, nil)); err == nil {
			room.holds()
			for _, class := range Classes {
				room.KeptUntil(class)
			}
		}
	})
}
