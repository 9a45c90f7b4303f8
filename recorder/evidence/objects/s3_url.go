package objects

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/minio/minio-go/v7"
)

// S3Place is what a URL s3://BUCKET/PREFIX?endpoint=https://HOST&region=R&lock=MODE
// says: where a store is in S3, and how its sealed objects are locked. It holds no
// credentials; those come by the environment.
type S3Place struct {
	Bucket   string
	Prefix   string // empty, or ends with a slash
	Endpoint string // host:port
	Plain    bool   // http, for a server on the own network; objects are encrypted anyway
	Region   string // empty: asked of the server
	// Lock is what keeps a sealed object: "compliance" (nobody can delete it before
	// its time, not even the owner of the account), "governance" (who has a special
	// right can) or "none", for a bucket without object lock.
	Lock string
}

// Modes of S3Place.Lock.
const (
	LockCompliance = "compliance"
	LockGovernance = "governance"
	LockNone       = "none"
)

// awsEndpoint is where a URL without endpoint leads.
const awsEndpoint = "https://s3.amazonaws.com"

// bucketForm is what all S3 servers take as a bucket's name.
var bucketForm = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// ParseS3 reads the URL of a store. The error says what is wrong with it and never
// repeats a password that stands where none belongs.
func ParseS3(text string) (S3Place, error) {
	u, err := url.Parse(text)
	if err != nil {
		return S3Place{}, errors.New("is no URL") // the parser's error repeats it
	}
	p := S3Place{Bucket: u.Host, Prefix: strings.Trim(u.Path, "/"), Lock: LockCompliance}
	switch {
	case u.Scheme != "s3" || u.Opaque != "" || u.Fragment != "":
		return p, errors.New("isn't s3://BUCKET/PREFIX")
	case u.User != nil:
		return p, errors.New("holds credentials: give them as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	case !bucketForm.MatchString(p.Bucket):
		return p, fmt.Errorf("%.80q is no bucket's name", p.Bucket)
	}
	if p.Prefix != "" {
		if err := CheckName(p.Prefix); err != nil {
			return p, err
		}
		p.Prefix += "/"
	}
	return p, p.options(u.Query())
}

func (p *S3Place) options(query url.Values) error {
	endpoint := awsEndpoint
	for key, values := range query {
		value := values[len(values)-1]
		switch key {
		case "endpoint":
			endpoint = value
		case "region":
			p.Region = value
		case "lock":
			p.Lock = value
		default:
			return fmt.Errorf("option %.40q isn't known: endpoint, region and lock are", key)
		}
	}
	e, err := url.Parse(endpoint)
	if err != nil || e.Host == "" || e.Scheme != "https" && e.Scheme != "http" || e.User != nil || strings.Trim(e.Path, "/") != "" || e.RawQuery != "" {
		return errors.New("the endpoint isn't https://HOST or http://HOST:PORT")
	}
	p.Endpoint, p.Plain = e.Host, e.Scheme == "http"
	if p.Lock != LockCompliance && p.Lock != LockGovernance && p.Lock != LockNone {
		return fmt.Errorf("lock=%.40q is not %s, %s or %s", p.Lock, LockCompliance, LockGovernance, LockNone)
	}
	return nil
}

// mode is the place's lock as S3 names it.
func (p S3Place) mode() minio.RetentionMode {
	if p.Lock == LockGovernance {
		return minio.Governance
	}
	return minio.Compliance
}
