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

const deliveriesUsage = `Usage: farthing deliveries list       messages that were given up, those made last first
       farthing deliveries retry ID   have one be tried again
       farthing deliveries drop ID    delete one

E-mail and logouts for vendors' sites wait in the database until their receiver has taken
them. One that is refused, fails too often or expires is given up; it is listed here for a
week, without what it said.

Works beside a running server, on the machine that has its data folder. Flags, after those
words: --before ID lists what comes after a page; --json writes the answer as JSON; the
others are the settings of farthing serve, of which --data, --database and --secret count.
`

// deliveriesCommand shows what could not be delivered.
func deliveriesCommand(ctx context.Context, args []string, out, diag io.Writer) int {
	first, rest := words(args, 2)
	var r local.Request
	if len(first) > 0 {
		r.Do = "deliveries " + first[0]
	}
	if len(first) == 2 {
		r.Delivery = first[1]
	}
	switch known := r.Do == local.ListDeliveries || r.Do == local.RetryDelivery || r.Do == local.DropDelivery; {
	case len(first) == 0 && len(rest) > 0 && (rest[0] == "-h" || rest[0] == "-help" || rest[0] == "--help"):
		fmt.Fprint(out, deliveriesUsage)
		return exitDone
	case !known || (r.Do == local.ListDeliveries) != (r.Delivery == ""):
		fmt.Fprint(diag, deliveriesUsage)
		return exitUsage
	}
	asJSON := false
	c, code, ok := readConfigAnd("deliveries", rest, os.Getenv, out, diag, func(flags *flag.FlagSet) {
		flags.StringVar(&r.Before, "before", "", "with list: the id that the page before ended with")
		flags.BoolVar(&asJSON, "json", false, "write the answer as JSON")
	})
	if !ok {
		return code
	}
	answer, err := ask(ctx, c, r, diag)
	return finish("deliveries", answer, err, asJSON, out, diag, func() { sayDeliveries(out, r, answer) })
}

// sayDeliveries tells people what was given up, or what was done about it.
func sayDeliveries(out io.Writer, r local.Request, a local.Answer) {
	switch {
	case r.Do == local.RetryDelivery:
		fmt.Fprintf(out, "%s is tried again.\n", r.Delivery)
		return
	case r.Do == local.DropDelivery:
		fmt.Fprintf(out, "%s is deleted.\n", r.Delivery)
		return
	case len(a.Deliveries) == 0:
		fmt.Fprintln(out, "Nothing was given up.")
		return
	}
	for _, d := range a.Deliveries {
		again := "cannot be tried again"
		if d.CanRetry {
			again = "can be tried again"
		}
		fmt.Fprintf(out, "%s  %-6s %-30s given up %s after %d attempts: %s; %s\n",
			d.ID, d.Kind, d.Receiver, d.DeadAt.Format(time.DateTime), d.Attempts, d.Why, again)
	}
	if a.Next != "" {
		fmt.Fprintf(out, "\nThere are more: farthing deliveries list --before %s\n", a.Next)
	}
}
