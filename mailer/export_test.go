package mailer

import (
	"context"
	"net"

	"github.com/wneessen/go-mail"
)

// DialTo lets the server's name lead to an address of this machine.
func (s *SMTP) DialTo(address string) {
	s.options = append(s.options, mail.WithDialContextFunc(func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", address)
	}))
}
