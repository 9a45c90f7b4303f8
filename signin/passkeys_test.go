package signin

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"verifycall/rooms/db"
	"verifycall/rooms/staff"
	"verifycall/signin/softkey"
)

const origin = "https://calls.example"

// desk is a deployment with accounts.
type desk struct {
	t        *testing.T
	passkeys *Passkeys
	accounts map[string]Account
}

func openDesk(t *testing.T) *desk {
	t.Helper()
	public, err := url.Parse(origin)
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewPasskeys(public)
	if err != nil {
		t.Fatal(err)
	}
	return &desk{t, p, map[string]Account{"m17": {ID: "m17", Name: "Maria König"}, "a3": {ID: "a3", Name: "Ada Stone"}}}
}

func (d *desk) find(id string) (Account, error) {
	a, known := d.accounts[id]
	if !known {
		return Account{}, db.ErrNotFound
	}
	return a, nil
}

func (d *desk) key() *softkey.Key {
	d.t.Helper()
	k, err := softkey.New(origin, "calls.example")
	if err != nil {
		d.t.Fatal(err)
	}
	return k
}

// create makes a passkey of an account, after change has been made to the key.
func (d *desk) create(account string, k *softkey.Key) error {
	d.t.Helper()
	step, err := d.passkeys.BeginCreate(d.accounts[account])
	if err != nil {
		d.t.Fatal(err)
	}
	answer, err := k.Create(step.Options)
	if err != nil {
		d.t.Fatal(err)
	}
	p, err := d.passkeys.Create(d.accounts[account], step.Kept, answer)
	if err != nil {
		return err
	}
	a := d.accounts[account]
	a.Passkeys = append(a.Passkeys, p)
	d.accounts[account] = a
	return nil
}

// use signs in with a key.
func (d *desk) use(k *softkey.Key) (string, staff.Passkey, error) {
	d.t.Helper()
	step, err := d.passkeys.BeginUse()
	if err != nil {
		d.t.Fatal(err)
	}
	answer, err := k.Use(step.Options)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.passkeys.Use(step.Kept, answer, d.find)
}

func TestPasskeySignsIn(t *testing.T) {
	d := openDesk(t)
	maria, ada := d.key(), d.key()
	maria.Count = 7
	for account, k := range map[string]*softkey.Key{"m17": maria, "a3": ada} {
		if err := d.create(account, k); err != nil {
			t.Fatal(err)
		}
	}
	for account, k := range map[string]*softkey.Key{"m17": maria, "a3": ada} {
		who, p, err := d.use(k)
		if err != nil || who != account || p.ID != d.accounts[account].Passkeys[0].ID {
			t.Errorf("%s signs in as %q with %+v (%v)", account, who, p, err)
		}
	}
	if text := string(d.accounts["m17"].Passkeys[0].Credential); strings.Contains(text, "clientData") && strings.Contains(text, `"object":"`) {
		t.Errorf("the attestation was kept: %s", text)
	}
}

func TestPasskeyRefusals(t *testing.T) {
	for name, change := range map[string]func(*softkey.Key){
		"another origin":        func(k *softkey.Key) { k.Origin = "https://calls.example.evil.example" },
		"plain http":            func(k *softkey.Key) { k.Origin = "http://calls.example" },
		"another port":          func(k *softkey.Key) { k.Origin = "https://calls.example:8443" },
		"another relying party": func(k *softkey.Key) { k.RP = "evil.example" },
		"no finger, face, PIN":  func(k *softkey.Key) { k.Verified = false },
	} {
		t.Run(name, func(t *testing.T) {
			d := openDesk(t)
			k := d.key()
			change(k)
			if err := d.create("m17", k); !errors.Is(err, ErrRefused) {
				t.Errorf("made: %v", err)
			}
			k = d.key()
			if err := d.create("m17", k); err != nil {
				t.Fatal(err)
			}
			change(k)
			if who, _, err := d.use(k); !errors.Is(err, ErrRefused) {
				t.Errorf("signed in as %q: %v", who, err)
			}
		})
	}
}

func TestPasskeyOfAnother(t *testing.T) {
	d := openDesk(t)
	k, stranger, thief := d.key(), d.key(), d.key()
	if err := d.create("m17", k); err != nil {
		t.Fatal(err)
	}
	if err := d.create("a3", thief); err != nil {
		t.Fatal(err)
	}
	stranger.Handle = []byte("m17")
	thief.Handle = []byte("m17")
	for name, k := range map[string]*softkey.Key{"unknown": stranger, "of another account": thief} {
		if who, _, err := d.use(k); !errors.Is(err, ErrRefused) {
			t.Errorf("a key %s signs in as %q: %v", name, who, err)
		}
	}
	k.Handle = []byte("nobody")
	if who, _, err := d.use(k); !errors.Is(err, ErrRefused) {
		t.Errorf("an account that is gone signs in as %q: %v", who, err)
	}
}

// An answer is good for its own challenge only, and its own kind of ceremony.
func TestPasskeyReplay(t *testing.T) {
	d := openDesk(t)
	k := d.key()
	if err := d.create("m17", k); err != nil {
		t.Fatal(err)
	}
	one, err := d.passkeys.BeginUse()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := k.Use(one.Options)
	if err != nil {
		t.Fatal(err)
	}
	two, err := d.passkeys.BeginUse()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.passkeys.Use(two.Kept, answer, d.find); !errors.Is(err, ErrRefused) {
		t.Errorf("an old answer to a new challenge: %v", err)
	}
	if _, err := d.passkeys.Create(d.accounts["m17"], one.Kept, answer); !errors.Is(err, ErrRefused) {
		t.Errorf("a sign-in as a creation: %v", err)
	}
	for _, junk := range []string{"", "{}", "null", `{"id":"x","rawId":"x","type":"public-key"}`, strings.Repeat("[", 10000)} {
		if _, _, err := d.passkeys.Use(one.Kept, []byte(junk), d.find); !errors.Is(err, ErrRefused) {
			t.Errorf("%.20q: %v", junk, err)
		}
		if _, err := d.passkeys.Create(d.accounts["m17"], one.Kept, []byte(junk)); !errors.Is(err, ErrRefused) {
			t.Errorf("%.20q: %v", junk, err)
		}
	}
}

// A counter that doesn't rise says that there are two of a key.
func TestPasskeyCopied(t *testing.T) {
	d := openDesk(t)
	k := d.key()
	k.Count = 5
	if err := d.create("m17", k); err != nil {
		t.Fatal(err)
	}
	_, used, err := d.use(k)
	if err != nil || used.Count != 6 {
		t.Fatalf("counter %d (%v)", used.Count, err)
	}
	a := d.accounts["m17"]
	a.Passkeys[0].Count = used.Count
	k.Count = 4
	if _, _, err := d.use(k); !errors.Is(err, ErrRefused) {
		t.Errorf("a counter that went back: %v", err)
	}
}

func TestWhereThereAreNoPasskeys(t *testing.T) {
	for text, want := range map[string]error{
		"http://127.0.0.1:8080": ErrNoPasskeys, "https://192.0.2.7": ErrNoPasskeys, "https://[2001:db8::1]": ErrNoPasskeys,
		"http://calls.example": ErrNoPasskeys, "http://localhost:8080": nil, "https://calls.example:8443": nil,
	} {
		public, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := NewPasskeys(public); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", text, err, want)
		}
	}
}
