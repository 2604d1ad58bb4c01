//go:build !linux

package main

import "time"

// asleep cannot be told here: after the machine has slept, the clock is believed again at
// the next start.
func asleep() time.Duration { return 0 }
