package vault_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
)

// hooked is a store that calls out once, before or behind what is done with a wrapping.
type hooked struct {
	objects.Store
	before, behind map[string]func() // by verb
}

func (h hooked) around(verb, name string, do func()) {
	call := func(hooks map[string]func()) {
		if hook := hooks[verb]; hook != nil && (strings.HasSuffix(name, ".age") || verb == "list") {
			delete(hooks, verb)
			hook()
		}
	}
	call(h.before)
	do()
	call(h.behind)
}

func (h hooked) Put(ctx context.Context, name string, r io.Reader) (o objects.Object, err error) {
	h.around("put", name, func() { o, err = h.Store.Put(ctx, name, r) })
	return o, err
}

func (h hooked) Open(ctx context.Context, name string) (f objects.File, o objects.Object, err error) {
	h.around("open", name, func() { f, o, err = h.Store.Open(ctx, name) })
	return f, o, err
}

func (h hooked) List(ctx context.Context, prefix string) (names []string, err error) {
	h.around("list", prefix, func() { names, err = h.Store.List(ctx, prefix) })
	return names, err
}

// TestDestroyedBesideOthers: a key that is destroyed while it is wrapped anew, or made,
// is gone, and who did the other is told nothing wrong.
func TestDestroyedBesideOthers(t *testing.T) {
	for _, at := range []string{"before list", "behind list", "before open", "behind open", "before put", "behind put"} {
		t.Run(at, func(t *testing.T) {
			d := newDeployment(t)
			seal(t, d.open(), vault.Stills, "a", "a still")
			destroy := func() {
				if err := d.open().Destroy(t.Context(), room, vault.Stills); err != nil {
					t.Error(err)
				}
			}
			operator := d.over(hook(d.store, at, destroy))
			if err := operator.Ring().Rotate(); err != nil {
				t.Fatal(err)
			}
			if n, err := operator.Rewrap(t.Context()); n != 0 || err != nil {
				t.Errorf("%d keys wrapped anew, %v", n, err)
			}
			d.gone()
		})
		t.Run("made, "+at, func(t *testing.T) {
			d := newDeployment(t)
			destroy := func() {
				if err := d.open().Destroy(t.Context(), room, vault.Stills); err != nil {
					t.Error(err)
				}
			}
			_, err := d.over(hook(d.store, at, destroy)).Make(t.Context(), room, vault.Stills)
			if err != nil && !errors.Is(err, vault.ErrDestroyed) {
				t.Error(err)
			}
			d.gone()
		})
	}
	t.Run("wrapped while it is destroyed", func(t *testing.T) {
		d := newDeployment(t)
		seal(t, d.open(), vault.Stills, "a", "a still")
		if err := d.open().Ring().Rotate(); err != nil {
			t.Fatal(err)
		}
		rewrap := func() {
			if _, err := d.open().Rewrap(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if err := d.over(hook(d.store, "behind list", rewrap)).Destroy(t.Context(), room, vault.Stills); err != nil {
			t.Fatal(err)
		}
		d.gone()
	})
}

func hook(store objects.Store, at string, do func()) objects.Store {
	when, verb, _ := strings.Cut(at, " ")
	h := hooked{store, map[string]func(){}, map[string]func(){}}
	map[string]map[string]func(){"before": h.before, "behind": h.behind}[when][verb] = do
	return h
}

// over is open with another store over the deployment's.
func (d *deployment) over(store objects.Store) *vault.Vault {
	d.t.Helper()
	v, err := vault.Open(store, d.keys)
	if err != nil {
		d.t.Fatal(err)
	}
	return v
}

// gone looks that the room's key is destroyed, and nothing left of it.
func (d *deployment) gone() {
	d.t.Helper()
	if _, err := d.open().Key(d.t.Context(), room, vault.Stills); !errors.Is(err, vault.ErrDestroyed) {
		d.t.Errorf("the key: %v", err)
	}
	names, err := d.store.List(d.t.Context(), "keys/")
	if err != nil || len(names) != 1 || !strings.HasSuffix(names[0], "/destroyed") {
		d.t.Errorf("left: %v, %v", names, err)
	}
}
