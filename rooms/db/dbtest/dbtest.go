// Package dbtest runs a test on each kind of Redis.
package dbtest

import (
	"testing"

	"verifycall/rooms/db"
	"verifycall/rooms/redistest"
)

// OnEach runs a test on each of some kinds of Redis, an empty one.
func OnEach(t *testing.T, kinds []redistest.Kind, test func(t *testing.T, d *db.DB)) {
	for _, kind := range kinds {
		t.Run(kind.Name, func(t *testing.T) {
			d, err := db.Open(t.Context(), db.Options{URL: kind.URL(t), Dir: t.TempDir(), Replicas: kind.Replicas, Keys: redistest.OneKey{}})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			test(t, d)
		})
	}
}
