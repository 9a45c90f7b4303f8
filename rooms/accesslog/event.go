package accesslog

// Event is something that somebody did, or was refused. Its texts are codes and
// opaque ids: no name, no address, no token.
type Event struct {
	Type  string // one of the Types
	Actor string // "auditor:ruth", "seller", "key:shop"; "nobody" without a session
	Body  Body
}

// Body holds what is known of an event; empty fields don't stand in the entry.
type Body struct {
	Room    string // number
	Role    string
	Account string
	Session string // tells sessions apart
	By      string // what somebody signed in with
	What    string // what was viewed, played or taken away
	Action  string // of the table of access
	Code    string // of the refusal
	Reason  string // of access.Reasons
	Kind    string // of a grant
	Grant   string // its id
}

// Types of events.
const (
	SignedIn   = "signed_in"
	SignedOut  = "signed_out"
	Refused    = "refused"
	Viewed     = "viewed"
	Played     = "played"
	Downloaded = "downloaded"
	KeyUsed    = "key_used"
	Reasoned   = "reason" // an operator said why
	RoleSet    = "role_set"
	Granted    = "granted"
	Revoked    = "revoked"
)

func (b Body) fields() map[string]any {
	m := map[string]any{}
	for name, value := range map[string]string{"room": b.Room, "role": b.Role, "account": b.Account, "session": b.Session, "by": b.By, "what": b.What,
		"action": b.Action, "code": b.Code, "reason": b.Reason, "kind": b.Kind, "grant": b.Grant} {
		if value != "" {
			m[name] = clean(value)
		}
	}
	return m
}

// clean keeps what may stand in an entry, and not too much of it.
func clean(text string) string {
	b := []byte(text[:min(len(text), maxText)])
	for i, c := range b {
		if c < ' ' || c > '~' {
			b[i] = '?'
		}
	}
	return string(b)
}

const maxText = 120 // bytes
