// Package stamp asks for and checks trusted time: tokens of a time-stamping
// authority (RFC 3161) that say at which time some bytes existed.
package stamp

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"sync"
	"time"

	"github.com/digitorus/pkcs7"
	"github.com/digitorus/timestamp"
)

// MaxSize bounds a response, bytes: a token with the certificates of its chain.
const MaxSize = 64 << 10

// Stamp is what a token says.
type Stamp struct {
	At       time.Time     // the bytes existed then
	Accuracy time.Duration // of At; 0 where the authority doesn't say
	By       string        // subject of the authority's certificate, RFC 2253
	Known    bool          // the certificate leads to one of the authorities given
}

// Request gives a TimeStampReq (RFC 3161 section 2.4.1) for text, which asks for
// the certificates too, and its nonce.
func Request(text []byte) (request []byte, nonce *big.Int, err error) {
	nonce, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64))
	if err != nil {
		return nil, nil, err
	}
	request, err = timestamp.CreateRequest(bytes.NewReader(text), &timestamp.RequestOptions{Hash: crypto.SHA256, Certificates: true, Nonce: nonce})
	return request, nonce, err
}

// CheckNonce checks that a response is the one to the request of that nonce.
func CheckNonce(response []byte, nonce *big.Int) error {
	t, err := parseResponse(response)
	if err != nil {
		return fmt.Errorf("time stamp: %w", err)
	}
	if t.Nonce == nil || t.Nonce.Cmp(nonce) != 0 {
		return errors.New("time stamp: the answer is to another request")
	}
	return nil
}

// parsing is held while pkcs7 parses: it indents its trace by a variable of its
// package (ber.go), which many at once would race for.
var parsing sync.Mutex

func parseResponse(response []byte) (*timestamp.Timestamp, error) {
	if err := checkDER(response, 0); err != nil {
		return nil, err
	}
	parsing.Lock()
	defer parsing.Unlock()
	return timestamp.ParseResponse(response)
}

func parseToken(token []byte) (*pkcs7.PKCS7, error) {
	parsing.Lock()
	defer parsing.Unlock()
	return pkcs7.Parse(token)
}

// Check reads a TimeStampResp (RFC 3161 section 2.4.2) in DER and checks that it
// was granted, that it is over the SHA-256 of text, and that it was signed by the
// certificate in it, which has to be one for time-stamping (section 2.3) and the
// one that the signature names by its digest (RFC 5816). That certificate has to
// lead to one of the authorities, as of the stamp's time; without any, and with
// others, Known is false.
func Check(response, text []byte, authorities []*x509.Certificate) (Stamp, error) {
	if len(response) > MaxSize {
		return Stamp{}, fmt.Errorf("time stamp of %d bytes", len(response))
	}
	t, err := parseResponse(response)
	if err != nil {
		return Stamp{}, fmt.Errorf("time stamp: %w", err)
	}
	if sum := sha256.Sum256(text); t.HashAlgorithm != crypto.SHA256 || !bytes.Equal(t.HashedMessage, sum[:]) {
		return Stamp{}, errors.New("time stamp: is over other bytes")
	}
	token, err := parseToken(t.RawToken)
	if err != nil {
		return Stamp{}, fmt.Errorf("time stamp: %w", err)
	}
	signer := token.GetOnlySigner()
	if signer == nil {
		return Stamp{}, errors.New("time stamp: isn't signed by one certificate that it holds")
	}
	if err := errors.Join(token.Verify(), checkContent(token), checkSigner(token, signer)); err != nil {
		return Stamp{}, fmt.Errorf("time stamp: %w", err)
	}
	s := Stamp{At: t.Time.UTC(), Accuracy: t.Accuracy, By: signer.Subject.String()}
	s.Known = leads(signer, token.Certificates, authorities, s.At)
	return s, nil
}

var (
	oidContentType          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidTSTInfo              = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidSigningCertificate   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	oidSigningCertificateV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidSHA256               = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidExtendedKeyUsage     = asn1.ObjectIdentifier{2, 5, 29, 37}
)

const maxDepth = 32 // of values within values; a stamp has some 15

// checkDER wants text to be whole values of definite length, in DER, and what they
// are made of too: the parser, which also takes BER, reads beyond the end of others.
func checkDER(text []byte, depth int) error {
	if depth > maxDepth {
		return errors.New("values too deep within values")
	}
	for len(text) > 0 {
		var value asn1.RawValue
		rest, err := asn1.Unmarshal(text, &value)
		if err != nil {
			return err
		}
		if value.IsCompound {
			if err := checkDER(value.Bytes, depth+1); err != nil {
				return err
			}
		}
		text = rest
	}
	return nil
}

// checkContent wants what is signed to be signed as a time stamp: a signature that
// the same key made over something else isn't one.
func checkContent(token *pkcs7.PKCS7) error {
	var kind asn1.ObjectIdentifier
	if err := token.UnmarshalSignedAttribute(oidContentType, &kind); err != nil {
		return err
	}
	if !kind.Equal(oidTSTInfo) {
		return fmt.Errorf("signs content of type %s", kind)
	}
	return nil
}

// certID is ESSCertIDv2 of RFC 5816; the older ESSCertID has no algorithm.
type certID struct {
	Algorithm pkix.AlgorithmIdentifier `asn1:"optional"` // SHA-256 if left out
	Digest    []byte
	Issuer    asn1.RawValue `asn1:"optional"`
}

type signingCertificate struct {
	Certs    []certID
	Policies asn1.RawValue `asn1:"optional"`
}

// checkSigner wants a certificate for time-stamping alone, and the very one that
// the signed attributes name.
func checkSigner(token *pkcs7.PKCS7, signer *x509.Certificate) error {
	critical := slices.ContainsFunc(signer.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(oidExtendedKeyUsage) && e.Critical })
	if !critical || !slices.Equal(signer.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}) || len(signer.UnknownExtKeyUsage) > 0 {
		return errors.New("is signed with a certificate that isn't for time-stamping")
	}
	var named signingCertificate
	if err := token.UnmarshalSignedAttribute(oidSigningCertificateV2, &named); err != nil {
		if token.UnmarshalSignedAttribute(oidSigningCertificate, &named) == nil {
			return errors.New("names its certificate by SHA-1 only")
		}
		return fmt.Errorf("doesn't name its certificate: %w", err)
	}
	if len(named.Certs) == 0 {
		return errors.New("doesn't name its certificate")
	}
	id, sum := named.Certs[0], sha256.Sum256(signer.Raw)
	if len(id.Algorithm.Algorithm) > 0 && !id.Algorithm.Algorithm.Equal(oidSHA256) {
		return fmt.Errorf("names its certificate by a digest %s", id.Algorithm.Algorithm)
	}
	if !bytes.Equal(id.Digest, sum[:]) {
		return errors.New("names another certificate than it holds")
	}
	return nil
}

// leads tells whether a certificate leads to one of the authorities: one that
// signed it, perhaps over others, or itself.
func leads(signer *x509.Certificate, between, authorities []*x509.Certificate, at time.Time) bool {
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range authorities {
		roots.AddCert(c)
	}
	for _, c := range between {
		intermediates.AddCert(c)
	}
	_, err := signer.Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates, CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}})
	return err == nil
}

// Authorities reads certificates in PEM, at least one; anything else in the text
// is an error.
func Authorities(text []byte) (list []*x509.Certificate, err error) {
	for text = bytes.TrimSpace(text); len(text) > 0; text = bytes.TrimSpace(text) {
		block, rest := pem.Decode(text)
		if block == nil || block.Type != "CERTIFICATE" {
			return nil, errors.New("not certificates in PEM")
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		list, text = append(list, c), rest
	}
	if len(list) == 0 {
		return nil, errors.New("no certificate")
	}
	return list, nil
}
