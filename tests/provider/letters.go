package provider

import (
	"context"
	"sync"

	"farthing.dev/farthing/app/login"
)

// Letters keeps the e-mail that was sent.
type Letters struct {
	mu  sync.Mutex
	all []login.Mail
}

// Send keeps a message.
func (l *Letters) Send(_ context.Context, m login.Mail) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, m)
	return nil
}

// To returns the messages to an address, the oldest first.
func (l *Letters) To(email string) (found []login.Mail) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range l.all {
		if m.To == email {
			found = append(found, m)
		}
	}
	return found
}

// Last returns the message that was sent last.
func (l *Letters) Last() login.Mail {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.all) == 0 {
		return login.Mail{}
	}
	return l.all[len(l.all)-1]
}
