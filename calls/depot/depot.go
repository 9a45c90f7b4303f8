// Package depot keeps what calls record on this node until their rooms' bundles stand,
// ships it to the store that all nodes share, brings what other nodes have shipped, and
// says where a room's evidence lies in the store.
package depot

import (
	"log/slog"
	"path/filepath"
	"time"

	"verifycall/recorder/evidence/vault"
	"verifycall/recorder/spool"
)

// Depot keeps what calls record on this node, in a folder for each room, until the
// room's bundle stands. Its methods may be called from any goroutine.
type Depot struct {
	vault  *vault.Vault
	spool  *spool.Spool
	dir    string // of the rooms' folders
	ships  bool   // the store is safer than the disk here: parts go there as they grow
	shared bool   // other nodes have the store too
	log    *slog.Logger
}

// New keeps in dir. It ships where the store is safer than that folder; shared
// says that other nodes have the store too, and ships in any case.
func New(evidence *vault.Vault, dir string, ships, shared bool, log *slog.Logger) *Depot {
	return &Depot{vault: evidence, spool: spool.New(dir), dir: dir, ships: ships || shared, shared: shared, log: log}
}

// Shipping tells whether parts go to the store as they grow.
func (d *Depot) Shipping() bool { return d.ships }

// Folder is where the recordings of a room are.
func (d *Depot) Folder(room string) string { return filepath.Join(d.dir, room) }

// Use tells how much waits here, and for how long.
func (d *Depot) Use() spool.Use { return d.spool.Use() }

// Check tells why nothing may be recorded here now, nil where it may.
func (d *Depot) Check() error { return d.spool.Check() }

// Waiting counts the captures of a room that the store has not taken.
func (d *Depot) Waiting(room string) int { return d.spool.Waiting(room) }

// Behind notes how shipping a room's parts went; news tells that it is otherwise than
// before, since for how long the store has been away.
func (d *Depot) Behind(room string, err error) (news bool, since time.Duration) {
	return d.spool.Behind(room, err)
}

// Rooms are those of which something waits.
func (d *Depot) Rooms() []string { return d.spool.Rooms() }
