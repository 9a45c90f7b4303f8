package db

import (
	"errors"
	"testing"

	"verifycall/rooms/ledger"
	"verifycall/rooms/redistest"
)

func TestReplicasThatAreMissingMakeAWriteUnknown(t *testing.T) {
	d := openTest(t, Options{URL: redistest.Serve(t).URL(), Replicas: 1})
	change := oneEntry(t, "room:R-00000001", ledger.Head{})
	if err := d.Commit(t.Context(), change); !errors.Is(err, ErrUnknown) || !errors.Is(err, errShort) {
		t.Fatal(err)
	}
	d.replicas = 0
	if err := d.Commit(t.Context(), change); err != nil { // the same commit may be sent again
		t.Fatal(err)
	}
}

func TestRedisURLs(t *testing.T) {
	for url, good := range map[string]bool{
		"redis://127.0.0.1:6379/0": true, "rediss://u:p@redis.example:6380": true,
		"redis://s1:26379?master_name=vc&addr=s2:26379": true, "redis://n1:7000?cluster=1&addr=n2:7000": true,
		"http://127.0.0.1": false, "redis://": false, "::": false, "redis://h/x": false, "redis://h?colour=red": false,
		"redis://h?cluster=1&colour=red": false, "redis://h?master_name=m&colour=red": false, "": false,
	} {
		if err := CheckURL(url); (err == nil) != good {
			t.Errorf("%q: %v", url, err)
		}
	}
}
