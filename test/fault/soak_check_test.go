//go:build fault

package fault

import (
	"archive/zip"
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"verifycall/rooms/ledger"
)

// check reads everything that is left and compares it with what robots were told.
func (s *soak) check(ctx context.Context) {
	options, err := redis.ParseURL(s.cluster.redis.URL)
	must(s.t, err)
	client := redis.NewClient(options)
	defer client.Close()
	chains := s.readChains(ctx, client)
	total := 0
	for name, list := range chains {
		if err := ledger.Verify(list); err != nil {
			s.t.Errorf("%s: %v", name, err)
		}
		total += len(list)
	}
	made := map[string]string{}
	for key, room := range s.booked {
		if other, twice := made[room]; twice {
			s.t.Errorf("room %s answers the bookings %s and %s", room, key, other)
		}
		made[room] = key
		if n := count(chains["room:"+room+":record"], "created", "", ""); n != 1 {
			s.t.Errorf("booking %s was acknowledged, its room was made %d times", key, n)
		}
	}
	ended, chats, captures := 0, 0, 0
	for _, r := range s.rooms {
		if !r.ended {
			continue
		}
		ended++
		lines, stills := s.checkRoom(ctx, r, chains["room:"+r.room.ID+":record"], chains["room:"+r.room.ID+":custody"])
		chats, captures = chats+lines, captures+stills
	}
	if ended == 0 {
		s.t.Error("no call was held to its end")
	}
	if s.booked == nil {
		s.t.Error("nothing was booked")
	}
	s.checkCalendars(chains)
	s.checkMails(ctx, s.readChains(ctx, client)) // with what was brought about meanwhile
	s.t.Logf("broken: %v; ledgers: %d with %d entries, of them in the store alone: %d; bookings: %d; calls held: %d of %d; chat lines acknowledged: %d; captures: %d; of all that, late entries: %d, after the seal: %d; not acknowledged and tried again: %d",
		s.broken, len(chains), total, s.archived, len(s.booked), ended, len(s.rooms), chats, captures, s.late, s.afterSeal, s.refused)
	s.t.Logf("pictures on another node after a kill: n %d, p50 %s, p95 %s", len(s.backIn), percentile(s.backIn, 0.5), percentile(s.backIn, 0.95))
}

// readChains reads every ledger, out of the store what has left Redis.
func (s *soak) readChains(ctx context.Context, client *redis.Client) map[string][]ledger.Entry {
	chains := readChains(s.t, ctx, client)
	s.readArchived(ctx, client, chains)
	return chains
}

// readChains reads every ledger out of Redis itself, and looks that each ends as
// its head says.
func readChains(t *testing.T, ctx context.Context, client *redis.Client) map[string][]ledger.Entry {
	const prefix = "vc:{main}:"
	chains := map[string][]ledger.Entry{}
	keys := client.ScanType(ctx, 0, prefix+"*", 1000, "stream").Iterator()
	for keys.Next(ctx) {
		at := strings.LastIndexByte(keys.Val(), ':')
		pipe := client.TxPipeline() // as one: the access ledger grows meanwhile
		stream := pipe.XRange(ctx, keys.Val(), "-", "+")
		pipe.HGet(ctx, keys.Val()[:at], keys.Val()[at+1:])
		answers, err := pipe.Exec(ctx)
		if err != nil && !errors.Is(err, redis.Nil) {
			must(t, err)
		}
		messages := stream.Val()
		var list []ledger.Entry
		for _, m := range messages {
			line, isEntry := m.Values["e"].(string)
			if !isEntry {
				break // a stream that is no ledger
			}
			e, err := ledger.Parse([]byte(line))
			must(t, err)
			list = append(list, e)
		}
		if len(list) == 0 {
			continue
		}
		chains[strings.TrimPrefix(keys.Val(), prefix)] = list
		head, err := answers[1].(*redis.StringCmd).Result()
		must(t, err)
		if _, hash, _ := strings.Cut(head, "-"); hash != list[len(list)-1].Hash {
			t.Errorf("%s doesn't end at its head %s", keys.Val(), head)
		}
	}
	must(t, keys.Err())
	return chains
}

// readArchived reads the records that left Redis out of the store's folder.
func (s *soak) readArchived(ctx context.Context, client *redis.Client, chains map[string][]ledger.Entry) {
	const prefix = "vc:{main}:"
	s.archived = 0
	for rooms := client.Scan(ctx, 0, prefix+"room:R-????????", 1000).Iterator(); rooms.Next(ctx); {
		name := strings.TrimPrefix(rooms.Val(), prefix)
		text, err := client.HGet(ctx, rooms.Val(), "archived").Result()
		if _, there := chains[name+":record"]; there || errors.Is(err, redis.Nil) {
			continue
		}
		must(s.t, err)
		seq, hash, _ := strings.Cut(text, "-")
		n, err := strconv.Atoi(seq)
		must(s.t, err)
		room := strings.TrimPrefix(name, "room:")
		content, err := os.ReadFile(filepath.Join(s.cluster.dir, "store", "rooms", room, "mirror", fmt.Sprintf("record-%06d-%06d-%s.jsonl", 1, n, hash[:32])))
		must(s.t, err)
		var list []ledger.Entry
		for line := range strings.Lines(string(content)) {
			if !strings.HasPrefix(line, `{"commitment"`) {
				e, err := ledger.Parse([]byte(strings.TrimSpace(line)))
				must(s.t, err)
				list = append(list, e)
			}
		}
		if len(list) != n || list[n-1].Hash != hash {
			s.t.Errorf("%s: the store has %d entries, Redis has let go of %s", name, len(list), text)
		}
		chains[name+":record"] = list
		s.archived++
	}
}

// checkRoom verifies the bundle and counts in it what was acknowledged. What came
// late and after the seal stands in custody alone, its text in no bundle: it is
// counted.
func (s *soak) checkRoom(ctx context.Context, r *told, record, custody []ledger.Entry) (chats, captures int) {
	path := bundle(s.t, ctx, s.any(), r.room.ID)
	verified(s.t, s.cluster.program, path, s.cluster.dir)
	said := map[string]int{}
	for _, text := range opened(s, path) {
		said[text]++
	}
	late, after := lateIn(record), lateIn(custody)
	s.late, s.afterSeal = s.late+len(late), s.afterSeal+len(after)
	missing := 0
	for text, acknowledged := range r.chats {
		if n := said[text]; n > 1 {
			s.t.Errorf("%s: %q is there %d times", r.room.ID, text, n)
		} else if acknowledged && n == 0 {
			missing++
		}
		if acknowledged {
			chats++
		}
	}
	if there := count(after, "chat", "", ""); missing > there || len(said)+there > len(r.chats) {
		s.t.Errorf("%s: %d acknowledged lines are not in the bundle, %d of %d lines are, custody has %d: %v", r.room.ID, missing, len(said), len(r.chats), there, s.hits)
	}
	if n := count(record, "chat", "", "") + count(late, "chat", "", ""); n != len(said) {
		s.t.Errorf("%s: %d lines in the record, %d opened", r.room.ID, n, len(said))
	}
	for slot, n := range r.slots {
		there := count(record, "capture", "slot", slot) + count(late, "capture", "slot", slot) + count(after, "capture", "slot", slot)
		if there < n[0] || there > n[1] {
			s.t.Errorf("%s: %d captures in %s, %d were acknowledged of %d", r.room.ID, there, slot, n[0], n[1])
		}
		captures += n[0]
	}
	for _, once := range []string{"admitted", "verdict", "ended"} {
		if n := count(record, once, "", ""); n != 1 {
			s.t.Errorf("%s: %d entries of %s", r.room.ID, n, once)
		}
	}
	return chats, captures
}

// lateIn gives what a record's late entries hold: what a node had acknowledged
// without Redis before it learnt that another one had the room.
func lateIn(record []ledger.Entry) (list []ledger.Entry) {
	for _, e := range record {
		typ, isLate := e.Body["type"].(string)
		content, _ := e.Body["content"].(map[string]any)
		if e.Type == "late" && isLate {
			list = append(list, ledger.Entry{Type: typ, Body: content})
		}
	}
	return list
}

// opened gives the chat lines among the opened values of a bundle.
func opened(s *soak, path string) (lines []string) {
	z, err := zip.OpenReader(path)
	must(s.t, err)
	defer z.Close()
	for _, f := range z.File {
		if !strings.HasSuffix(f.Name, "data/private.jsonl") {
			continue
		}
		file, err := f.Open()
		must(s.t, err)
		defer file.Close()
		for scanner := bufio.NewScanner(file); scanner.Scan(); {
			var value struct {
				Value any `json:"value"`
			}
			must(s.t, json.Unmarshal(scanner.Bytes(), &value))
			if text, isText := value.Value.(string); isText && strings.HasPrefix(text, "line ") {
				lines = append(lines, text)
			}
		}
	}
	return lines
}
