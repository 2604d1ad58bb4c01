// Command farthing is the provider: one binary that serves readers, vendors and
// their staff, proves its books and measures itself. main wires the house; this
// package alone names databases.
//
// Exit codes:
//
//	0  done
//	1  it failed; what went wrong is on standard error
//	2  it was called wrongly: a flag, setting or subcommand that there is not
//	3  verify found something wrong
//	4  the address or the data folder is in use by another process
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// The exit codes of the package comment.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitUnsafe = 3
	exitInUse  = 4
)

// command is a subcommand. It ends early when ctx does, writes its results to out
// and everything else to diag, and returns an exit code.
type command struct {
	name    string
	summary string
	run     func(ctx context.Context, args []string, out, diag io.Writer) int
}

func commands() []command {
	return []command{
		{"demo", "the provider and three shops, with people and money, to look at", demoCommand},
		{"serve", "run the provider", serveCommand},
		{"operator", "who runs the provider: add, list, remove; keys for programs", operatorCommand},
		{"vendor", "what a vendor's incentive tokens may come to", vendorCommand},
		{"staff", "a second person, frozen accounts, the staff log", staffCommand},
		{"fund", "credit a reader's wallet with money that came in", fundCommand},
		{"deliveries", "e-mail and logouts that could not be delivered: list, retry, drop", deliveriesCommand},
		{"check", "look whether all that a server needs is there", checkCommand},
		{"backup", "write everything into one encrypted file, beside a running server", backupCommand},
		{"restore", "make a database of a backup, and prove its books", restoreCommand},
		{"verify", "prove the books of a database", verifyCommand},
		{"export", "orders, entries or postings as CSV or Parquet", exportCommand},
		{"project", "tables of plain SQL for accountants, in PostgreSQL or SQLite", projectCommand},
		{"followers", "who follows the journal, and how far behind its end", followersCommand},
		{"watchdog", "what it found wrong with the books; let selling go on after that", watchdogCommand},
		{"index", "make all that is derived from the journal again", indexCommand},
		{"secret", "give the database another secret", secretCommand},
		{"bench", "measure purchases on this machine", benchCommand},
		{"version", "which version this is", versionCommand},
	}
}

// gcPercent is how much garbage there may be for what is in use, where the environment's
// GOGC does not say: with a million accounts this keeps a server under 300 MB, and costs a
// hundredth of the processor's time.
const gcPercent = 65

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the first signal asks to stop; a second one ends the process
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run finds the subcommand and runs it.
func run(ctx context.Context, args []string, out, diag io.Writer) int {
	if len(args) == 0 {
		help(diag)
		return exitUsage
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		if len(args) > 1 && args[0] == "help" {
			return run(ctx, []string{args[1], "--help"}, out, diag)
		}
		help(out)
		return exitDone
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(ctx, args[1:], out, diag)
		}
	}
	fmt.Fprintf(diag, "farthing: there is no command %q; farthing help lists them\n", args[0])
	return exitUsage
}

func help(w io.Writer) {
	fmt.Fprint(w, "Farthing, a micropayment service provider. Usage: farthing COMMAND [flags]\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-10s %s\n", c.name, c.summary)
	}
	fmt.Fprint(w, `
farthing COMMAND --help lists a command's flags. First: farthing demo, then
farthing serve --data DIR, and with --database on several machines.
Exit codes: 0 done, 1 failed, 2 called wrongly, 3 found faulty, 4 in use.
`)
}

// parseFlags reads flags. Where it returns false, the command ends with the code:
// help was asked for and given, or the flags were wrong and it was said how.
func parseFlags(flags *flag.FlagSet, args []string, out, diag io.Writer) (code int, ok bool) {
	flags.SetOutput(diag)
	for _, arg := range args {
		if arg == "-h" || arg == "-help" || arg == "--help" {
			flags.SetOutput(out)
		}
	}
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitDone, false
	case err != nil:
		return exitUsage, false
	case flags.NArg() > 0:
		fmt.Fprintf(diag, "farthing %s: %q is not a flag\n", flags.Name(), flags.Arg(0))
		return exitUsage, false
	}
	return exitDone, true
}

// parseWord is parseFlags for a command that does one thing, which must be named before the flags.
func parseWord(flags *flag.FlagSet, word string, args []string, out, diag io.Writer) (code int, ok bool) {
	named := len(args) > 0 && args[0] == word
	if named {
		args = args[1:]
	}
	if code, ok = parseFlags(flags, args, out, diag); ok && !named {
		flags.Usage()
		return exitUsage, false
	}
	return code, ok
}
