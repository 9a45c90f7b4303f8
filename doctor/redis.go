package doctor

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"verifycall/rooms/db"
)

// Bounds of a Redis that serves.
const (
	maxOffset = time.Second // between clocks: deadlines and leases compare them
	maxTrip   = 20 * time.Millisecond
)

// oldestRedis has all commands that are used, GETDEL the latest of them.
var oldestRedis = []int{6, 2}

// Redis asks the servers behind a URL how they are set.
func Redis(ctx context.Context, url string) []Finding {
	const check = "redis"
	if url == "" {
		return []Finding{fine(check, "embedded, with a journal in --data; for one node only")}
	}
	servers, err := db.Inspect(ctx, url)
	if err != nil {
		return []Finding{fault(check, "check the URL, its password and that the server runs", "%s", masked(err, url))}
	}
	var all []Finding
	for _, s := range servers {
		all = append(all, judge(s)...)
	}
	return all
}

// masked is an error without the URL that it may quote, password and all.
func masked(err error, url string) string { return strings.ReplaceAll(err.Error(), url, "URL") }

// judge gives what is wrong with a server, or that nothing is.
func judge(s db.Server) []Finding {
	const check, clock = "redis", "clock"
	var all []Finding
	if slices.Compare(majorMinor(s.Version), oldestRedis) < 0 {
		all = append(all, fault(check, "use Redis 6.2 or newer, or Valkey", "%s has version %q", s.Address, s.Version))
	}
	switch {
	case !s.AppendOnly:
		all = append(all, fault(check, "set appendonly yes and appendfsync always", "%s keeps nothing on disk: acknowledged records are lost when it stops", s.Address))
	case s.Sync != "" && s.Sync != "always":
		all = append(all, warning(check, "set appendfsync always, or wait for replicas with --redis-wait-replicas",
			"%s syncs %s: a power cut loses up to a second of acknowledged records", s.Address, s.Sync))
	}
	if s.Eviction != "noeviction" {
		all = append(all, fault(check, "set maxmemory-policy noeviction", "%s evicts keys (%s): records can vanish", s.Address, s.Eviction))
	}
	if s.RoundTrip > maxTrip {
		all = append(all, warning(check, "move it nearer", "%s answers after %d ms", s.Address, s.RoundTrip.Milliseconds()))
	}
	if len(all) == 0 {
		all = append(all, fine(check, "%s %s, append-only file, no eviction", s.Address, s.Version))
	}
	if s.Offset.Abs() > maxOffset+s.RoundTrip {
		return append(all, fault(clock, "set both by NTP", "this machine's clock and that of %s are %s apart", s.Address, s.Offset.Abs().Round(time.Millisecond)))
	}
	return append(all, fine(clock, "within a second of %s", s.Address))
}

// majorMinor reads the first two numbers of a version, none where they aren't there.
func majorMinor(version string) []int {
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	m, err := strconv.Atoi(major)
	n, err2 := strconv.Atoi(minor)
	if err != nil || err2 != nil {
		return nil
	}
	return []int{m, n}
}
