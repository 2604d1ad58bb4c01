package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"farthing.dev/farthing/edge/local"
)

const followersUsage = `Usage: farthing followers

Who follows the journal, up to which entry, and how many entries were appended since.

`

// followersCommand tells who follows the journal.
func followersCommand(ctx context.Context, args []string, out, diag io.Writer) int {
	return askLocal(ctx, "followers", followersUsage, local.Request{Do: local.ListFollowers}, args, nil, out, diag, func(a local.Answer) {
		for _, f := range a.Followers {
			state := fmt.Sprintf("%d behind", f.Lag)
			if f.Stopped != "" {
				state += ", stopped: " + f.Stopped
			}
			fmt.Fprintf(out, "%-20s entry %d, %s\n", f.Name, f.Entry, state)
		}
		if len(a.Followers) == 0 {
			fmt.Fprintln(out, "Nobody has followed the journal yet.")
		}
	})
}

const watchdogUsage = `Usage: farthing watchdog status                   the invariant that does not hold, if there is one
       farthing watchdog clear --reason "..."     sell again: it has been looked into

The watchdog audits the journal all the time. Where an invariant does not hold, nothing is sold
by any server until somebody clears that. Run farthing verify before; the reason goes into the
staff log and the security log.

`

// watchdogCommand tells what the watchdog found, and lets selling go on.
func watchdogCommand(ctx context.Context, args []string, out, diag io.Writer) int {
	first, rest := words(args, 1)
	r := local.Request{}
	if len(first) == 1 {
		r.Do = "watchdog " + first[0]
	}
	if r.Do != local.LookAtWatchdog && r.Do != local.ClearWatchdog {
		if len(first) == 0 && len(rest) > 0 && (rest[0] == "-h" || rest[0] == "-help" || rest[0] == "--help") {
			fmt.Fprint(out, watchdogUsage)
			return exitDone
		}
		fmt.Fprint(diag, watchdogUsage)
		return exitUsage
	}
	more := func(flags *flag.FlagSet, r *local.Request) {
		flags.StringVar(&r.Reason, "reason", "", "with clear: why selling may go on")
	}
	return askLocal(ctx, "watchdog", watchdogUsage, r, rest, more, out, diag, func(a local.Answer) {
		switch {
		case a.Cleared != nil:
			fmt.Fprintf(out, "Invariant %d at entry %d is cleared. Unless status tells of another, every server sells again within seconds.\n", a.Cleared.Invariant, a.Cleared.Entry)
		case a.Broken != nil:
			fmt.Fprintf(out, "Nothing is sold: invariant %d does not hold at entry %d, found %s:\n%s\n", a.Broken.Invariant, a.Broken.Entry, a.Broken.At.Format(time.RFC3339), a.Broken.Detail)
		default:
			fmt.Fprintln(out, "All invariants that are watched hold.")
		}
	})
}

// askLocal reads the flags of a command that is one question, asks it, and writes the answer.
func askLocal(ctx context.Context, name, usage string, r local.Request, args []string, more func(*flag.FlagSet, *local.Request), out, diag io.Writer, say func(local.Answer)) int {
	asJSON := false
	c, code, ok := readConfigAnd(name, args, os.Getenv, out, diag, func(flags *flag.FlagSet) {
		flags.BoolVar(&asJSON, "json", false, "write the answer as JSON")
		if more != nil {
			more(flags, &r)
		}
	})
	if !ok {
		return code
	}
	answer, err := ask(ctx, c, r, diag)
	return finish(name, answer, err, asJSON, out, diag, func() { say(answer) })
}
