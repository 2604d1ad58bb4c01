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

const operatorUsage = `Usage: farthing operator add EMAIL      make this person an operator, or with --role supervisor
                                        or representative one of those
       farthing operator remove EMAIL   take that back, and end the person's sessions
       farthing operator list           who is one
       farthing operator key NAME       make a key for a program that calls /v1/operator
       farthing operator keys           which keys there are
       farthing operator revoke KEY     end a key, by its id

Works beside a running server, on the machine that has its data folder. Flags, after those
words: --json writes the answer as JSON; the others are the settings of farthing serve, of
which --data, --database, --secret and --base-url count.
`

// operatorCommand says who runs the provider.
func operatorCommand(ctx context.Context, args []string, out, diag io.Writer) int {
	first, rest := words(args, 2)
	request, ok := operatorRequest(first)
	if !ok {
		if len(first) == 0 && len(rest) > 0 && (rest[0] == "-h" || rest[0] == "-help" || rest[0] == "--help") {
			fmt.Fprint(out, operatorUsage)
			return exitDone
		}
		fmt.Fprint(diag, operatorUsage)
		return exitUsage
	}
	asJSON := false
	c, code, ok := readConfigAnd("operator", rest, os.Getenv, out, diag, func(flags *flag.FlagSet) {
		flags.BoolVar(&asJSON, "json", false, "write the answer as JSON")
		if request.Do == local.AddOperator || request.Do == local.RemoveOperator {
			flags.StringVar(&request.Role, "role", "operator", "which role: operator, supervisor or representative")
		}
	})
	if !ok {
		return code
	}
	answer, err := ask(ctx, c, request, diag)
	return finish("operator", answer, err, asJSON, out, diag, func() { sayOperator(out, request, answer) })
}

// operatorRequest reads the words of the command.
func operatorRequest(first []string) (local.Request, bool) {
	if len(first) == 0 {
		return local.Request{}, false
	}
	r := local.Request{Do: "operator " + first[0]}
	argument := ""
	if len(first) == 2 {
		argument = first[1]
	}
	switch r.Do {
	case local.AddOperator, local.RemoveOperator:
		r.Email = argument
	case local.MakeKey:
		r.Name = argument
	case local.RevokeKey:
		r.Key = argument
	case local.ListOperators, local.ListKeys:
		return r, argument == ""
	default:
		return r, false
	}
	return r, argument != ""
}

// sayOperator tells people what was done.
func sayOperator(out io.Writer, r local.Request, a local.Answer) {
	switch r.Do {
	case local.AddOperator:
		sayAdded(out, a.Operator)
	case local.RemoveOperator:
		fmt.Fprintf(out, "%s is not %s any more. The login stays, its sessions were ended.\n", r.Email, inRole(r.Role))
	case local.ListOperators:
		for _, o := range a.Operators {
			note := ""
			if !o.HasPassword {
				note = "  no password yet"
			}
			fmt.Fprintf(out, "%-40s %s since %s%s\n", o.Email, o.Role, o.Since.Format(time.DateOnly), note)
		}
		if len(a.Operators) == 0 {
			fmt.Fprintln(out, "There is no operator yet: farthing operator add EMAIL")
		}
	case local.MakeKey:
		fmt.Fprintf(out, "%s\n\nThis key of %q is shown this once. It can credit wallets: keep it as you keep the secret.\n", a.Key.Secret, a.Key.Name)
	case local.ListKeys:
		for _, k := range a.Keys {
			state := "good"
			if k.RevokedAt != nil {
				state = "revoked " + k.RevokedAt.Format(time.DateOnly)
			}
			fmt.Fprintf(out, "%s  …%s  %-30s made %s, %s\n", k.ID, k.Hint, k.Name, k.CreatedAt.Format(time.DateOnly), state)
		}
	case local.RevokeKey:
		fmt.Fprintf(out, "%s is revoked.\n", r.Key)
	}
}

func sayAdded(out io.Writer, o *local.Operator) {
	switch {
	case o.Already:
		fmt.Fprintf(out, "%s is %s already.\n", o.Email, inRole(o.Role))
	case o.LoginMade:
		fmt.Fprintf(out, "%s is %s. A login was made.\n", o.Email, inRole(o.Role))
	default:
		fmt.Fprintf(out, "%s is %s, with the login that was made on %s. If that is not the person you mean, take it back: farthing operator remove %s\n",
			o.Email, inRole(o.Role), o.LoginFrom.Format(time.DateOnly), o.Email)
	}
	if o.Link != "" {
		fmt.Fprintf(out, "\nSet the password here, once, before %s:\n\n  %s\n", o.LinkUntil.Format("2006-01-02 15:04 MST"), o.Link)
	}
}

// inRole is a role with its article.
func inRole(role string) string {
	if role == "" || role == "operator" {
		return "an operator"
	}
	return "a " + role
}
