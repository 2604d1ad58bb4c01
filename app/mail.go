package app

import (
	"context"
	"time"

	"farthing.dev/farthing/token"
)

// Mail is a message to one person, in plain text.
type Mail struct {
	To      string // an e-mail address
	Subject string
	Text    string
}

// SentMail is a message that was sent, and when.
type SentMail struct {
	Mail
	At time.Time
}

// Mailer sends mail. Send returns when the message is accepted for sending, without
// waiting for anybody else's server; what cannot be delivered at once is tried again.
type Mailer interface {
	Send(ctx context.Context, m Mail) error
}

// CanMail reports whether this provider sends e-mail.
func (a *App) CanMail() bool { return a.mailer != nil }

// mail sends a message, or says that this provider sends none.
func (a *App) mail(ctx context.Context, m Mail) error {
	if a.mailer == nil {
		return token.Refuse(token.Unprocessable, "mail_off.provider")
	}
	return a.mailer.Send(ctx, m)
}
