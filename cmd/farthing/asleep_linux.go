package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// asleep is the difference between the clock that goes on while the machine sleeps and
// the one that Go measures durations by.
func asleep() time.Duration {
	var all, awake unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &all) != nil || unix.ClockGettime(unix.CLOCK_MONOTONIC, &awake) != nil {
		return 0
	}
	return time.Duration(all.Nano() - awake.Nano())
}
