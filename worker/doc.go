// Package worker does what nobody asks for at the moment when it is due: holds whose time
// is over are given back, the security log is written, keys are turned. Each worker is told
// by a channel when to look, so a test decides the time and nothing sleeps.
package worker
