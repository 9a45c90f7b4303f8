// Package signin holds how staff prove who they are: by a passkey of a local
// account (WebAuthn level 3). It keeps nothing: what a ceremony has to find again
// at its next step, and the passkeys, are the caller's to store.
package signin

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"verifycall/rooms/db"
	"verifycall/rooms/staff"
)

// ErrRefused says that what a browser sent proves nothing, by errors.Is.
var ErrRefused = errors.New("the passkey is refused")

// ErrNoPasskeys says that browsers make no passkeys for such an address.
var ErrNoPasskeys = errors.New("passkeys need https:// and a name, or localhost")

// Account is a staff account with its passkeys.
type Account struct {
	ID       string // is the user handle too: a code, no name, as it stands in ledgers
	Name     string // shown by the device beside the passkey
	Passkeys []staff.Passkey
}

// Passkeys makes and checks passkeys of one deployment.
type Passkeys struct{ party *webauthn.WebAuthn }

// Step is what a ceremony goes on with.
type Step struct {
	Options json.RawMessage // for the browser: navigator.credentials' publicKey, in its JSON form
	Kept    string          // for Create or Use; must not be the browser's to change
}

// NewPasskeys makes them for the address that people reach the pages by: its host
// is the relying party's id, and its origin the only one. Errors: ErrNoPasskeys.
func NewPasskeys(public *url.URL) (*Passkeys, error) {
	host := public.Hostname()
	if _, err := netip.ParseAddr(host); err == nil || public.Scheme != "https" && host != "localhost" {
		return nil, ErrNoPasskeys
	}
	required := true
	party, err := webauthn.New(&webauthn.Config{
		RPID: host, RPDisplayName: "Verifycall", RPOrigins: []string{public.Scheme + "://" + public.Host},
		AttestationPreference: protocol.PreferNoAttestation,
		// A passkey is all that is asked for: it is found without a name, and the
		// device asks for a finger, a face or a PIN.
		AuthenticatorSelection: protocol.AuthenticatorSelection{RequireResidentKey: &required,
			ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired},
		// Nothing is asked of extensions; some password managers answer all the same.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, fmt.Errorf("passkeys: %w", err)
	}
	return &Passkeys{party}, nil
}

// BeginCreate begins to make a passkey; a device that has one of the account's
// already refuses.
func (p *Passkeys) BeginCreate(a Account) (Step, error) {
	h, err := holderOf(a)
	if err != nil {
		return Step{}, err
	}
	options, session, err := p.party.BeginRegistration(h,
		webauthn.WithExclusions(webauthn.Credentials(h.credentials).CredentialDescriptors()))
	if err != nil {
		return Step{}, fmt.Errorf("begin a passkey: %w", err)
	}
	return stepOf(options.Response, session)
}

// Create gives the passkey that a browser's answer brings, without name and time.
// Errors: ErrRefused.
func (p *Passkeys) Create(a Account, kept string, answer []byte) (staff.Passkey, error) {
	h, session, err := open(a, kept)
	if err != nil {
		return staff.Passkey{}, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return staff.Passkey{}, refused(err)
	}
	c, err := p.party.CreateCredential(h, session, parsed)
	if err != nil {
		return staff.Passkey{}, refused(err)
	}
	c.Attestation = webauthn.CredentialAttestation{} // none was asked for, it proves nothing
	text, err := json.Marshal(c)
	if err != nil {
		return staff.Passkey{}, fmt.Errorf("passkey: %w", err)
	}
	return staff.Passkey{ID: idOf(c.ID), Credential: text, Count: c.Authenticator.SignCount}, nil
}

// BeginUse begins a sign-in of whoever holds a passkey of this deployment.
func (p *Passkeys) BeginUse() (Step, error) {
	options, session, err := p.party.BeginDiscoverableLogin()
	if err != nil {
		return Step{}, fmt.Errorf("begin a sign-in: %w", err)
	}
	return stepOf(options.Response, session)
}

// Use gives the id of the account that an answer signs in and the passkey that
// did, with its new counter. find gives an account by its id. Errors: ErrRefused,
// also for a passkey whose counter went back: there are two of it.
func (p *Passkeys) Use(kept string, answer []byte, find func(id string) (Account, error)) (string, staff.Passkey, error) {
	var session webauthn.SessionData
	if err := json.Unmarshal([]byte(kept), &session); err != nil {
		return "", staff.Passkey{}, refused(err)
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return "", staff.Passkey{}, refused(err)
	}
	var fault error // of find, which is no refusal
	user, c, err := p.party.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
		a, err := find(string(handle))
		if fault = err; err != nil {
			return nil, err
		}
		return holderOf(a)
	}, session, parsed)
	switch {
	case fault != nil && !errors.Is(fault, db.ErrNotFound):
		return "", staff.Passkey{}, fmt.Errorf("passkey: %w", fault)
	case err != nil:
		return "", staff.Passkey{}, refused(err)
	case c.Authenticator.CloneWarning:
		return "", staff.Passkey{}, refused(errors.New("its counter went back"))
	}
	return string(user.WebAuthnID()), staff.Passkey{ID: idOf(c.ID), Count: c.Authenticator.SignCount}, nil
}

// idOf names a credential in ledgers.
func idOf(credential []byte) string {
	sum := sha256.Sum256(credential)
	return hex.EncodeToString(sum[:16])
}

func refused(err error) error {
	var detailed *protocol.Error
	if errors.As(err, &detailed) && detailed.DevInfo != "" {
		err = fmt.Errorf("%w (%s)", err, detailed.DevInfo)
	}
	return fmt.Errorf("%w: %w", ErrRefused, err)
}

func stepOf(options any, session *webauthn.SessionData) (Step, error) {
	shown, err := json.Marshal(options)
	if err != nil {
		return Step{}, fmt.Errorf("passkey: %w", err)
	}
	kept, err := json.Marshal(session)
	if err != nil {
		return Step{}, fmt.Errorf("passkey: %w", err)
	}
	return Step{shown, string(kept)}, nil
}

func open(a Account, kept string) (h *holder, session webauthn.SessionData, err error) {
	if h, err = holderOf(a); err != nil {
		return nil, session, err
	}
	if err := json.Unmarshal([]byte(kept), &session); err != nil {
		return nil, session, refused(err)
	}
	return h, session, nil
}

// holder is an Account as webauthn wants it.
type holder struct {
	Account
	credentials []webauthn.Credential
}

func holderOf(a Account) (*holder, error) {
	h := &holder{Account: a}
	for _, p := range a.Passkeys {
		var c webauthn.Credential
		if err := json.Unmarshal(p.Credential, &c); err != nil {
			return nil, fmt.Errorf("passkey %s: %w", p.ID, err)
		}
		c.Authenticator.SignCount = max(c.Authenticator.SignCount, p.Count)
		h.credentials = append(h.credentials, c)
	}
	return h, nil
}

// WebAuthnID implements webauthn.User.
func (h *holder) WebAuthnID() []byte { return []byte(h.ID) }

// WebAuthnName implements webauthn.User.
func (h *holder) WebAuthnName() string { return h.Name }

// WebAuthnDisplayName implements webauthn.User.
func (h *holder) WebAuthnDisplayName() string { return h.Name }

// WebAuthnCredentials implements webauthn.User.
func (h *holder) WebAuthnCredentials() []webauthn.Credential { return h.credentials }
