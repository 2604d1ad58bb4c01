package mailer

import (
	"context"
	"sync"

	"farthing.dev/farthing/app/login"
	"farthing.dev/farthing/token"
)

// mostKept bounds how many messages an outbox shows.
const mostKept = 100

// Outbox keeps the newest messages instead of sending them.
type Outbox struct {
	clock token.Clock

	mu   sync.Mutex
	sent []login.SentMail
}

var _ login.Mailer = (*Outbox)(nil)

// NewOutbox returns an empty outbox.
func NewOutbox(clock token.Clock) *Outbox { return &Outbox{clock: clock} }

// Send keeps a message.
func (o *Outbox) Send(_ context.Context, m login.Mail) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent = append(o.sent, login.SentMail{Mail: m, At: o.clock.Now()})
	if len(o.sent) > mostKept {
		o.sent = append([]login.SentMail(nil), o.sent[len(o.sent)-mostKept:]...)
	}
	return nil
}

// Sent returns the messages, newest first.
func (o *Outbox) Sent() []login.SentMail {
	o.mu.Lock()
	defer o.mu.Unlock()
	newest := make([]login.SentMail, 0, len(o.sent))
	for i := len(o.sent) - 1; i >= 0; i-- {
		newest = append(newest, o.sent[i])
	}
	return newest
}
