//go:build fault

package fault

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"verifycall/bench/robot"
)

// level is what a node holds of what can leak, after its garbage was collected.
type level struct {
	goroutines, files int
	heap, resident    int            // bytes
	cpu               float64        // seconds since the start
	keys              map[string]int // in Redis that stay, by kind: "room:*:record"
	passing           int            // keys in Redis that end by themselves
	redis             int            // bytes that Redis uses
	scratch           int            // files of recordings that are not sealed
	objects, disk     int            // files in the store, and their bytes
}

// readLevel looks at the node from outside: its metrics, Redis, its folders.
func readLevel(t *testing.T, ctx context.Context, s *robot.Server, client *redis.Client, store string) level {
	t.Helper()
	fetch(t, ctx, s.Ops()+"/debug/pprof/heap?gc=1&debug=1")
	l := level{keys: map[string]int{}}
	for line := range strings.Lines(fetch(t, ctx, s.Ops()+"/metrics")) {
		name, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			continue
		}
		switch name {
		case "go_goroutines":
			l.goroutines = int(value)
		case "process_open_fds":
			l.files = int(value)
		case "go_memstats_heap_alloc_bytes":
			l.heap = int(value)
		case "process_resident_memory_bytes":
			l.resident = int(value)
		case "process_cpu_seconds_total":
			l.cpu = value
		}
	}
	l.countKeys(t, ctx, client)
	l.scratch, _ = countFiles(t, filepath.Join(s.Data(), "scratch"))
	l.objects, l.disk = countFiles(t, store)
	return l
}

func fetch(t *testing.T, ctx context.Context, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	must(t, err)
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	must(t, err)
	return string(text)
}

// opaque are the parts of a key that differ from one thing to the next of its kind.
var opaque = regexp.MustCompile(`R-[0-9A-Z]+|[0-9a-f]{16,}|\d{4}-\d\d-\d\d|[A-Za-z0-9_-]{20,}|\b\d+\b`)

func (l *level) countKeys(t *testing.T, ctx context.Context, client *redis.Client) {
	t.Helper()
	for scan := client.Scan(ctx, 0, "*", 1000).Iterator(); scan.Next(ctx); {
		life, err := client.TTL(ctx, scan.Val()).Result()
		must(t, err)
		if life > 0 {
			l.passing++
			continue
		}
		l.keys[opaque.ReplaceAllString(strings.TrimPrefix(scan.Val(), "vc:{main}:"), "*")]++
	}
	info, err := client.Info(ctx, "memory").Result()
	must(t, err)
	for scanner := bufio.NewScanner(strings.NewReader(info)); scanner.Scan(); {
		if text, found := strings.CutPrefix(scanner.Text(), "used_memory:"); found {
			l.redis, err = strconv.Atoi(text)
			must(t, err)
		}
	}
}

func countFiles(t *testing.T, dir string) (files, bytes int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if os.IsNotExist(err) { // it goes meanwhile
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		if info, err := d.Info(); err == nil {
			files, bytes = files+1, bytes+int(info.Size())
		}
		return nil
	})
	must(t, err)
	return files, bytes
}

func (l level) String() string {
	kept := 0
	for _, n := range l.keys {
		kept += n
	}
	return fmt.Sprintf("goroutines %d, files %d, heap %.1f MB, resident %.1f MB, Redis %d keys that stay and %d that pass in %.1f MB, scratch %d files, store %d files of %.1f MB",
		l.goroutines, l.files, float64(l.heap)/1e6, float64(l.resident)/1e6, kept, l.passing, float64(l.redis)/1e6, l.scratch, l.objects, float64(l.disk)/1e6)
}
