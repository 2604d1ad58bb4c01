package mailer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"farthing.dev/farthing/app/login"
	"farthing.dev/farthing/delivery"
)

// patience bounds one conversation with the mail server.
const patience = 20 * time.Second

// SMTP delivers messages to one mail server.
type SMTP struct {
	host    string
	from    string
	domain  string // of the sender
	options []mail.Option
}

// NewSMTP reads the server's address, smtp://user:password@host:587 or smtps:// for a
// server that speaks TLS from the first byte (port 465), and from whom messages come.
// Under smtp://, STARTTLS is required, unless the server is on this machine.
func NewSMTP(address, from string) (*SMTP, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || (u.Scheme != "smtp" && u.Scheme != "smtps") || (u.Path != "" && u.Path != "/") || u.RawQuery != "" {
		return nil, errors.New("the mail server is an address like smtp://user:password@mail.example.org:587 or smtps://…") // not err: it repeats the password
	}
	if err := mail.NewMsg().From(from); err != nil {
		return nil, fmt.Errorf("the sender of e-mail %q is not an address like Farthing <no-reply@example.org>", from)
	}
	s := &SMTP{host: u.Hostname(), from: from, domain: strings.TrimSuffix(from[strings.LastIndexByte(from, '@')+1:], ">"), options: []mail.Option{mail.WithTimeout(patience)}}
	port := 587
	switch {
	case u.Scheme == "smtps":
		port, s.options = 465, append(s.options, mail.WithSSL())
	case loopback(s.host):
		s.options = append(s.options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		s.options = append(s.options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if text := u.Port(); text != "" {
		if port, err = strconv.Atoi(text); err != nil || port < 1 || port > 65535 {
			return nil, errors.New("the mail server's port lies between 1 and 65535")
		}
	}
	s.options = append(s.options, mail.WithPort(port))
	if u.User != nil {
		password, _ := u.User.Password()
		s.options = append(s.options, mail.WithSMTPAuth(authFor(u)), mail.WithUsername(u.User.Username()), mail.WithPassword(password))
	}
	_, err = mail.NewClient(s.host, s.options...)
	return s, err
}

// authFor returns how to log in: in the best way that the server knows. On this machine
// there is no TLS, without which that would leave out the plain one, often the only one.
func authFor(server *url.URL) mail.SMTPAuthType {
	if server.Scheme == "smtp" && loopback(server.Hostname()) {
		return mail.SMTPAuthPlainNoEnc
	}
	return mail.SMTPAuthAutoDiscover
}

func loopback(host string) bool {
	address := net.ParseIP(host)
	return host == "localhost" || address != nil && address.IsLoopback()
}

var _ login.Mailer = (*SMTP)(nil)

// Send sends one message and waits until the server has taken it. Its errors tell what
// happened but not to whom.
func (s *SMTP) Send(ctx context.Context, m login.Mail) error {
	message := mail.NewMsg()
	if err := message.From(s.from); err != nil {
		return fmt.Errorf("%w: the sender is not an address", delivery.ErrRefused)
	}
	if err := message.To(m.To); err != nil {
		return fmt.Errorf("%w: the recipient is not an address", delivery.ErrRefused)
	}
	message.Subject(m.Subject)
	message.SetDate()
	if m.ID == "" {
		message.SetMessageID()
	} else {
		message.SetMessageIDWithValue(m.ID + "@" + s.domain)
	}
	message.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no answers from machines
	message.SetBodyString(mail.TypeTextPlain, m.Text)
	client, err := mail.NewClient(s.host, s.options...)
	if err != nil {
		return err
	}
	err = client.DialAndSendWithContext(ctx, message)
	if message.IsDelivered() { // whatever became of the conversation after that
		return nil
	}
	return discreet(err)
}

// authenticationRequired is RFC 4954's answer to any command of who should have logged in.
const authenticationRequired = 530

// discreet keeps of an error what does not name the recipient.
func discreet(err error) error {
	if err == nil {
		return nil
	}
	refusal, ok := errors.AsType[*mail.SendError](err)
	switch {
	case !ok: // before anybody was named: no connection, no TLS, no login
		return err
	case refusal.Reason == mail.ErrSMTPMailFrom, refusal.ErrorCode() == authenticationRequired: // of the sender: of every letter
		return fmt.Errorf("the mail server does not take mail from here: code %d %s", refusal.ErrorCode(), refusal.EnhancedStatusCode())
	case refusal.ErrorCode() >= 500:
		return fmt.Errorf("%w: code %d %s", delivery.ErrRefused, refusal.ErrorCode(), refusal.EnhancedStatusCode())
	}
	return fmt.Errorf("%w: %s: code %d %s", delivery.ErrThisOne, refusal.Reason, refusal.ErrorCode(), refusal.EnhancedStatusCode())
}

// Check connects to the mail server as Send does, with TLS and login, and sends nothing.
func (s *SMTP) Check(ctx context.Context) error {
	client, err := mail.NewClient(s.host, s.options...)
	if err != nil {
		return err
	}
	if err := client.DialWithContext(ctx); err != nil {
		return err
	}
	return client.Close()
}
