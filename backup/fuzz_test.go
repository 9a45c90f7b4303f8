package backup

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"verifycall/rooms"
)

// bare is an envelope that doesn't encrypt, so that the fuzzer reaches what lies in
// it.
type bare struct{}

type open struct{ io.Writer }

func (open) Close() error { return nil }

func (bare) Archive(w io.Writer) (io.WriteCloser, error) { return open{w}, nil }

func (bare) OpenArchive(r io.Reader) (io.Reader, error) { return r, nil }

// anything takes every signature, as of somebody who has the key.
type anything struct{}

func (anything) SignHead([]byte) string { return "s" }

func (anything) CheckHead([]byte, string) error { return nil }

func zipped(text []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(text)
	w.Close()
	return b.Bytes()
}

// FuzzArchive reads hostile archives that are signed all the same: no item passes that
// belongs to no export.
func FuzzArchive(f *testing.F) {
	var whole bytes.Buffer
	a, err := newWriter(&whole, bare{}, anything{}, Header{Form: Form, Kind: KindRooms, Made: time.Unix(1795862400, 0).UTC()})
	if err != nil {
		f.Fatal(err)
	}
	value := `{"room":"R-7K3M9QXD"}`
	for _, item := range []rooms.Item{
		{Aggregate: "room:R-7K3M9QXD", Record: []string{`{"actor":"system"}`}, Keys: []rooms.Held{{Key: "room:R-7K3M9QXD", Hash: map[string]string{"state": "{}"}}}},
		{Keys: []rooms.Held{{Key: "link:0123", Text: &value, Until: 1795862400000}}},
		{Keys: []rooms.Held{{Key: "index:staff", Sorted: map[string]int64{"m1": 0}}}},
	} {
		if err := a.item(item); err != nil {
			f.Fatal(err)
		}
	}
	if err := a.close(); err != nil {
		f.Fatal(err)
	}
	zip, err := gzip.NewReader(&whole)
	if err != nil {
		f.Fatal(err)
	}
	text, err := io.ReadAll(zip)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add(bytes.Join(bytes.SplitAfter(text, []byte("\n"))[:2], nil))
	f.Add([]byte(`{"verifycall_backup":1,"kind":"rooms"}` + "\n" + `{"items":0,"sha256":"","signature":""}` + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		_, items, err := read(bytes.NewReader(zipped(text)), bare{}, anything{}, func(line []byte) error {
			var item rooms.Item
			if err := json.Unmarshal(line, &item); err != nil {
				return err
			}
			if err := item.Check(); err != nil {
				return err
			}
			for _, key := range append(item.Keys, rooms.Held{Key: item.Aggregate}) {
				if strings.HasPrefix(key.Key, "index:at") || strings.HasPrefix(key.Key, "lease:") {
					t.Errorf("key %q passes", key.Key)
				}
			}
			return nil
		})
		if err == nil && items > bytes.Count(text, []byte("\n")) {
			t.Errorf("%d items", items)
		}
	})
}
