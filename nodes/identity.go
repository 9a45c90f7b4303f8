package nodes

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// IdentityLife is how long a passed-on request may take to arrive.
const IdentityLife = 30 * time.Second

// IdentityHeader carries the signed Identity of a passed-on request.
const IdentityHeader = "Verifycall-Identity"

// Identity says who makes a passed-on request, as the node that took it has found
// out; the cookie stays there.
type Identity struct {
	Role    string `json:"role"`
	Subject string `json:"subject"`
	Name    string `json:"name,omitempty"`
	Zone    string `json:"zone,omitempty"`
	Room    string `json:"room,omitempty"` // the only room that it opens, where not empty
	Browser string `json:"browser"`
	From    string `json:"from"`             // the client's address
	Proved  bool   `json:"proved,omitempty"` // a seller who entered a mailed code
	Links   int64  `json:"links,omitempty"`  // of a seller, see tickets.Ticket
}

// passport is an Identity for one request to one node.
type passport struct {
	Identity
	Method  string    `json:"method"`
	Path    string    `json:"path"` // with the query
	To      string    `json:"to"`   // node
	Expires time.Time `json:"expires"`
}

// ErrIdentity says that a request is none that a node has passed on just now.
var ErrIdentity = errors.New("no valid identity of a passed-on request")

const maxIdentity = 8 << 10 // bytes

// Sign gives the header's value for a request that is passed on to a node.
func (s Secret) Sign(who Identity, r *http.Request, to string, now time.Time) (string, error) {
	body, err := json.Marshal(passport{who, r.Method, r.URL.RequestURI(), to, now.Add(IdentityLife)})
	if err != nil {
		return "", fmt.Errorf("identity: %w", err)
	}
	return sign(s.identities, body), nil
}

// Verify gives the identity of a request that was passed on to this node. The
// error is ErrIdentity unless it was signed with the secret for this very node,
// method and path, less than IdentityLife ago.
func (s Secret) Verify(r *http.Request, self string, now time.Time) (Identity, error) {
	text := r.Header.Get(IdentityHeader)
	if text == "" || len(text) > maxIdentity {
		return Identity{}, ErrIdentity
	}
	body, err := opened(s.identities, text)
	if err != nil {
		return Identity{}, fmt.Errorf("%w: %w", ErrIdentity, err)
	}
	var p passport
	if err := json.Unmarshal(body, &p); err != nil {
		return Identity{}, fmt.Errorf("%w: %w", ErrIdentity, err)
	}
	switch {
	case p.To != self:
		return Identity{}, fmt.Errorf("%w: it is for another node", ErrIdentity)
	case p.Method != r.Method || p.Path != r.URL.RequestURI():
		return Identity{}, fmt.Errorf("%w: it is for another request", ErrIdentity)
	case now.After(p.Expires) || p.Expires.After(now.Add(IdentityLife+maxAge)):
		return Identity{}, fmt.Errorf("%w: its time is over", ErrIdentity)
	}
	return p.Identity, nil
}
