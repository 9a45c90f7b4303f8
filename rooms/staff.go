package rooms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"

	"verifycall/rooms/ledger"
)

// Staff is an account. Its name is personal: the account's ledger holds a
// commitment to it.
type Staff struct {
	ID        string // letters, digits, "_", ".", "-"; stands in hashed entries, so no name
	Name      string
	Role      string // "manager", "auditor"
	Zone      string // IANA
	Languages []string
}

// staffState is the projection of an account.
type staffState struct {
	Role      string            `json:"role"`
	Zone      string            `json:"zone"`
	Languages []string          `json:"languages"`
	Name      ledger.Commitment `json:"name"`
	Passkeys  []passkeyState    `json:"passkeys,omitempty"`
	Record    ledger.Head       `json:"record"`
}

const typeStaffPut = "staff_put" // role, zone, languages, name

// PutStaff makes an account or changes it. One that is the same already is left
// alone. Errors: *InputError, ErrConflict, ErrUnknown.
func (s *Store) PutStaff(ctx context.Context, actor string, account Staff) error {
	if err := account.check(); err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		err := s.putStaff(ctx, actor, account)
		if !errors.Is(err, ErrConflict) || attempt == attempts {
			return err
		}
		if err := pause(ctx, attempt); err != nil {
			return fmt.Errorf("staff %s: %w", account.ID, err)
		}
	}
}

func (a Staff) check() error {
	forms := first(check(a, "id", a.ID, staffForm), check(a, "role", a.Role, codeForm),
		check(a, "zone", a.Zone, zoneForm))
	for _, language := range a.Languages {
		forms = first(forms, check(a, "language", language, codeForm))
	}
	return forms
}

func (s *Store) putStaff(ctx context.Context, actor string, account Staff) error {
	old, state, err := s.loadStaff(ctx, account.ID)
	switch {
	case err == nil && old.equal(account):
		return nil
	case err != nil && !errors.Is(err, ErrNotFound):
		return err
	}
	name, err := commit(account.Name)
	if err != nil {
		return fmt.Errorf("staff %s: %w", account.ID, err)
	}
	e, err := ledger.Append(state.Record, s.now(), actor, typeStaffPut, map[string]any{
		"role": account.Role, "zone": account.Zone, "languages": account.Languages, "name": name.Commitment,
	})
	if err != nil {
		return err
	}
	text, err := json.Marshal(staffState{account.Role, account.Zone, account.Languages, name.Commitment, state.Passkeys, e.Head()})
	if err != nil {
		return fmt.Errorf("staff %s: %w", account.ID, err)
	}
	return s.Commit(ctx, Change{
		Aggregate: "staff:" + account.ID, State: text, Privates: []ledger.Private{name},
		Chains: []Chain{{Ledger: ledgerRecord, Expect: state.Record, Entries: []ledger.Entry{e}}},
		Moves:  []Move{{Index: "staff", Member: account.ID}},
	})
}

func (a Staff) equal(b Staff) bool {
	return a.ID == b.ID && a.Name == b.Name && a.Role == b.Role && a.Zone == b.Zone && slices.Equal(a.Languages, b.Languages)
}

// Staff reads an account. Errors: ErrNotFound.
func (s *Store) Staff(ctx context.Context, id string) (Staff, error) {
	account, _, err := s.loadStaff(ctx, id)
	return account, err
}

// ListStaff reads all accounts of a role, all of them where role is empty, in
// the order of their ids.
func (s *Store) ListStaff(ctx context.Context, role string) ([]Staff, error) {
	ids, err := s.client.ZRange(ctx, prefix+"index:staff", 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("list staff: %w", err)
	}
	list := make([]Staff, 0, len(ids))
	for _, id := range ids {
		account, err := s.Staff(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("list staff: %w", err)
		}
		if role == "" || account.Role == role {
			list = append(list, account)
		}
	}
	return list, nil
}

func (s *Store) loadStaff(ctx context.Context, id string) (Staff, staffState, error) {
	account, state, _, err := s.openStaff(ctx, id)
	return account, state, err
}

// openStaff reads an account with all its personal values.
func (s *Store) openStaff(ctx context.Context, id string) (Staff, staffState, []ledger.Private, error) {
	none := func(err error) (Staff, staffState, []ledger.Private, error) { return Staff{}, staffState{}, nil, err }
	if !staffForm.MatchString(id) {
		return none(fmt.Errorf("staff %.20q: %w", id, ErrNotFound))
	}
	key := prefix + "staff:" + id
	pipe := s.client.Pipeline()
	text := pipe.HGet(ctx, key, "state")
	values := pipe.HGetAll(ctx, key+":private")
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return none(fmt.Errorf("staff %s: %w", id, err))
	}
	if errors.Is(text.Err(), redis.Nil) {
		return none(fmt.Errorf("staff %.20q: %w", id, ErrNotFound))
	}
	var state staffState
	if err := json.Unmarshal([]byte(text.Val()), &state); err != nil {
		return none(fmt.Errorf("staff %s: projection: %w", id, err))
	}
	account := Staff{ID: id, Role: state.Role, Zone: state.Zone, Languages: state.Languages}
	privates, err := s.unlock(ctx, "staff:"+id, values.Val())
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
