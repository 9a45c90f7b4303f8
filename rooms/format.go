package rooms

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"verifycall/rooms/db"

	"github.com/redis/go-redis/v9"
)

// Format counts what this program may write that earlier ones don't know: types of
// entries, fields of projections. Nodes of two releases share a Redis while one
// follows the other; as long as an earlier one is there, nothing is written that it
// can't carry. formats/ has what each earlier format knew; a release that adds
// something raises the number and keeps what was.
const Format = 3

//go:embed formats
var formatFiles embed.FS

// Errors of formats, found by errors.Is.
var (
	// ErrEarlierNode says that a node of an earlier release is still there, which
	// couldn't carry what was to be written. It goes through when that one is gone.
	ErrEarlierNode = errors.New("a node of an earlier release is still there")
	// ErrLaterRelease says that a later release has written to this Redis.
	ErrLaterRelease = errors.New("a later release has written to this Redis")
)

// format is what an earlier format knew.
type format struct {
	entries    map[string]bool // types of entries of rooms and accounts
	projection map[string]bool // paths of a room's projection: "captures.slot", "notices.*.answer"
}

// earlier are the formats before Format, by number.
var earlier = readFormats()

func readFormats() map[int]format {
	list := map[int]format{}
	for n := 1; n < Format; n++ {
		list[n] = format{linesOf(fmt.Sprintf("formats/%d.entries", n)), linesOf(fmt.Sprintf("formats/%d.projection", n))}
	}
	return list
}

func linesOf(name string) map[string]bool {
	text, err := formatFiles.ReadFile(name)
	if err != nil {
		panic(err) // it is embedded
	}
	list := map[string]bool{}
	for _, line := range strings.Fields(string(text)) {
		list[line] = true
	}
	return list
}

const formatKey = db.Prefix + "common:format"

// CheckFormat reads the format that was written to Redis, none before the first, and
// writes no later one from now on. Errors: ErrLaterRelease.
func (s *Store) CheckFormat(ctx context.Context) error {
	text, err := s.db.Client.Get(ctx, formatKey).Result()
	if errors.Is(err, redis.Nil) {
		text, err = "1", nil
	}
	if err != nil {
		return fmt.Errorf("format: %w", err)
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return fmt.Errorf("format: %.20q is none", text)
	}
	if n > Format {
		return fmt.Errorf("%w: format %d, this program knows up to %d. Start that release again; to go back, restore a backup that was made before it",
			ErrLaterRelease, n, Format)
	}
	s.format.Store(int32(n))
	return nil
}

// AgreeFormat says the lowest format of the nodes that are there: nothing beyond it
// is written. Where all know Format, Redis is marked with it, and earlier releases
// are refused from then on. Errors: ErrLaterRelease where a node is beyond Format.
func (s *Store) AgreeFormat(ctx context.Context, lowest int) error {
	lowest = min(max(lowest, 1), Format)
	if int(s.format.Load()) == lowest && s.marked.Load() {
		return nil
	}
	s.marked.Store(false)
	if lowest < Format {
		s.log.Info("a node of an earlier release is there; nothing is written that it can't carry", "format", lowest)
	} else if _, _, err := s.db.Write(ctx, "SET", formatKey, strconv.Itoa(Format)); err != nil {
		return fmt.Errorf("format: %w", err)
	}
	s.format.Store(int32(lowest))
	s.marked.Store(true)
	return nil
}

// Alone says that no node of an earlier release is there: what it couldn't serve
// may be taken in.
func (s *Store) Alone() bool { return int(s.format.Load()) >= Format }

// carried says whether a change can be read by everybody who is there.
func (s *Store) carried(changes []db.Change) error {
	f, is := earlier[int(s.format.Load())]
	if !is {
		return nil
	}
	for _, c := range changes {
		if kind, _, _ := strings.Cut(c.Aggregate, ":"); kind != "room" && kind != "staff" {
			continue
		}
		for _, chain := range c.Chains {
			for _, e := range chain.Entries {
				if !f.entries[e.Type] {
					return fmt.Errorf("%w: it doesn't know %q", ErrEarlierNode, e.Type)
				}
			}
		}
	}
	return nil
}

// projectionOf is a room as it is kept beside its ledgers, in the format that is
// written now. cut says that it lacks something of what the entries tell.
func (s *Store) projectionOf(r *Room) (text []byte, cut bool, err error) {
	if text, err = json.Marshal(r); err != nil {
		return nil, false, fmt.Errorf("room %s: %w", r.ID, err)
	}
	f, is := earlier[int(s.format.Load())]
	if !is {
		return text, false, nil
	}
	less, err := f.cut(text)
	return less, !bytes.Equal(less, text), err
}

// tells says whether a projection is what the entries tell, in this format or an
// earlier one; then it may be cut.
func tells(folded *Room, state string) (cut bool, err error) {
	text, err := json.Marshal(folded)
	if err != nil || string(text) == state {
		return false, err
	}
	for n := Format - 1; n > 0; n-- {
		if less, err := earlier[n].cut(text); err != nil || string(less) == state {
			return true, err
		}
	}
	return false, errors.New("the projection isn't what the entries tell")
}

// cut leaves out of a projection what the format didn't know; order and spelling
// stay, so that it is what an earlier program makes of the same entries.
func (f format) cut(text []byte) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var out bytes.Buffer
	err := f.cutValue(dec, &out, "")
	return out.Bytes(), err
}

func (f format) cutValue(dec *json.Decoder, out *bytes.Buffer, path string) error {
	token, err := dec.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('{'):
		return f.cutObject(dec, out, path)
	case json.Delim('['):
		out.WriteByte('[')
		for first := true; dec.More(); first = false {
			if !first {
				out.WriteByte(',')
			}
			if err := f.cutValue(dec, out, path); err != nil {
				return err
			}
		}
		out.WriteByte(']')
		_, err = dec.Token()
		return err
	}
	return spell(out, token)
}

func (f format) cutObject(dec *json.Decoder, out *bytes.Buffer, path string) error {
	out.WriteByte('{')
	for first := true; dec.More(); {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		at := strings.TrimPrefix(path+"."+name, ".")
		if f.projection[path+".*"] {
			at = path + ".*"
		}
		into := out
		if !f.projection[at] {
			into = &bytes.Buffer{}
		} else {
			if !first {
				out.WriteByte(',')
			}
			first = false
			if err := spell(out, name); err != nil {
				return err
			}
			out.WriteByte(':')
		}
		if err := f.cutValue(dec, into, at); err != nil {
			return err
		}
	}
	out.WriteByte('}')
	_, err := dec.Token()
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// spell writes a token that is no bracket as json.Marshal does.
func spell(out *bytes.Buffer, token json.Token) error {
	text, err := json.Marshal(token)
	out.Write(text)
	return err
}
