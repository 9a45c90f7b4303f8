package settings

import (
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"verifycall/mail"
	"verifycall/nodes"
	"verifycall/recorder/evidence/objects"
	"verifycall/rooms/db"
)

// checkNodes wants all that is needed to work with other nodes, or nothing of it.
func (c *Settings) checkNodes() error {
	given := 0
	for _, value := range []string{c.ClusterSecret, c.NodeListen, c.NodeCIDR} {
		if value != "" {
			given++
		}
	}
	switch {
	case given == 0:
		return nil
	case given < 3 || c.Redis == "":
		return errors.New("--cluster-secret-file, --node-listen, --node-cidr and --redis: nodes need all of them")
	}
	_, err := nodes.LoadSecret(c.ClusterSecret)
	if err != nil {
		err = fmt.Errorf("--cluster-secret-file: %w", err)
	}
	if why := hostPort(c.NodeListen); why != "" {
		err = errors.Join(err, fmt.Errorf("--node-listen: %q %s", c.NodeListen, why))
	}
	if _, wrong := nodes.ParseNetworks(commaList(c.NodeCIDR)); wrong != nil {
		err = errors.Join(err, fmt.Errorf("--node-cidr: %w", wrong))
	}
	return err
}

// NodeNetworks are those of --node-cidr, which was checked.
func (c *Settings) NodeNetworks() []netip.Prefix {
	networks, _ := nodes.ParseNetworks(commaList(c.NodeCIDR))
	return networks
}

// NoTURN as --turn-listen means that there is no relay.
const NoTURN = "none"

// Relays says whether there is a relay, on a port of its own or beside the pages.
func (c *Settings) Relays() bool {
	return c.TURNListen != NoTURN && (c.TURNListen != "" || c.Encrypted())
}

// checkTURN names what is wrong with the relay's settings.
func (c *Settings) checkTURN() error {
	var faults []error
	if why := hostPort(c.TURNListen); why != "" && c.TURNListen != "" && c.TURNListen != NoTURN {
		faults = append(faults, fmt.Errorf("--turn-listen: %q %s", c.TURNListen, why))
	}
	if c.ClusterSecret != "" && c.TURNURL == "" && c.Relays() {
		faults = append(faults, errors.New("--turn-url: each node needs one that leads to itself, for a relay reaches its own node alone; or --turn-listen none"))
	}
	if c.TURNURL != "" && !strings.HasPrefix(c.TURNURL, "turn:") && !strings.HasPrefix(c.TURNURL, "turns:") {
		faults = append(faults, fmt.Errorf("--turn-url: %q is no turn: or turns: URL", c.TURNURL))
	}
	return errors.Join(faults...)
}

func (c *Settings) checkMail() error {
	var faults []error
	if c.SMTPURL != "" {
		_, err := mail.NewSMTP(c.SMTPURL)
		if err != nil {
			faults = append(faults, fmt.Errorf("--%w", err))
		}
		if c.MailFrom == "" {
			faults = append(faults, errors.New("--mail-from: is needed with --smtp-url"))
		}
	}
	if a, err := netmail.ParseAddress(c.MailFrom); c.MailFrom != "" && (err != nil || a.Address != c.MailFrom) {
		faults = append(faults, fmt.Errorf("--mail-from: %q is no mail address", c.MailFrom))
	}
	return errors.Join(faults...)
}

// CheckStores names what is wrong with the evidence store, --data and --redis.
func (c *Settings) CheckStores() error {
	var err error
	if strings.HasPrefix(c.Store, S3Scheme) {
		_, err = objects.ParseS3(c.Store)
	} else {
		_, err = StoreFolder(c.Store)
	}
	if err != nil {
		err = fmt.Errorf("--store: %w", err)
	}
	return errors.Join(err, checkDataAndRedis(c.Data, c.Redis))
}

func checkDataAndRedis(data, redis string) error {
	var faults []error
	if redis != "" {
		if err := db.CheckURL(redis); err != nil {
			faults = append(faults, fmt.Errorf("--redis: %w", err))
		}
	}
	if data == "" {
		faults = append(faults, errors.New("--data: is empty"))
	}
	return errors.Join(faults...)
}

func hostPort(value string) string {
	host, port, err := net.SplitHostPort(value)
	if err != nil {
		return "is not host:port"
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n > 65535 {
		return "has no port of 0 to 65535"
	}
	if host != "" && host != "localhost" {
		if _, err := netip.ParseAddr(host); err != nil {
			return "has no IP address as host"
		}
	}
	return ""
}

func commaList(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// S3Scheme begins the URL of a store in S3.
const S3Scheme = "s3://"

// StoreFolder gives the folder that --store means.
func StoreFolder(text string) (string, error) {
	scheme, _, found := strings.Cut(text, "://")
	if !found {
		return text, nil
	}
	u, err := url.Parse(text)
	if err != nil || scheme != "file" || u.Host != "" && u.Host != "localhost" || u.Path == "" {
		return "", fmt.Errorf("%q is no folder and no file:///folder", text)
	}
	return filepath.FromSlash(u.Path), nil
}
