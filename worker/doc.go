// Package worker does what nobody asks for at the moment when it is due: it gives
// back holds whose time is over, and writes the security log. Each worker is told by a
// channel when to look, so a test decides the time and nothing sleeps.
package worker
