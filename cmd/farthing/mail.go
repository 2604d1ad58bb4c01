package main

import (
	"fmt"

	"farthing.dev/farthing/app/login"
	"farthing.dev/farthing/delivery"
	"farthing.dev/farthing/mailer"
	"farthing.dev/farthing/token"
)

// post is how the provider sends e-mail: by server, into outbox, or not at all.
type post struct {
	server *mailer.SMTP
	outbox *mailer.Outbox
}

// openPost reads how e-mail is sent. A demo keeps it in an outbox.
func (p *provider) openPost(c config, clock token.Clock, demo bool) error {
	if demo {
		p.post.outbox = mailer.NewOutbox(clock)
		return nil
	}
	if c.smtp == "" {
		p.log.Warn("no mail server is set (--smtp), so this provider sends no e-mail: addresses are not confirmed, and new passwords and codes by e-mail are not available")
		return nil
	}
	var err error
	p.post.server, err = mailer.NewSMTP(c.smtp, c.mailFrom)
	return err
}

// mailer is what the application sends e-mail by, nil for none.
func (p *post) mailer() login.Mailer {
	switch {
	case p.outbox != nil:
		return p.outbox
	case p.server != nil:
		return p.server
	}
	return nil
}

// sent is what the demo's page of sent e-mail reads, nil for no such page.
func (p *post) sent() func() []login.SentMail {
	if p.outbox == nil {
		return nil
	}
	return p.outbox.Sent
}

// state says in a few words how e-mail is sent, and how that went since the start.
func (p *post) state(queue *delivery.Queue) string {
	switch {
	case p.outbox != nil:
		return "kept in the demonstration's outbox"
	case p.server == nil:
		return "none is sent: no mail server is set"
	}
	s := queue.Stats(delivery.Mail)
	return fmt.Sprintf("%d sent, %d tries failed, %d given up, %d waiting", s.Sent, s.Failed, s.GivenUp, s.Waiting)
}
