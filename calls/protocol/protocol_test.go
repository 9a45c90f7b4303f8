package protocol

import (
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
)

func examples(t testing.TB) map[string]map[string]json.RawMessage {
	t.Helper()
	raw, err := os.ReadFile("examples.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEveryExampleDecodesAndComesBack(t *testing.T) {
	all := examples(t)
	for name := range clientTypes {
		frame, err := json.Marshal(Envelope{Type: name, ID: "c1", Data: all["client"][name]})
		if err != nil {
			t.Fatal(err)
		}
		id, msg, err := Decode(frame)
		if err != nil || id != "c1" {
			t.Fatalf("%s: id %q, %v", name, id, err)
		}
		back, err := EncodeClient("c1", msg)
		if err != nil {
			t.Fatal(err)
		}
		_, again, err := Decode(back)
		if err != nil || !reflect.DeepEqual(msg, again) {
			t.Fatalf("%s came back as %+v, %v", name, again, err)
		}
	}
	for name := range serverTypes {
		frame, _ := json.Marshal(Envelope{Type: name, Data: all["server"][name]})
		_, msg, err := DecodeServer(frame)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if msg.serverType() != name {
			t.Fatalf("%s says it is %s", name, msg.serverType())
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, frame := range map[string]string{
		"empty":          ``,
		"no object":      `[]`,
		"unknown type":   `{"t":"grant_me","d":{}}`,
		"server type":    `{"t":"state","d":{}}`,
		"unknown field":  `{"t":"chat","d":{"text":"a","role":"manager"}}`,
		"outer field":    `{"t":"chat","d":{"text":"a"},"x":1}`,
		"two objects":    `{"t":"admit"}{"t":"admit"}`,
		"bracket behind": `{"t":"admit"}}`,
		"notice unknown": `{"t":"notice","d":{"version":"mine","language":"en","agree":true}}`,
		"long id":        `{"t":"admit","id":"` + strings.Repeat("x", MaxID+1) + `"}`,
		"long chat":      `{"t":"chat","d":{"text":"` + strings.Repeat("x", MaxChat+1) + `"}}`,
		"empty chat":     `{"t":"chat","d":{"text":""}}`,
		"slot":           `{"t":"capture","d":{"slot":"../../etc"}}`,
		"verdict":        `{"t":"verdict","d":{"verdict":"ok"}}`,
		"flag as reason": `{"t":"verdict","d":{"verdict":"fail","reasons":["S_FRAUD"]}}`,
		"too many":       `{"t":"verdict","d":{"verdict":"fail","reasons":["Q_BLUR","Q_BLUR","Q_BLUR","Q_BLUR","Q_BLUR","Q_BLUR","Q_BLUR","Q_BLUR","Q_BLUR"]}}`,
		"no reason":      `{"t":"verdict","d":{"verdict":"fail"}}`,
		"repeat a pass":  `{"t":"verdict","d":{"verdict":"pass","repeat":["FACE"]}}`,
		"not UTF-8":      "{\"t\":\"chat\",\"d\":{\"text\":\"\xff\"}}",
		"wrong type":     `{"t":"mute","d":{"kind":"audio","off":"yes"}}`,
		"huge":           `{"t":"chat","d":{"text":"` + strings.Repeat("x", MaxFrame) + `"}}`,
	} {
		if _, msg, err := Decode([]byte(frame)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: got %+v, %v", name, msg, err)
		}
	}
}

func TestTableIsComplete(t *testing.T) {
	for code, kind := range Table {
		if kind.Status < 400 || kind.Close < 1000 {
			t.Errorf("%s: %+v", code, kind)
		}
	}
}

// TestSellerStateHasNoStaffFields holds that what staff alone may see can leave
// only through State.Staff.
func TestSellerStateHasNoStaffFields(t *testing.T) {
	frame, err := Encode("", &State{})
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"staff", "flags", "notes", "application", "missing"} {
		if strings.Contains(string(frame), `"`+word+`"`) {
			t.Errorf("a state without staff part mentions %q: %s", word, frame)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for name, d := range examples(f)["client"] {
		frame, _ := json.Marshal(Envelope{Type: name, ID: "c1", Data: d})
		f.Add(frame)
	}
	f.Add([]byte(`{"t":"chat","id":1}`))
	f.Fuzz(func(t *testing.T, frame []byte) {
		id, msg, err := Decode(frame)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		if err := msg.Check(); err != nil {
			t.Fatalf("accepted %+v, whose check says %v", msg, err)
		}
		back, err := EncodeClient(id, msg)
		if err != nil {
			t.Fatal(err)
		}
		if _, again, err := Decode(back); err != nil || !reflect.DeepEqual(msg, again) {
			t.Fatalf("%+v came back as %+v, %v", msg, again, err)
		}
	})
}
