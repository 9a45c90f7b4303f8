package evidence

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// everyByte calls try for each byte of a file, or for one of step bytes, with the
// file in which it is changed, on all processors; a result that isn't empty is a
// fault.
func everyByte(t *testing.T, name string, content []byte, step int, try func(changed []byte) string) {
	t.Helper()
	var workers sync.WaitGroup
	n := runtime.GOMAXPROCS(0)
	for first := range n {
		workers.Go(func() {
			changed := bytes.Clone(content)
			for i := first * step; i < len(content); i += n * step {
				changed[i] ^= 1 << (i % 8)
				if fault := try(changed); fault != "" {
					t.Errorf("%s: byte %d of %d changed: %s", name, i, len(content), fault)
					return
				}
				changed[i] = content[i]
			}
		})
	}
	workers.Wait()
}

// Every changed byte of every file of the worked example is found and the file
// is named.
func TestVerifyFindsEveryChangedByte(t *testing.T) {
	bag, ring := exampleBag(t), exampleRing(t)
	if r := verifyMem(t, bag, ring); r.ExitCode() != 0 || r.Stamp == nil {
		t.Fatalf("unchanged: %+v", r)
	}
	for name, content := range bag {
		everyByte(t, name, content, 1, func(changed []byte) string {
			r, err := verifyBag(t.Context(), bag.with(name, changed), ring, nil)
			if err != nil || r.ExitCode() != 1 || r.Wrong != name {
				return fmt.Sprintf("exit code %d, named %q, %v", r.ExitCode(), r.Wrong, err)
			}
			return ""
		})
	}
}

// Every changed byte of what is a ZIP's own is found, headers, directory and all,
// and so is one in a file, which is named, and what is cut off at any place.
func TestZipFindsEveryChangedByte(t *testing.T) {
	whole, ring := exampleZip(t), exampleRing(t)
	verify := func(b []byte, wrong string) string {
		r, err := verifyZip(t.Context(), "x.zip", bytes.NewReader(b), int64(len(b)), ring, nil)
		if err != nil || r.ExitCode() != 1 || r.Wrong != wrong {
			return fmt.Sprintf("named %q, want %q, %v", r.Wrong, wrong, err)
		}
		return ""
	}
	if verify(whole, "") == "" {
		t.Fatal("unchanged: found wrong")
	}
	from := 0
	for _, part := range parts(t, whole) {
		step := 1
		if part.name != "x.zip" {
			step = 9 // of a file's own bytes each is changed above
		}
		everyByte(t, part.name, whole[from:part.end], step, func(changed []byte) string {
			return verify(slices.Concat(whole[:from], changed, whole[part.end:]), part.name)
		})
		from = part.end
	}
	for n := range len(whole) {
		if n%97 == 0 || n > len(whole)-200 {
			if fault := verify(whole[:n], "x.zip"); fault != "" {
				t.Fatalf("cut to %d bytes: %s", n, fault)
			}
		}
	}
}

// part is a stretch of a ZIP: a member's data, named after it, or what is between,
// named as the ZIP.
type part struct {
	name string
	end  int
}

func parts(t testing.TB, whole []byte) (list []part) {
	t.Helper()
	z, err := openZip("x.zip", bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range z.order {
		at, err := z.files[name].DataOffset()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, part{"x.zip", int(at)}, part{name, int(at) + int(z.files[name].UncompressedSize64)})
	}
	return append(list, part{"x.zip", len(whole)})
}

// exampleZip packs the worked example in a bundle's own form.
func exampleZip(t testing.TB) []byte {
	t.Helper()
	bag := exampleBag(t)
	names, _ := bag.names(t.Context())
	return packedInForm(t, names, func(name string) []byte { return bag[name] })
}

// What is cut, removed, added, exchanged or put in another order is named.
func TestVerifyFindsOtherFiles(t *testing.T) {
	bag, ring := exampleBag(t), exampleRing(t)
	names, _ := bag.names(t.Context())
	check := func(what string, bag memBag, wrong ...string) {
		t.Helper()
		if r := verifyMem(t, bag, ring); r.ExitCode() != 1 || !slices.Contains(wrong, r.Wrong) {
			t.Errorf("%s: exit code %d, named %q", what, r.ExitCode(), r.Wrong)
		}
	}
	for i, name := range names {
		content := bag[name]
		for length := 0; length < len(content); length += 1 + length/8 {
			check(fmt.Sprintf("%s cut to %d", name, length), bag.with(name, content[:length]), name)
		}
		check(name+" cut by a byte", bag.with(name, content[:len(content)-1]), name)
		check(name+" grown", bag.with(name, append(bytes.Clone(content), '\n')), name)
		check(name+" removed", bag.with(name, nil), name)
		next := names[(i+1)%len(names)]
		check(name+" exchanged with "+next, bag.with(name, bag[next]).with(next, content), name, next)
		if lines := bytes.SplitAfter(content, []byte("\n")); len(lines) > 2 && !bytes.Equal(lines[0], lines[1]) {
			lines[0], lines[1] = lines[1], lines[0]
			check(name+" with its lines in another order", bag.with(name, bytes.Join(lines, nil)), name)
		}
	}
	for _, name := range []string{"data/extra", "extra", "data/stills/extra.webp", "data/documents/extra.png", "data/photos/extra.jpg", "bag-info.txt",
		stampFile + ".tsr", strings.ToUpper(bagFile)} {
		check(name+" added", bag.with(name, []byte("x")), name)
	}
}
