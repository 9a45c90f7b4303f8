package evidence

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func verifyZipBytes(t testing.TB, b []byte, ring keyring) Report {
	t.Helper()
	r, err := verifyZip(t.Context(), "x.zip", bytes.NewReader(b), int64(len(b)), ring, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// packed is a sealed bundle as ZIP.
func packed(t testing.TB) ([]byte, *Keys) {
	t.Helper()
	store, keys := testVault(t), testKeys(t)
	if _, err := WriteBundle(t.Context(), store, Prefix(testRoom), keys, newMaterial(t).src); err != nil {
		t.Fatal(err)
	}
	return zipped(t, store), keys
}

func TestZipFindsGrown(t *testing.T) {
	whole, keys := packed(t)
	for what, grown := range map[string][]byte{
		"trailing byte": append(bytes.Clone(whole), 0),
		"trailing zip":  append(bytes.Clone(whole), whole...),
		"leading bytes": append([]byte("#!/bin/sh\n"), whole...),
	} {
		if r := verifyZipBytes(t, grown, keys.ring(t)); r.ExitCode() != 1 || r.Wrong != "x.zip" {
			t.Errorf("%s: %+v", what, r)
		}
	}
}

// member is one member of a ZIP made for a test.
type member struct {
	name    string
	content []byte
	method  uint16
}

func members(t testing.TB, whole []byte) (list []member) {
	t.Helper()
	z, err := openZip("x.zip", bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	files := readBag(t, z)
	for _, name := range z.order {
		list = append(list, member{testRoom + "/" + name, files[name], zip.Store})
	}
	return list
}

func pack(t testing.TB, list []member, comment string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range list {
		f, err := w.CreateHeader(&zip.FileHeader{Name: m.name, Method: m.method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(m.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.SetComment(comment); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Members that a lenient reader would take or overlook are refused.
func TestZipTricks(t *testing.T) {
	whole, keys := packed(t)
	good := members(t, whole)
	add := func(name string) []member { return append(slices.Clone(good), member{name, []byte("x"), zip.Store}) }
	deflated := slices.Clone(good)
	deflated[3].method = zip.Deflate
	for what, made := range map[string][]byte{
		"packed by another program": pack(t, good, ""),
		"comment":                   pack(t, good, "hello"),
		"duplicate":                 pack(t, add(testRoom+"/"+roomFile), ""),
		"extra":                     pack(t, add(testRoom+"/zz"), ""),
		"slip":                      pack(t, add(testRoom+"/../../zz"), ""),
		"absolute":                  pack(t, add("/etc/zz"), ""),
		"second folder":             pack(t, add("zz/bagit.txt"), ""),
		"beside the folder":         pack(t, add("zz"), ""),
		"backslash":                 pack(t, add(testRoom+`\zz`), ""),
		"deflated":                  pack(t, deflated, ""),
		"out of order":              pack(t, append(slices.Clone(good[1:]), good[0]), ""),
		"bomb":                      bomb(t),
	} {
		if r := verifyZipBytes(t, made, keys.ring(t)); r.ExitCode() != 1 || r.Wrong != "x.zip" {
			t.Errorf("%s: exit code %d, named %q", what, r.ExitCode(), r.Wrong)
		}
	}
}

// bomb is a ZIP whose only member says that it is 2^40 bytes long.
func bomb(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.CreateRaw(zipHeader(testRoom+"/bagit.txt", 1<<40, 0))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A local header that says something else than the directory shows one file to
// a streaming reader and another to the rest.
func TestZipLocalHeaderDiffers(t *testing.T) {
	whole, keys := packed(t)
	changed := bytes.Clone(whole)
	at := bytes.Index(changed, []byte(testRoom+"/"+roomFile))
	copy(changed[at:], testRoom+"/data/rooX.json")
	if r := verifyZipBytes(t, changed, keys.ring(t)); r.ExitCode() != 1 || r.Wrong != "x.zip" {
		t.Errorf("%+v", r)
	}
	// The same false checksum in both headers, so the form is right.
	changed = bytes.Clone(whole)
	for _, offset := range []int{at - 30 + 14, centralOf(changed, roomFile) + 16} {
		binary.LittleEndian.PutUint32(changed[offset:], 0)
	}
	if r := verifyZipBytes(t, changed, keys.ring(t)); r.ExitCode() != 1 || r.Wrong != roomFile {
		t.Errorf("false checksum: %+v", r)
	}
}

// centralOf gives the offset of a member's header in the directory.
func centralOf(b []byte, name string) int {
	return bytes.LastIndex(b, []byte(testRoom+"/"+name)) - 46
}

func TestZipOfAnotherRoom(t *testing.T) {
	whole, keys := packed(t)
	renamed := bytes.ReplaceAll(whole, []byte(testRoom+"/"), []byte(strings.Repeat("R", len(testRoom))+"/"))
	if r := verifyZipBytes(t, renamed, keys.ring(t)); r.ExitCode() != 1 || r.Wrong != signatureFile {
		t.Errorf("%+v", r)
	}
}

// A member of 4 GiB has no place in the short header; form and data still hold.
func TestZipHeaderOfLargeMember(t *testing.T) {
	small, large := zipHeader("a", 1<<32-2, 7), zipHeader("a", 1<<32, 7)
	if small.Flags&0x8 != 0 || large.Flags&0x8 == 0 {
		t.Errorf("flags %x and %x", small.Flags, large.Flags)
	}
}

func TestVerifyZipByName(t *testing.T) {
	whole, keys := packed(t)
	for name, test := range map[string]struct {
		content []byte
		code    int // -1: can't be read
	}{
		"good.zip": {whole, 0}, "noname": {whole, 0}, "empty.zip": {nil, 1}, "letter.zip": {[]byte("Dear Sir"), 1},
		"letter": {[]byte("Dear Sir"), -1},
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, test.content, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Verify(path, []string{keys.Public()})
		if got := r.ExitCode(); err == nil && got != test.code || err != nil && test.code != -1 {
			t.Errorf("%s: exit code %d, %v; want %d", name, got, err, test.code)
		}
	}
}

func FuzzOpenZip(f *testing.F) {
	whole, _ := packed(f)
	f.Add(whole)
	f.Add(pack(f, []member{{"a/b", []byte("x"), zip.Store}}, ""))
	f.Fuzz(func(t *testing.T, b []byte) {
		z, err := openZip("x.zip", bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		// What is taken is written again as the same bytes.
		var again bytes.Buffer
		w := zip.NewWriter(&again)
		for _, name := range z.order {
			file := z.files[name]
			data, err := w.CreateRaw(zipHeader(file.Name, int64(file.UncompressedSize64), file.CRC32))
			if err != nil {
				t.Fatal(err)
			}
			offset, err := file.DataOffset()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := data.Write(b[offset : offset+int64(file.UncompressedSize64)]); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(again.Bytes(), b) {
			t.Error("a ZIP of another form is taken")
		}
	})
}
