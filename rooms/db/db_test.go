package db

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"verifycall/rooms/redistest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	redistest.End()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func openTest(t testing.TB, o Options) *DB {
	t.Helper()
	o.Keys = redistest.OneKey{}
	d, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// onKinds runs a test on each kind of Redis, an empty one.
func onKinds(t *testing.T, test func(t *testing.T, d *DB)) {
	for _, kind := range redistest.Kinds {
		t.Run(kind.Name, func(t *testing.T) {
			test(t, openTest(t, Options{URL: kind.URL(t), Dir: t.TempDir(), Replicas: kind.Replicas}))
		})
	}
}
