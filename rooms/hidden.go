package rooms

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"verifycall/rooms/proof"
)

// Two indexes are about what is private: the seller's mail address and the codes
// of silent flags. Their names hold a keyed digest, so that who reads Redis
// learns neither, and their members are ids as everywhere. The key is made of a
// signature that is never given away: it is the same on every node, and gone from
// Redis's sight. After the signing key was changed, Reindex makes them anew.

// hiddenKeyOf derives the key; without a signer the digests are guessable.
func hiddenKeyOf(signer proof.Signer) [sha256.Size]byte {
	if signer == nil {
		return [sha256.Size]byte{}
	}
	return sha256.Sum256([]byte(signer.SignHead([]byte("verifycall hidden indexes 1\n"))))
}

func (s *Store) hiddenIndex(kind, value string) string {
	mac := hmac.New(sha256.New, s.hiddenKey[:])
	mac.Write([]byte(kind + "\n" + value))
	return kind + ":" + hex.EncodeToString(mac.Sum(nil)[:16])
}

func (s *Store) sellerIndex(mail string) string {
	return s.hiddenIndex("seller", strings.ToLower(strings.TrimSpace(mail)))
}

func (s *Store) flagIndex(code string) string { return s.hiddenIndex("flag", code) }

// hiddenMemberships lists the indexes about what is private that a room with its
// values opened stands in.
func (s *Store) hiddenMemberships(r *Room) map[string]int64 {
	in := map[string]int64{}
	if r.State == "" || r.State == StatePurged {
		return in
	}
	at := r.place()
	if mail := r.Text(r.SellerMail); mail != "" {
		in[s.sellerIndex(mail)] = at
	}
	for _, ref := range r.Notes {
		if code := r.Note(ref).Code; code != "" {
			in[s.flagIndex(code)] = at
		}
	}
	return in
}
