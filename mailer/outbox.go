package mailer

import (
	"context"
	"sync"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/token"
)

// mostKept bounds how many messages an outbox shows.
const mostKept = 100

// Outbox keeps the newest messages instead of sending them.
type Outbox struct {
	clock token.Clock

	mu   sync.Mutex
	sent []app.SentMail
}

var _ app.Mailer = (*Outbox)(nil)

// NewOutbox returns an empty outbox.
func NewOutbox(clock token.Clock) *Outbox { return &Outbox{clock: clock} }

// Send keeps a message.
func (o *Outbox) Send(_ context.Context, m app.Mail) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent = append(o.sent, app.SentMail{Mail: m, At: o.clock.Now()})
	if len(o.sent) > mostKept {
		o.sent = append([]app.SentMail(nil), o.sent[len(o.sent)-mostKept:]...)
	}
	return nil
}

// Sent returns the messages, newest first.
func (o *Outbox) Sent() []app.SentMail {
	o.mu.Lock()
	defer o.mu.Unlock()
	newest := make([]app.SentMail, 0, len(o.sent))
	for i := len(o.sent) - 1; i >= 0; i-- {
		newest = append(newest, o.sent[i])
	}
	return newest
}
