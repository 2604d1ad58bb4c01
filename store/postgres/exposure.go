package postgres

import (
	"crypto/tls"
	"fmt"
	"net"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Exposure says what whoever is on the way to the server could read or pretend, as its address has
// it, or "": where the address permits to go on without TLS, as it does unless told otherwise, or
// asks for no certificate. What stays on this machine is not exposed. It connects to nothing.
func Exposure(dsn string) (string, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return "", fmt.Errorf("read the database's address: %w", err)
	}
	unproved := ""
	for _, to := range append([]*pgconn.FallbackConfig{{Host: config.Host, Port: config.Port, TLSConfig: config.TLSConfig}}, config.Fallbacks...) {
		switch network, _ := pgconn.NetworkAddress(to.Host, to.Port); {
		case network == "unix", to.Host == "localhost", net.ParseIP(to.Host).IsLoopback():
		case to.TLSConfig == nil:
			return "the address permits to speak with " + to.Host + " without TLS: say sslmode=verify-full, and sslrootcert where its certificate is your own", nil
		case !proved(to.TLSConfig):
			unproved = "the certificate of " + to.Host + " is not looked at, so anybody could pretend to be it: say sslmode=verify-full, and sslrootcert where its certificate is your own"
		}
	}
	return unproved, nil
}

// proved reports whether the server must show a certificate that is trusted.
func proved(c *tls.Config) bool { return !c.InsecureSkipVerify || c.VerifyPeerCertificate != nil }
