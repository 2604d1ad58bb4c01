package main

import (
	"context"
	"fmt"
	"time"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/mailer"
	"farthing.dev/farthing/token"
)

// mailEvery is how often e-mail that could not be sent is looked at again.
const mailEvery = 5 * time.Second

// post is how the provider sends e-mail: by queue, into outbox, or not at all.
type post struct {
	queue  *mailer.Queue
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
	server, err := mailer.NewSMTP(c.smtp, c.mailFrom)
	if err == nil {
		p.post.queue = mailer.NewQueue(server.Deliver, clock, p.log)
	}
	return err
}

// mailer is what the application sends e-mail by, nil for none.
func (p *post) mailer() app.Mailer {
	switch {
	case p.outbox != nil:
		return p.outbox
	case p.queue != nil:
		return p.queue
	}
	return nil
}

// sent is what the demo's page of sent e-mail reads, nil for no such page.
func (p *post) sent() func() []app.SentMail {
	if p.outbox == nil {
		return nil
	}
	return p.outbox.Sent
}

// run delivers the queue until ctx ends.
func (p *post) run(ctx context.Context) {
	if p.queue == nil {
		return
	}
	ticker := time.NewTicker(mailEvery)
	defer ticker.Stop()
	p.queue.Run(ctx, ticker.C, mailEvery)
}

// state says in a few words how e-mail is sent, and how that went since the start.
func (p *post) state() string {
	switch {
	case p.outbox != nil:
		return "kept in the demonstration's outbox"
	case p.queue == nil:
		return "none is sent: no mail server is set"
	}
	s := p.queue.Stats()
	return fmt.Sprintf("%d sent, %d tries failed, %d given up, %d waiting", s.Sent, s.Failed, s.GivenUp, s.Waiting)
}
