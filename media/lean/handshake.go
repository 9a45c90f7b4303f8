package lean

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"sync"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/prf"
	"github.com/pion/dtls/v3/pkg/protocol/extension"
	"github.com/pion/dtls/v3/pkg/protocol/handshake"
	"github.com/pion/srtp/v3"
)

// keyLogLabel begins the line of a TLS 1.2 secret in the key log.
const keyLogLabel = "CLIENT_RANDOM"

// Handshake gathers what SRTP's keys are made of (RFC 5764 section 4.2) from
// one DTLS 1.2 handshake in which we are the server: it is the writer of pion's
// key log, in memory only, and the hook of its server hello.
type Handshake struct {
	mu           sync.Mutex // guards what follows; a leaf
	clientRandom []byte
	serverRandom [handshake.RandomLength]byte
	master       []byte
	suite        dtls.CipherSuiteID
	profile      srtp.ProtectionProfile
}

// Write takes a line of the key log: "CLIENT_RANDOM <random> <master secret>".
func (h *Handshake) Write(line []byte) (int, error) {
	fields := bytes.Fields(line)
	if len(fields) != 3 || string(fields[0]) != keyLogLabel {
		return len(line), nil // another kind of secret
	}
	random, err := hex.AppendDecode(nil, fields[1])
	if err != nil {
		return 0, fmt.Errorf("lean: key log: %w", err)
	}
	master, err := hex.AppendDecode(nil, fields[2])
	if err != nil {
		return 0, fmt.Errorf("lean: key log: %w", err)
	}
	h.mu.Lock()
	h.clientRandom, h.master = random, master
	h.mu.Unlock()
	return len(line), nil
}

// ServerHello notes what we say and leaves it as it is.
func (h *Handshake) ServerHello(hello handshake.MessageServerHello) handshake.Message {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.serverRandom = hello.Random.MarshalFixed()
	if hello.CipherSuiteID != nil {
		h.suite = dtls.CipherSuiteID(*hello.CipherSuiteID)
	}
	for _, e := range hello.Extensions {
		if use, ok := e.(*extension.UseSRTP); ok && len(use.ProtectionProfiles) == 1 {
			h.profile = srtp.ProtectionProfile(use.ProtectionProfiles[0])
		}
	}
	return &hello
}

// Keys are those of the finished handshake. Error: ErrNoKeys before its end.
// They must not be used before the peer's certificate was checked, that is
// before pion calls the connection connected.
func (h *Handshake) Keys() (srtp.SessionKeys, srtp.ProtectionProfile, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.master) == 0 || h.profile == 0 {
		return srtp.SessionKeys{}, 0, ErrNoKeys
	}
	config := srtp.Config{Profile: h.profile}
	if err := config.ExtractSessionKeysFromDTLS(exporter{h}, false); err != nil {
		return srtp.SessionKeys{}, 0, fmt.Errorf("lean: keys: %w", err)
	}
	return config.Keys, h.profile, nil
}

// Forget wipes the secrets.
func (h *Handshake) Forget() {
	h.mu.Lock()
	clear(h.master)
	h.master = nil
	h.mu.Unlock()
}

// exporter is RFC 5705 over a Handshake whose mu is held.
type exporter struct{ *Handshake }

// ExportKeyingMaterial implements srtp.KeyingMaterialExporter.
func (e exporter) ExportKeyingMaterial(label string, context []byte, length int) ([]byte, error) {
	if len(context) != 0 {
		return nil, errors.New("lean: an exporter's context isn't supported")
	}
	seed := append(append([]byte(label), e.clientRandom...), e.serverRandom[:]...)
	return prf.PHash(e.master, seed, length, e.hash())
}

// hash is that of the suite's pseudorandom function (RFC 5246 section 5).
func (e exporter) hash() prf.HashFunc {
	switch e.suite {
	case dtls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, dtls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384:
		return func() hash.Hash { return sha512.New384() }
	default:
		return func() hash.Hash { return sha256.New() }
	}
}
