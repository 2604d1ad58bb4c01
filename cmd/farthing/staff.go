package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"farthing.dev/farthing/edge/local"
)

const staffUsage = `Usage: farthing staff requests           what waits for a second person
       farthing staff refuse NUMBER      close a request; --why says why
       farthing staff policy             which commands need a second person
       farthing staff need ACTION        have one need it: --above 100.00 --currency USD
                                         --persons 1 --role supervisor; --persons 0: no more
       farthing staff freeze ACCOUNT     have an account buy nothing
       farthing staff open ACCOUNT       open it again
       farthing staff log                what staff looked at and did, newest first

Actions: deposit, incentives, incentive_bound, credit_line, freeze, unfreeze. A command on the
server is no second person: requests are approved on the page /operator/requests.

Works beside a running server, on the machine that has its data folder. Flags, after those
words: --json writes the answer as JSON; the others are the settings of farthing serve, of
which --data, --database, --secret and --currencies count.
`

// staffCommand is about requests, the policy, accounts and the staff log.
func staffCommand(ctx context.Context, args []string, out, diag io.Writer) int {
	first, rest := words(args, 2)
	r, ok := staffRequest(first)
	if !ok {
		if len(first) == 0 && len(rest) > 0 && (rest[0] == "-h" || rest[0] == "-help" || rest[0] == "--help") {
			fmt.Fprint(out, staffUsage)
			return exitDone
		}
		fmt.Fprint(diag, staffUsage)
		return exitUsage
	}
	asJSON, persons := false, uint(1)
	c, code, ok := readConfigAnd("staff", rest, os.Getenv, out, diag, func(flags *flag.FlagSet) {
		flags.BoolVar(&asJSON, "json", false, "write the answer as JSON")
		switch r.Do {
		case local.RefuseRequest, local.SetStanding, local.SetPolicy:
			flags.StringVar(&r.Reason, "why", "", "the reason, for who decides or asked")
		case local.StaffLog:
			flags.StringVar(&r.Actor, "actor", "", "only what this user, key or command did")
			flags.StringVar(&r.Action, "action", "", "only this action, such as reader_looked_at")
			flags.StringVar(&r.Subject, "subject", "", "only what was done to this id")
			flags.StringVar(&r.Before, "before", "", "only lines before this number")
		}
		if r.Do == local.SetPolicy {
			flags.StringVar(&r.Amount, "above", "", "what is above this sum needs a second person")
			flags.StringVar(&r.Currency, "currency", "", "of which currency; of every one that has no row of its own, where it is left out")
			flags.UintVar(&persons, "persons", 1, "how many others have to approve it, at most 3; 0 takes the row away")
			flags.StringVar(&r.Role, "role", "", "at least in which role: supervisor, or operator")
		}
	})
	if !ok {
		return code
	}
	if r.Do == local.SetPolicy {
		r.Persons = uint8(min(persons, 255))
	}
	answer, err := ask(ctx, c, r, diag)
	return finish("staff", answer, err, asJSON, out, diag, func() { sayStaff(out, r, answer) })
}

// staffRequest reads the words of the command.
func staffRequest(first []string) (r local.Request, ok bool) {
	if len(first) == 0 {
		return r, false
	}
	argument := ""
	if len(first) == 2 {
		argument = first[1]
	}
	switch first[0] {
	case "requests", "policy", "log":
		r.Do = map[string]string{"requests": local.ListRequests, "policy": local.ListPolicy, "log": local.StaffLog}[first[0]]
		return r, argument == ""
	case "refuse":
		number, err := strconv.ParseUint(argument, 10, 63)
		r.Do, r.Request = local.RefuseRequest, number
		return r, err == nil
	case "need":
		r.Do, r.Action = local.SetPolicy, argument
	case "freeze", "open":
		r.Do, r.Account, r.Frozen = local.SetStanding, argument, first[0] == "freeze"
	default:
		return r, false
	}
	return r, argument != ""
}

// sayWaits tells people that nothing was done yet.
func sayWaits(out io.Writer, request uint64) {
	fmt.Fprintf(out, "Nothing was done yet: this needs a second person. Request %d waits on the page /operator/requests.\n", request)
}

// sayStaff tells people what was done or found.
func sayStaff(out io.Writer, r local.Request, a local.Answer) {
	switch r.Do {
	case local.RefuseRequest:
		fmt.Fprintf(out, "Request %d is refused.\n", a.Request)
		return
	case local.ListRequests:
		for _, q := range a.Requests {
			fmt.Fprintf(out, "%d  %s %s %s %s  asked %s by %s, %d of %d approved, until %s\n", q.Request, q.Action, q.Amount, q.Currency, q.Account,
				q.At.Format(time.DateOnly), q.By, q.Given, q.Persons, q.LapsesAt.Format(time.DateOnly))
		}
		if len(a.Requests) == 0 {
			fmt.Fprintln(out, "Nothing waits for a second person.")
		}
		return
	case local.ListPolicy:
		for _, p := range a.Policies {
			fmt.Fprintf(out, "%-16s above %s %s: %d, at least %s\n", p.Action, p.Above, p.Currency, p.Persons, p.Role)
		}
		if len(a.Policies) == 0 {
			fmt.Fprintln(out, "Nothing needs a second person.")
		}
		return
	case local.StaffLog:
		for _, l := range a.Acts {
			fmt.Fprintf(out, "%6d  %s  %-32s %s %s\n", l.Number, l.At.Format(time.DateTime), l.Actor, l.Detail, l.Subject)
		}
		if a.Next != "" {
			fmt.Fprintf(out, "There are older lines: --before %s\n", a.Next)
		}
		return
	}
	if a.Request != 0 {
		sayWaits(out, a.Request)
		return
	}
	fmt.Fprintln(out, "Done.")
}
