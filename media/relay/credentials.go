package relay

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
)

const (
	// Life of credentials: an allocation must be made within it.
	Life = time.Hour
	// longestUse is how long after their end credentials keep up the allocation
	// that was made with them: a call must not break at their end.
	longestUse = 12 * time.Hour
)

// Credentials let one participant use the relay, as RTCIceServer takes them.
type Credentials struct {
	URLs               []string
	Username, Password string
	Expires            time.Time
}

// Credentials for a participant, who is anything that tells it from others; it
// can't be read out of the credentials.
func (s *Server) Credentials(who string, now time.Time) Credentials {
	expires := now.Add(Life).Truncate(time.Second)
	username := strconv.FormatInt(expires.Unix(), 10) + ":" + hex.EncodeToString(s.mac("who", who)[:8])
	return Credentials{URLs: slices.Clone(s.urls), Username: username, Password: s.password(username), Expires: expires}
}

func (s *Server) password(username string) string {
	return base64.RawURLEncoding.EncodeToString(s.mac("password", username)[:18])
}

func (s *Server) mac(use, text string) []byte {
	m := hmac.New(sha256.New, s.secret[:])
	m.Write([]byte(use + "\x00" + text))
	return m.Sum(nil)
}

// authenticate implements turn.AuthHandler: the participant of the credentials,
// and the key that its request must be signed with (RFC 8489 section 9.2.2).
func (s *Server) authenticate(ra *turn.RequestAttributes) (user string, key []byte, ok bool) {
	until, user, ok := strings.Cut(ra.Username, ":")
	if !ok {
		return "", nil, false
	}
	unix, err := strconv.ParseInt(until, 10, 64)
	if err != nil {
		return "", nil, false
	}
	expires := time.Unix(unix, 0)
	if ra.Method != stun.MethodAllocate {
		expires = expires.Add(longestUse)
	}
	if time.Now().After(expires) {
		return "", nil, false
	}
	return user, turn.GenerateAuthKey(ra.Username, ra.Realm, s.password(ra.Username)), true
}
