package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"farthing.dev/farthing/edge/local"
)

// fundCommand credits a wallet with money that came in outside.
func fundCommand(ctx context.Context, args []string, out, diag io.Writer) int {
	r := local.Request{Do: local.Fund}
	asJSON, to := false, ""
	c, code, ok := readConfigAnd("fund", args, os.Getenv, out, diag, func(flags *flag.FlagSet) {
		flags.StringVar(&to, "to", "", "whose wallet: the reader's e-mail address, or the account's id (acc_…)")
		flags.StringVar(&r.Amount, "amount", "", "how much, such as 10.00, with no more decimals than the currency has")
		flags.StringVar(&r.Currency, "currency", "", "of which currency, such as USD")
		flags.StringVar(&r.Reference, "reference", "", "what names the outside payment, such as the bank's reference: it is credited once, however often this is run")
		flags.BoolVar(&asJSON, "json", false, "write the answer as JSON")
	})
	if !ok {
		return code
	}
	if to == "" || r.Amount == "" || r.Currency == "" || r.Reference == "" {
		fmt.Fprintln(diag, `farthing fund: say --to, --amount, --currency and --reference, such as: farthing fund --to ada@example.org --amount 10.00 --currency USD --reference "bank 2026-11-30 17"`)
		return exitUsage
	}
	if strings.HasPrefix(to, "acc_") && !strings.Contains(to, "@") {
		r.Account = to
	} else {
		r.Email = to
	}
	answer, err := ask(ctx, c, r, diag)
	return finish("fund", answer, err, asJSON, out, diag, func() {
		if answer.Request != 0 {
			sayWaits(out, answer.Request)
			return
		}
		d := answer.Deposit
		done := "credited"
		if d.Replayed {
			done = "credited before, and not again"
		}
		fmt.Fprintf(out, "%s %s %s to %s, reference %q, entry %d.\n", d.Amount, d.Currency, done, d.Account, d.Reference, d.Entry)
	})
}
