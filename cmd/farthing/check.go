package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"farthing.dev/farthing/app/keys"
	"farthing.dev/farthing/mailer"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/store/postgres"
	"farthing.dev/farthing/store/sqlite"
)

// How a check came out.
const (
	checkOK   = "ok"
	checkWarn = "warning" // works, and is perhaps not what was meant
	checkFail = "fault"
)

// checked is one thing that was looked at.
type checked struct {
	Name   string `json:"name"`
	State  string `json:"state"`
	Detail string `json:"detail"`
}

// checkReport is what farthing check writes with --json.
type checkReport struct {
	Sound  bool      `json:"sound"` // no fault
	Checks []checked `json:"checks"`
}

// checkPatience bounds each look at something outside.
const checkPatience = 10 * time.Second

// checkCommand looks at everything that a server needs, and serves nothing.
func checkCommand(ctx context.Context, args []string, out, diag io.Writer) int {
	asJSON := false
	c, code, ok := readConfigAnd("check", args, os.Getenv, out, diag, func(flags *flag.FlagSet) {
		flags.BoolVar(&asJSON, "json", false, "write the report as JSON")
	})
	if !ok {
		return code
	}
	report := checkAll(ctx, c)
	code = finish("check", report, nil, asJSON, out, diag, func() {
		for _, one := range report.Checks {
			fmt.Fprintf(out, "%-8s %-14s %s\n", one.State, one.Name, one.Detail)
		}
	})
	if !report.Sound {
		return exitFailed
	}
	return code
}

// checkAll looks at one thing after the other. It changes nothing: no folder, secret or
// table is made.
func checkAll(ctx context.Context, c config) checkReport {
	r := checkReport{Sound: true}
	add := func(name string, run func(ctx context.Context) (state, detail string)) {
		ctx, stop := context.WithTimeout(ctx, checkPatience)
		defer stop()
		state, detail := run(ctx)
		r.Checks = append(r.Checks, checked{name, state, detail})
		r.Sound = r.Sound && state != checkFail
	}
	r.Checks = append(r.Checks, checked{"configuration", checkOK, "every setting can be read"}) // else readConfig has said so
	add("data folder", func(context.Context) (string, string) { return checkFolder(c) })
	add("secret", func(context.Context) (string, string) { return checkSecretFile(c) })
	db, state, detail := checkDatabase(ctx, c)
	add("database", func(context.Context) (string, string) { return state, detail })
	if c.database != "" {
		add("database, TLS", func(context.Context) (string, string) { return checkExposure(c.database) })
	}
	if db != nil {
		add("clock", func(ctx context.Context) (string, string) { return checkClock(ctx, db) })
		defer db.Close()
	}
	if db != nil && strings.HasSuffix(detail, "entries") { // with tables of this version
		add("secret, proved", func(ctx context.Context) (string, string) { return checkProof(ctx, c, db) })
	}
	add("base URL", func(ctx context.Context) (string, string) { return checkBaseURL(ctx, c) })
	add("mail", func(ctx context.Context) (string, string) { return checkMail(ctx, c) })
	return r
}

func checkFolder(c config) (state, detail string) {
	info, err := os.Stat(c.data)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		above := filepath.Clean(c.data)
		for errors.Is(err, fs.ErrNotExist) && filepath.Dir(above) != above {
			above = filepath.Dir(above)
			info, err = os.Stat(above)
		}
		if err != nil || !info.IsDir() {
			return checkFail, above + " is not a folder"
		}
		return checkOK, c.data + " is not there yet; serve makes it"
	case errors.Is(err, syscall.ENOTDIR) || err == nil && !info.IsDir():
		return checkFail, c.data + " is not a folder"
	case err != nil:
		return checkFail, err.Error()
	case info.Mode().Perm()&0o077 != 0:
		return checkWarn, fmt.Sprintf("others may look into %s (mode %04o); chmod 700 it", c.data, info.Mode().Perm())
	}
	probe, err := os.CreateTemp(c.data, ".check-")
	if err != nil {
		return checkFail, "nothing can be written into the data folder: " + err.Error()
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return checkFail, err.Error()
	}
	return checkOK, c.data + " is the owner's only, and can be written to"
}

func checkSecretFile(c config) (state, detail string) {
	if c.secret != "" {
		return checkOK, "given by a setting" // readConfig read it
	}
	path := filepath.Join(c.data, secretFile)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(c.data, "farthing.db")); err == nil || c.database != "" {
			return checkFail, path + " is not there: put the secret of this database there, or give it by FARTHING_SECRET"
		}
		return checkOK, "not there yet; serve makes it"
	}
	if err != nil {
		return checkFail, err.Error()
	}
	content, err := os.ReadFile(path)
	if err == nil {
		_, err = parseSecret(string(content), path)
	}
	switch {
	case err != nil:
		return checkFail, err.Error()
	case info.Mode().Perm()&0o077 != 0:
		return checkWarn, fmt.Sprintf("others may read %s (mode %04o); chmod 600 it", path, info.Mode().Perm())
	}
	return checkOK, "readable, and the owner's only"
}

// checkProof looks whether the secret is the one that the database was made with.
func checkProof(ctx context.Context, c config, db store.Database) (state, detail string) {
	secret, err := readSecret(c.secret, c.data)
	if err == nil {
		_, err = keys.ProveSecret(ctx, store.NewCatalog(db), secret)
	}
	if err != nil {
		return checkFail, explainSecret(err, c).Error()
	}
	return checkOK, "it is the database's"
}

// checkDatabase opens the database for reading, beside a server where one runs. It returns
// nil where there is none yet.
func checkDatabase(ctx context.Context, c config) (db store.Database, state, detail string) {
	if c.database == "" {
		if _, err := os.Stat(filepath.Join(c.data, "farthing.db")); errors.Is(err, fs.ErrNotExist) {
			return nil, checkOK, "SQLite, not there yet; serve makes it"
		}
	}
	ctx, stop := context.WithTimeout(ctx, checkPatience)
	defer stop()
	db, err := c.open(ctx, sqlite.Options{ReadOnly: true}, postgres.Options{AsyncStandbys: c.async})
	if err != nil {
		return nil, checkFail, err.Error()
	}
	fail := func(text string) (store.Database, string, string) { _ = db.Close(); return nil, checkFail, text }
	tables, err := store.TableNames(ctx, db.Dialect(), db.SQL())
	if err != nil {
		return fail(err.Error())
	}
	if len(tables) == 0 {
		return db, checkOK, db.Dialect() + ", empty; serve makes the tables"
	}
	known, err := store.UpToDate(ctx, db)
	if err != nil {
		return fail(err.Error())
	}
	if !known {
		return db, checkOK, db.Dialect() + ", of an earlier version; serve brings the tables up to date"
	}
	head, err := store.JournalHead(ctx, db.SQL())
	if err != nil {
		return fail(err.Error())
	}
	return db, checkOK, fmt.Sprintf("%s, durable, %d entries", db.Dialect(), head.Seq)
}

// checkExposure looks whether the way to the database is open to others.
func checkExposure(dsn string) (state, detail string) {
	exposed, err := postgres.Exposure(dsn)
	switch {
	case err != nil:
		return checkFail, err.Error()
	case exposed != "":
		return checkWarn, exposed
	}
	return checkOK, "by TLS with a certificate that is looked at, or on this machine"
}

// The differences of clocks that are no longer by chance, and that are faults.
const (
	clockNoticed = 2 * time.Second
	clockFault   = 10 * time.Second
)

// checkClock compares this machine's clock with the database's, where that is on another
// machine, and with the journal, which must not lie in the future.
func checkClock(ctx context.Context, db store.Database) (state, detail string) {
	now := time.Now()
	apart := time.Duration(0)
	if db.Dialect() == "postgres" {
		var theirs time.Time
		before := time.Now()
		if err := db.SQL().QueryRowContext(ctx, `SELECT clock_timestamp()`).Scan(&theirs); err != nil {
			return checkFail, err.Error()
		}
		now = time.Now()
		apart = theirs.Sub(before.Add(now.Sub(before) / 2)).Abs()
	}
	if tables, err := store.TableNames(ctx, db.Dialect(), db.SQL()); err == nil && len(tables) > 0 {
		head, err := store.JournalHead(ctx, db.SQL())
		if err != nil {
			return checkFail, err.Error()
		}
		if ahead := time.UnixMilli(head.At).Sub(now); ahead > apart {
			apart = ahead
		}
	}
	text := fmt.Sprintf("%s from the database's and the journal's time", apart.Round(time.Millisecond))
	switch {
	case apart > clockFault:
		return checkFail, text + "; set the clock by NTP"
	case apart > clockNoticed:
		return checkWarn, text
	}
	return checkOK, text
}

// checkBaseURL asks the address that browsers are sent to.
func checkBaseURL(ctx context.Context, c config) (state, detail string) {
	base, err := url.Parse(c.baseURL)
	if err != nil || base.Host == "" {
		return checkWarn, "not set; serve takes the port that it gets"
	}
	local := base.Hostname() == "localhost" || strings.HasSuffix(base.Hostname(), ".localhost") || net.ParseIP(base.Hostname()).IsLoopback()
	if base.Scheme != "https" && !local {
		return checkFail, c.baseURL + " is not https: passwords and sessions would travel in the clear"
	}
	if _, err := net.DefaultResolver.LookupHost(ctx, base.Hostname()); err != nil {
		return checkFail, fmt.Sprintf("%s is not found: %v", base.Hostname(), err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.baseURL+"/healthz", http.NoBody)
	if err != nil {
		return checkFail, err.Error()
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return checkWarn, fmt.Sprintf("nothing answers at %s, which is right while no server runs: %v", c.baseURL, errors.Unwrap(err))
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(response.Body, 64)) // short, or it is not ours
	switch theirs, err := http.ParseTime(response.Header.Get("Date")); {
	case response.StatusCode != http.StatusOK || strings.TrimSpace(string(body)) != "alive":
		return checkFail, fmt.Sprintf("%s/healthz is answered by something else (status %d)", c.baseURL, response.StatusCode)
	case err == nil && time.Since(theirs).Abs() > clockFault:
		return checkFail, fmt.Sprintf("the server at %s has another time, %s from this machine's", c.baseURL, time.Since(theirs).Abs().Round(time.Second))
	}
	return checkOK, c.baseURL + " leads to a running server"
}

func checkMail(ctx context.Context, c config) (state, detail string) {
	if c.smtp == "" {
		return checkWarn, "no mail server is set (--smtp): addresses are not confirmed, and nobody gets a new password or a code by e-mail"
	}
	server, err := mailer.NewSMTP(c.smtp, c.mailFrom)
	if err == nil {
		err = server.Check(ctx)
	}
	if err != nil {
		return checkFail, "the mail server cannot be used: " + err.Error()
	}
	return checkOK, "the mail server is there, and takes the login"
}
