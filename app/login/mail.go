package login

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/delivery"
	"farthing.dev/farthing/token"
)

// Mail is a message to one person, in plain text.
type Mail struct {
	ID      string `json:"-"`  // names the message, the same on every try
	To      string `json:"to"` // an e-mail address
	Subject string `json:"subject"`
	Text    string `json:"text"`
}

// SentMail is a message that was sent, and when.
type SentMail struct {
	Mail
	At time.Time
}

// Mailer sends mail. Send returns when the message was taken. The error of a message that
// will never be taken has delivery.ErrRefused in its chain, and that of one which was not
// taken by a server that works delivery.ErrThisOne. Neither tells whom it was for.
type Mailer interface {
	Send(ctx context.Context, m Mail) error
}

// noticeLife is for how long a notice about a login is tried to be sent.
const noticeLife = 24 * time.Hour

// CanMail reports whether this provider sends e-mail.
func (a *Login) CanMail() bool { return a.canMail() }

func (a *shared) canMail() bool { return a.mailer != nil }

// errNoMail says that this provider sends no e-mail.
func errNoMail() error {
	return token.Refuse(token.Unprocessable, "mail_off.provider")
}

// outgoing makes a message of mail, which is worth being sent for a time. What it says is
// sealed, as it may be a code, and to whom. Where nobody is to get it, domain is where
// somebody would have got it: such a message costs as much, and is not sent, so that nobody
// learns from the time that an answer takes whether there is somebody.
func (a *shared) outgoing(m Mail, domain string, life time.Duration) (delivery.Message, error) {
	now := a.clock.Now()
	d := delivery.Message{
		ID: token.NewID[token.DeliveryKind](a.ids), Kind: delivery.Mail, Receiver: domainOf(domain),
		CreatedAt: now.UnixMilli(), Due: now.UnixMilli(), Expires: now.Add(life).UnixMilli(),
	}
	plain, err := json.Marshal(m)
	if err != nil {
		return d, token.Wrap(err, "write mail")
	}
	defer clear(plain)
	d.Payload, err = a.deriver.Seal(a.random, keys.MailBox, plain, d.ID[:])
	return d, err
}

// domainOf returns the domain of an e-mail address.
func domainOf(email string) string {
	return strings.ToLower(email[strings.LastIndexByte(email, '@')+1:])
}

// mail enqueues a message of its own, or says that this provider sends none.
func (a *shared) mail(ctx context.Context, m Mail, life time.Duration) error {
	if a.mailer == nil {
		return errNoMail()
	}
	d, err := a.outgoing(m, m.To, life)
	if err != nil {
		return err
	}
	if err := a.catalog.Enqueue(ctx, d); err != nil {
		return err
	}
	a.queued(ctx)
	return nil
}

// MailSender sends e-mail from the queue. A message is tried until it expires, a dozen times
// at most.
func (a *Login) MailSender() delivery.Sender {
	return delivery.Sender{
		Kind: delivery.Mail, Send: a.deliverMail, Receivers: 8, Each: 4, Attempts: 12, Patience: 30 * time.Second,
		Backoff: delivery.Backoff{First: 5 * time.Second, Most: time.Minute},
	}
}

func (a *shared) deliverMail(ctx context.Context, d delivery.Message) error {
	plain, err := a.deriver.Open(keys.MailBox, d.Payload, d.ID[:])
	if err != nil {
		return fmt.Errorf("%w: %w", delivery.ErrRefused, err)
	}
	defer clear(plain)
	m := Mail{ID: d.ID.String()}
	if err := json.Unmarshal(plain, &m); err != nil {
		return fmt.Errorf("%w: it cannot be read", delivery.ErrRefused)
	}
	if m.To == "" { // there is nobody
		return nil
	}
	return a.mailer.Send(ctx, m)
}
