// Package mailer sends the application's e-mail: through a mail server, by way of a
// queue that keeps nobody waiting and tries again, or into an outbox that a
// demonstration shows on a page. Nothing here writes an address or a text into a log.
package mailer
