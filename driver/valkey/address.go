package valkey

import (
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/redis/rueidis"
)

// form is how addresses are written. Errors say it instead of the address, which
// may hold a password.
const form = "write it as valkey://[user:password@]host:port[/db], or valkeys:// for TLS"

const (
	defaultPort = "6379"
	maxDB       = 1 << 16
	maxAddress  = 4096
)

// CheckAddress says what is wrong with an address, nil if it can be read. It
// connects to nothing, and never repeats the address.
func CheckAddress(address string) error {
	_, err := parse(address)
	return err
}

// parse reads an address.
func parse(address string) (rueidis.ClientOption, error) {
	var opt rueidis.ClientOption
	wrong := func(what string) (rueidis.ClientOption, error) {
		return rueidis.ClientOption{}, errors.New("the address of the Valkey server: " + what + ": " + form)
	}
	if len(address) > maxAddress {
		return wrong("is too long")
	}
	u, err := url.Parse(address)
	switch {
	case err != nil:
		// What url.Parse says repeats the address.
		return wrong("cannot be read; in a password write @ as %40, / as %2F, : as %3A, # as %23 and % as %25")
	case u.Scheme != "valkey" && u.Scheme != "redis" && u.Scheme != "valkeys" && u.Scheme != "rediss":
		return wrong("begins with neither valkey:// nor valkeys://")
	case u.Opaque != "" || u.Hostname() == "":
		return wrong("names no host")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return wrong("has something behind ? or #")
	}
	port := u.Port()
	if port == "" {
		port = defaultPort
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return wrong("has a port that is not 1 to 65535")
	}
	opt.InitAddress = []string{net.JoinHostPort(u.Hostname(), port)}
	if db := strings.TrimPrefix(u.Path, "/"); db != "" {
		n, err := strconv.ParseUint(db, 10, 32)
		if err != nil || n >= maxDB {
			return wrong("has a database that is not a number")
		}
		opt.SelectDB = int(n)
	}
	opt.Username = u.User.Username()
	opt.Password, _ = u.User.Password()
	if opt.Username != "" && opt.Password == "" {
		return wrong("has a user without a password; without a user it is :password@")
	}
	if u.Scheme == "valkeys" || u.Scheme == "rediss" {
		opt.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, ServerName: u.Hostname()}
	}
	return opt, nil
}
