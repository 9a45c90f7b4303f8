// Package staff keeps the accounts of managers and auditors and their passkeys, each
// account with a ledger of its changes.
package staff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"verifycall/rooms/db"
	"verifycall/rooms/form"
	"verifycall/rooms/ledger"
)

// Account is one of the staff. Its name is personal: the account's ledger holds a
// commitment to it.
type Account struct {
	ID        string // letters, digits, "_", ".", "-"; stands in hashed entries, so no name
	Name      string
	Role      string // "manager", "auditor"
	Zone      string // IANA
	Languages []string
}

// recordName is the one ledger of an account.
const recordName = "record"

// accountState is the projection of an account.
type accountState struct {
	Role      string            `json:"role"`
	Zone      string            `json:"zone"`
	Languages []string          `json:"languages"`
	Name      ledger.Commitment `json:"name"`
	Passkeys  []passkeyState    `json:"passkeys,omitempty"`
	Record    ledger.Head       `json:"record"`
}

// Accounts are those of the staff. They are safe for concurrent use.
type Accounts struct {
	db  *db.DB
	now func() time.Time
}

// New gives accounts that are kept in a DB; now is the clock of their ledgers.
func New(d *db.DB, now func() time.Time) *Accounts { return &Accounts{d, now} }

const typePut = "staff_put" // role, zone, languages, name

// Put makes an account or changes it. One that is the same already is left
// alone. Errors: *form.InputError, db.ErrConflict,
// db.ErrUnknown.
func (s *Accounts) Put(ctx context.Context, actor string, account Account) error {
	if err := account.check(); err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		err := s.put(ctx, actor, account)
		if !errors.Is(err, db.ErrConflict) || attempt == db.Attempts {
			return err
		}
		if err := db.Pause(ctx, attempt); err != nil {
			return fmt.Errorf("staff %s: %w", account.ID, err)
		}
	}
}

func (a Account) check() error {
	forms := form.First(form.Check(a, "id", a.ID, form.Staff), form.Check(a, "role", a.Role, form.Code),
		form.Check(a, "zone", a.Zone, form.Zone))
	for _, language := range a.Languages {
		forms = form.First(forms, form.Check(a, "language", language, form.Code))
	}
	return forms
}

func (s *Accounts) put(ctx context.Context, actor string, account Account) error {
	old, state, err := s.load(ctx, account.ID)
	switch {
	case err == nil && old.equal(account):
		return nil
	case err != nil && !errors.Is(err, db.ErrNotFound):
		return err
	}
	name, err := db.Private(account.Name)
	if err != nil {
		return fmt.Errorf("staff %s: %w", account.ID, err)
	}
	e, err := ledger.Append(state.Record, s.now(), actor, typePut, map[string]any{
		"role": account.Role, "zone": account.Zone, "languages": account.Languages, "name": name.Commitment,
	})
	if err != nil {
		return err
	}
	text, err := json.Marshal(accountState{account.Role, account.Zone, account.Languages, name.Commitment, state.Passkeys, e.Head()})
	if err != nil {
		return fmt.Errorf("staff %s: %w", account.ID, err)
	}
	return s.db.Commit(ctx, db.Change{
		Aggregate: "staff:" + account.ID, State: text, Privates: []ledger.Private{name},
		Chains: []db.Chain{{Ledger: recordName, Expect: state.Record, Entries: []ledger.Entry{e}}},
		Moves:  []db.Move{{Index: "staff", Member: account.ID}},
	})
}

func (a Account) equal(b Account) bool {
	return a.ID == b.ID && a.Name == b.Name && a.Role == b.Role && a.Zone == b.Zone && slices.Equal(a.Languages, b.Languages)
}

// Get reads an account. Errors: db.ErrNotFound.
func (s *Accounts) Get(ctx context.Context, id string) (Account, error) {
	account, _, err := s.load(ctx, id)
	return account, err
}

// List reads all accounts of a role, all of them where role is empty, in
// the order of their ids.
func (s *Accounts) List(ctx context.Context, role string) ([]Account, error) {
	ids, err := s.db.Client.ZRange(ctx, db.Prefix+"index:staff", 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("list staff: %w", err)
	}
	list := make([]Account, 0, len(ids))
	for _, id := range ids {
		account, err := s.Get(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("list staff: %w", err)
		}
		if role == "" || account.Role == role {
			list = append(list, account)
		}
	}
	return list, nil
}

func (s *Accounts) load(ctx context.Context, id string) (Account, accountState, error) {
	account, state, _, err := s.open(ctx, id)
	return account, state, err
}

// open reads an account with all its personal values.
func (s *Accounts) open(ctx context.Context, id string) (Account, accountState, []ledger.Private, error) {
	none := func(err error) (Account, accountState, []ledger.Private, error) {
		return Account{}, accountState{}, nil, err
	}
	if !form.Staff.MatchString(id) {
		return none(fmt.Errorf("staff %.20q: %w", id, db.ErrNotFound))
	}
	key := db.Prefix + "staff:" + id
	pipe := s.db.Client.Pipeline()
	text := pipe.HGet(ctx, key, "state")
	values := pipe.HGetAll(ctx, key+":private")
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return none(fmt.Errorf("staff %s: %w", id, err))
	}
	if errors.Is(text.Err(), redis.Nil) {
		return none(fmt.Errorf("staff %.20q: %w", id, db.ErrNotFound))
	}
	var state accountState
	if err := json.Unmarshal([]byte(text.Val()), &state); err != nil {
		return none(fmt.Errorf("staff %s: projection: %w", id, err))
	}
	account := Account{ID: id, Role: state.Role, Zone: state.Zone, Languages: state.Languages}
	privates, err := s.db.Unlock(ctx, "staff:"+id, values.Val())
	if err != nil {
		return none(err)
	}
	for _, p := range privates {
		if p.Commitment != state.Name {
			continue
		}
		if err := json.Unmarshal(p.Value, &account.Name); err != nil {
			return none(fmt.Errorf("staff %s: name: %w", id, err))
		}
	}
	return account, state, privates, nil
}
