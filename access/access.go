// Package access holds the one table of who may do what: role × action ×
// relation to the room. HTTP, WebSocket and media ask it by Check; nothing else
// decides by a role. It is pure.
package access

import (
	"errors"
	"fmt"
	"slices"
)

// Role is what a person or a program is here.
type Role string

// The roles. Nobody has no session and no key.
const (
	Nobody      Role = ""
	Seller      Role = "seller"       // has a link; it is for one room
	Manager     Role = "manager"      // account manager, host of the calls in the own calendar
	TestManager Role = "test_manager" // whoever used the link of a test room; for that room alone
	Observer    Role = "observer"     // supervisor or trainee
	Auditor     Role = "auditor"      // re-checks what others decided
	Operator    Role = "operator"     // runs the installation
	Integrator  Role = "integrator"   // a program with a key; its scopes say what for
)

// Roles lists all of them, Nobody first.
var Roles = []Role{Nobody, Seller, Manager, TestManager, Observer, Auditor, Operator, Integrator}

// StaffRoles are those that an account can have.
var StaffRoles = []Role{Manager, Observer, Auditor, Operator}

// Scopes of an integrator's key.
const (
	ScopeRooms    = "rooms"    // make and read rooms
	ScopeEvidence = "evidence" // fetch bundles: a staff record
	ScopeTest     = "test"     // make test rooms
	ScopeCalendar = "calendar" // read and set account managers' hours
)

// Scopes lists them all.
var Scopes = []string{ScopeRooms, ScopeEvidence, ScopeTest, ScopeCalendar}

// Reasons are the codes that an operator can look into a record for. They stand
// in the room's custody ledger.
var Reasons = []string{"complaint", "legal_request", "incident", "subject_request"}

// Person is who asks.
type Person struct {
	Role   Role
	ID     string   // the staff account, the key's name, "seller"
	Room   string   // the only room that the sign-in or link is for, where not empty
	Scopes []string // of a key
	Reason string   // of Reasons: why an operator looks
}

// Place is the room that it is about; the zero Place where it is about none.
type Place struct {
	Room    string
	Manager string // staff account that hosts it, empty while there is none
}

// relation of a person to a place.
type relation uint8

const (
	none   relation = 1 << iota // no room
	own                         // the link's room, the manager's own, or one that this account has hosted
	others                      // somebody else's
)

const everyRoom = own | others

func (p Person) to(at Place) relation {
	switch {
	case at.Room == "":
		return none
	case p.Role == Integrator: // keys have no rooms of their own
		return others
	case p.Role == Seller:
		if p.Room == at.Room {
			return own
		}
	case p.ID != "" && p.ID == at.Manager && (p.Room == "" || p.Room == at.Room):
		return own
	}
	return others
}

// Why says what is missing.
type Why string

// What can be missing. WhyHidden must look as if the room weren't there.
const (
	WhySignIn Why = "sign_in"
	WhyRole   Why = "role"
	WhyHidden Why = "hidden"
	WhyScope  Why = "scope"
	WhyReason Why = "reason"
)

// Refusal is the error of Check.
type Refusal struct {
	Role   Role
	ID     string // who, as Person has it
	Action Action
	Why    Why
	Scope  string // that a key lacks
}

// Error implements error.
func (r *Refusal) Error() string { return fmt.Sprintf("%q may not %s: %s", r.Role, r.Action, r.Why) }

// Refused gives the Refusal in err, or nil.
func Refused(err error) *Refusal {
	var r *Refusal
	if errors.As(err, &r) {
		return r
	}
	return nil
}

// Check gives nil where the table lets the person do the action in that place,
// else a *Refusal. An action that the table doesn't have is refused to all.
func Check(p Person, a Action, at Place) error {
	no := func(why Why) error {
		return &Refusal{Role: p.Role, ID: p.ID, Action: a, Why: why, Scope: table[a].scope}
	}
	row, known := table[a]
	if known && row.public {
		return nil
	}
	allowed := row.of(p.Role)
	switch {
	case !known:
		return no(WhyRole)
	case p.Role == Nobody:
		return no(WhySignIn)
	case allowed == 0:
		return no(WhyRole)
	case allowed&p.to(at) == 0:
		return no(WhyHidden)
	case p.Role == Integrator && !slices.Contains(p.Scopes, row.scope):
		return no(WhyScope)
	case p.Role == Operator && row.reason && !slices.Contains(Reasons, p.Reason):
		return no(WhyReason)
	}
	return nil
}

// RolesOf gives the roles that can do an action somewhere, in the order of Roles.
func RolesOf(a Action) []Role {
	var roles []Role
	for _, role := range Roles {
		if table[a].public || table[a].of(role) != 0 {
			roles = append(roles, role)
		}
	}
	return roles
}

// Changes says whether an action can change a room's record.
func Changes(a Action) bool { return table[a].changes }
