// Package mailer sends the application's e-mail: through a mail server, or into an outbox
// that a demonstration shows on a page. What is tried again, and when, is decided by the queue
// of package delivery. Nothing here writes an address or a text into a log.
package mailer
