package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"farthing.dev/farthing/edge/local"
)

const vendorUsage = `Usage: farthing vendor incentive-bound VENDOR --currency USD --amount 100.00
                                             what the vendor's incentive tokens may come to
       farthing vendor incentives VENDOR     what they come to, and may come to

A vendor's incentive tokens are paid for by the vendor when they are spent; what payees earn
by them you owe, whether the vendor can pay or not. So what a vendor gives, less what lapsed,
is bounded: by the setting vendor-incentive-debt, or by what is set here for one vendor. While
they come to more, none of them pays for anything.

Works beside a running server, on the machine that has its data folder. Flags, after those
words: --json writes the answer as JSON; the others are the settings of farthing serve, of
which --data, --database, --secret and --currencies count.
`

// vendorCommand says what a vendor's incentive tokens may come to.
func vendorCommand(ctx context.Context, args []string, out, diag io.Writer) int {
	first, rest := words(args, 2)
	var r local.Request
	if len(first) == 2 {
		r = local.Request{Do: "vendor " + first[0], Vendor: first[1]}
	}
	if r.Do != local.BoundVendor && r.Do != local.VendorDebts {
		if len(first) == 0 && len(rest) > 0 && (rest[0] == "-h" || rest[0] == "-help" || rest[0] == "--help") {
			fmt.Fprint(out, vendorUsage)
			return exitDone
		}
		fmt.Fprint(diag, vendorUsage)
		return exitUsage
	}
	asJSON := false
	c, code, ok := readConfigAnd("vendor", rest, os.Getenv, out, diag, func(flags *flag.FlagSet) {
		flags.StringVar(&r.Amount, "amount", "", "with incentive-bound: what the tokens may come to, such as 100.00")
		flags.StringVar(&r.Currency, "currency", "", "with incentive-bound: of which currency, such as USD")
		flags.BoolVar(&asJSON, "json", false, "write the answer as JSON")
	})
	if !ok {
		return code
	}
	if (r.Do == local.BoundVendor) != (r.Amount != "") || (r.Do == local.BoundVendor) != (r.Currency != "") {
		fmt.Fprint(diag, vendorUsage)
		return exitUsage
	}
	answer, err := ask(ctx, c, r, diag)
	return finish("vendor", answer, err, asJSON, out, diag, func() {
		if answer.Request != 0 {
			sayWaits(out, answer.Request)
			return
		}
		if len(answer.Debts) == 0 {
			fmt.Fprintln(out, "This vendor has given no incentive tokens, and has no bound of its own.")
		}
		for _, d := range answer.Debts {
			whose := "as every vendor"
			if d.Own {
				whose = "set for this vendor"
			}
			fmt.Fprintf(out, "%s: its incentive tokens come to %s, and may come to %s (%s).\n", d.Currency, d.Owed, d.Max, whose)
		}
	})
}
