package staff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"verifycall/rooms/db"
	"verifycall/rooms/form"
	"verifycall/rooms/ledger"
)

// Passkey is a public key that signs its holder in to a staff account. What it is
// and how it is called are personal values: the account's ledger holds
// commitments to them.
type Passkey struct {
	ID         string          // lower-case hex, names it in ledgers
	Name       string          // as its holder calls it
	Added      time.Time       // UTC
	Credential json.RawMessage // as package signin writes it
	Count      uint32          // its signature counter at the last use; 0 where it counts nothing
	Used       time.Time       // UTC; zero until the first use
}

// MaxPasskeys of one account.
const MaxPasskeys = 10

// ErrPasskeys says that an account has MaxPasskeys.
var ErrPasskeys = errors.New("this account has as many passkeys as it may")

const (
	typePasskeyAdded   = "passkey_added"   // id, credential, name
	typePasskeyRemoved = "passkey_removed" // id
)

var passkeyForm = regexp.MustCompile(`^[0-9a-f]{32}$`)

// passkeyState is a passkey in the projection of its account.
type passkeyState struct {
	ID         string            `json:"id"`
	Added      time.Time         `json:"added"`
	Credential ledger.Commitment `json:"credential"`
	Name       ledger.Commitment `json:"name"`
}

// AddPasskey gives an account one more; one that it has is left as it is.
// Errors: db.ErrNotFound, ErrPasskeys, *form.InputError, db.ErrConflict, db.ErrUnknown.
func (s *Accounts) AddPasskey(ctx context.Context, actor, account string, p Passkey) error {
	if !passkeyForm.MatchString(p.ID) {
		return &form.InputError{Command: "AddPasskey", Field: "id", Why: "is none"}
	}
	credential, err := db.Private(p.Credential)
	if err != nil {
		return fmt.Errorf("passkey: %w", err)
	}
	name, err := db.Private(p.Name)
	if err != nil {
		return fmt.Errorf("passkey: %w", err)
	}
	return s.changePasskeys(ctx, account, func(state *accountState) (ledger.Entry, []ledger.Private, error) {
		if slices.ContainsFunc(state.Passkeys, func(k passkeyState) bool { return k.ID == p.ID }) {
			return ledger.Entry{}, nil, errSame
		}
		if len(state.Passkeys) >= MaxPasskeys {
			return ledger.Entry{}, nil, ErrPasskeys
		}
		now := s.now()
		state.Passkeys = append(state.Passkeys, passkeyState{p.ID, now.UTC(), credential.Commitment, name.Commitment})
		e, err := ledger.Append(state.Record, now, actor, typePasskeyAdded,
			map[string]any{"id": p.ID, "credential": credential.Commitment, "name": name.Commitment})
		return e, []ledger.Private{credential, name}, err
	})
}

// RemovePasskey takes one from an account. Errors: db.ErrNotFound, db.ErrConflict,
// db.ErrUnknown.
func (s *Accounts) RemovePasskey(ctx context.Context, actor, account, id string) error {
	err := s.changePasskeys(ctx, account, func(state *accountState) (ledger.Entry, []ledger.Private, error) {
		i := slices.IndexFunc(state.Passkeys, func(k passkeyState) bool { return k.ID == id })
		if i < 0 {
			return ledger.Entry{}, nil, fmt.Errorf("passkey: %w", db.ErrNotFound)
		}
		state.Passkeys = slices.Delete(state.Passkeys, i, i+1)
		e, err := ledger.Append(state.Record, s.now(), actor, typePasskeyRemoved, map[string]any{"id": id})
		return e, nil, err
	})
	if err != nil {
		return err
	}
	if _, _, err := s.db.Write(ctx, "HDEL", usedKey(account), id); err != nil {
		return fmt.Errorf("passkey: %w", err)
	}
	return nil
}

// errSame ends a change that would change nothing.
var errSame = errors.New("it is so already")

func (s *Accounts) changePasskeys(ctx context.Context, account string, change func(*accountState) (ledger.Entry, []ledger.Private, error)) error {
	for attempt := 1; ; attempt++ {
		err := s.changePasskeysOnce(ctx, account, change)
		if errors.Is(err, errSame) {
			return nil
		}
		if !errors.Is(err, db.ErrConflict) || attempt == db.Attempts {
			return err
		}
		if err := db.Pause(ctx, attempt); err != nil {
			return fmt.Errorf("passkeys of %s: %w", account, err)
		}
	}
}

func (s *Accounts) changePasskeysOnce(ctx context.Context, account string, change func(*accountState) (ledger.Entry, []ledger.Private, error)) error {
	_, state, err := s.load(ctx, account)
	if err != nil {
		return err
	}
	before := state.Record
	e, privates, err := change(&state)
	if err != nil {
		return err
	}
	state.Record = e.Head()
	text, err := json.Marshal(state)
	if err != nil {
		return fmt.Errorf("staff %s: %w", account, err)
	}
	return s.db.Commit(ctx, db.Change{
		Aggregate: "staff:" + account, State: text, Privates: privates,
		Chains: []db.Chain{{Ledger: recordName, Expect: before, Entries: []ledger.Entry{e}}},
	})
}

// Passkeys gives those of an account in the order in which they were added.
// Errors: db.ErrNotFound where there is no such account.
func (s *Accounts) Passkeys(ctx context.Context, account string) ([]Passkey, error) {
	_, state, privates, err := s.open(ctx, account)
	if err != nil {
		return nil, err
	}
	used, err := s.db.Client.HGetAll(ctx, usedKey(account)).Result()
	if err != nil {
		return nil, fmt.Errorf("passkeys of %s: %w", account, err)
	}
	opened := make(map[ledger.Commitment]json.RawMessage, len(privates))
	for _, p := range privates {
		opened[p.Commitment] = p.Value
	}
	list := make([]Passkey, 0, len(state.Passkeys))
	for _, k := range state.Passkeys {
		p := Passkey{ID: k.ID, Added: k.Added, Credential: opened[k.Credential]}
		if p.Credential == nil {
			continue // its value was erased, it opens nothing any more
		}
		if err := json.Unmarshal(opened[k.Name], &p.Name); err != nil {
			return nil, fmt.Errorf("passkey of %s: name: %w", account, err)
		}
		p.Count, p.Used = parseUsed(used[k.ID])
		list = append(list, p)
	}
	return list, nil
}

func usedKey(account string) string { return db.Prefix + "staff:" + account + ":used" }

// UsedPasskey notes a passkey's counter and time of use. It stands beside the
// ledger: a use is no change of the account.
func (s *Accounts) UsedPasskey(ctx context.Context, account, id string, count uint32) error {
	value := strconv.FormatUint(uint64(count), 10) + " " + strconv.FormatInt(s.now().UnixMilli(), 10)
	if _, _, err := s.db.Write(ctx, "HSET", usedKey(account), id, value); err != nil {
		return fmt.Errorf("passkey of %s: %w", account, err)
	}
	return nil
}

func parseUsed(text string) (uint32, time.Time) {
	first, second, _ := strings.Cut(text, " ")
	count, err := strconv.ParseUint(first, 10, 32)
	at, wrong := strconv.ParseInt(second, 10, 64)
	if err != nil || wrong != nil {
		return 0, time.Time{}
	}
	return uint32(count), time.UnixMilli(at).UTC()
}
