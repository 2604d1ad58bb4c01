package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/domain/royalty"
	"farthing.dev/farthing/mailer"
	"farthing.dev/farthing/token"
	"github.com/BurntSushi/toml"
)

// config is how a provider is set up. Each setting is a flag (--base-url), a
// variable (FARTHING_BASE_URL) and a key of the TOML file (base_url); the first of these that
// is there counts, and each has a default.
type config struct {
	data       string
	listen     string
	baseURL    string
	database   string
	secret     string
	name       string
	currencies string
	feePercent string
	feeFixed   string
	incentives string
	window     time.Duration
	windowMost time.Duration
	session    time.Duration
	idle       time.Duration // of a session
	smtp       string
	mailFrom   string
	logFormat  string
	logLevel   string
	private    bool
	metrics    bool
	metricsAt  string // where they are served
	proxies    string // whose word counts on where a request comes from
	async      bool
	grace      time.Duration
	drain      time.Duration
	clockDiff  time.Duration
	lostTail   uint64
	clockUntil time.Time

	connections int
	log         *slog.Logger // told where a start waits for the database; nil for nobody
}

// flags declares the settings.
func (c *config) flags(flags *flag.FlagSet) {
	flags.StringVar(&c.data, "data", "farthing-data", "the folder for everything kept on disk; made if it is not there")
	flags.StringVar(&c.listen, "listen", ":8402", "the address to serve HTTP at")
	flags.StringVar(&c.baseURL, "base-url", "", "where browsers find the provider, such as https://pay.example.org (default http://localhost and the port)")
	flags.StringVar(&c.database, "database", "", "postgres://… for a database that many replicas share (default SQLite in the data folder)")
	flags.StringVar(&c.secret, "secret", "", "64 hexadecimal digits that pseudonyms, tickets and keys are derived from; replicas share them (default: the file secret in the data folder, made at first start)")
	flags.StringVar(&c.name, "name", "Farthing", "the provider's name, as readers see it")
	flags.StringVar(&c.currencies, "currencies", defaultCurrencies(), "what the provider deals in")
	flags.StringVar(&c.feePercent, "fee-percent", "5", "the provider's share of each price, for vendors who open from now on")
	flags.StringVar(&c.feeFixed, "fee-fixed", "0", "and what it takes of each sale on top, in major units")
	flags.StringVar(&c.incentives, "vendor-incentive-debt", "0", "what the incentive tokens that each vendor gives may come to, in major units of every currency, those spent among them: you owe payees what they earn by them")
	flags.DurationVar(&c.window, "purchase-window", 30*time.Minute, "how long after login buying is allowed")
	flags.DurationVar(&c.windowMost, "purchase-window-max", 0, "what readers may lengthen that to for themselves (default: they may only shorten it)")
	flags.DurationVar(&c.session, "session", 30*24*time.Hour, "how long after login looking is allowed")
	flags.DurationVar(&c.idle, "session-idle", 7*24*time.Hour, "after how long without use a login ends; not less than an hour")
	flags.StringVar(&c.smtp, "smtp", "", "the server that takes e-mail, smtp://user:password@mail.example.org:587 (STARTTLS is required) or smtps://…:465; better as a variable or in the file, for the password's sake (default: no e-mail is sent)")
	flags.StringVar(&c.mailFrom, "mail-from", "", "from whom e-mail comes, such as \"Farthing <no-reply@pay.example.org>\"; needed with --smtp")
	flags.StringVar(&c.logFormat, "log-format", "json", "json or text")
	flags.StringVar(&c.logLevel, "log-level", "info", "debug, info, warn or error")
	flags.BoolVar(&c.private, "allow-private-sites", false, "let vendors' sites stand at private addresses and on http://localhost: for trials and for providers inside a network of their own")
	flags.BoolVar(&c.metrics, "metrics", true, "serve /metrics")
	flags.StringVar(&c.metricsAt, "metrics-listen", defaultMetricsAt, "the address to serve /metrics at, apart from everything else; it should be one that strangers do not reach")
	flags.StringVar(&c.proxies, "trusted-proxies", "", "the proxies in front of this server, as addresses or networks with commas between (127.0.0.1,10.1.0.0/16): what they write into X-Forwarded-For counts as where a request comes from. Without it nobody's word counts, and all who come through one proxy are one network")
	flags.BoolVar(&c.async, "async-standbys", false, "start although all of PostgreSQL's standbys are asynchronous, so that a failover loses acknowledged payments")
	flags.IntVar(&c.connections, "database-connections", 16, "how many connections this process keeps to PostgreSQL, 4 at least; half of them may write at once")
	flags.DurationVar(&c.clockDiff, "clock-tolerance", 5*time.Second, "by how much this machine's clock may differ from the journal's end and the database's clock; beyond it nothing is sold")
	flags.TextVar(&c.clockUntil, "accept-clock-until", time.Time{}, "sell although the journal is ahead of the clock, as far as this time (2026-01-31T15:04:05Z): the way out after a clock was fast")
	flags.Uint64Var(&c.lostTail, "accept-lost-tail", 0, "start although the journal has lost its end: the number of the head that was kept outside the database, as the refusal names it")
	flags.DurationVar(&c.grace, "grace", 20*time.Second, "how long a stop waits for requests under way")
	flags.DurationVar(&c.drain, "drain", time.Second, "how long a stop goes on taking requests before that, while /readyz says no already, so that balancers look elsewhere; twice the time between their checks")
}

// readConfig reads flags, then variables, then the file.
func readConfig(name string, args []string, getenv func(string) string, out, diag io.Writer) (c config, code int, ok bool) {
	return readConfigAnd(name, args, getenv, out, diag, nil)
}

// readConfigAnd reads the settings, and flags of the command's own, which own declares and
// which are no settings: no variable and no file sets them.
func readConfigAnd(name string, args []string, getenv func(string) string, out, diag io.Writer, own func(*flag.FlagSet)) (c config, code int, ok bool) {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	given := map[string]bool{"config": true}
	if own != nil {
		own(flags)
		flags.VisitAll(func(f *flag.Flag) { given[f.Name] = true })
	}
	c.flags(flags)
	file := flags.String("config", "", "a TOML file with settings, named like the flags with _ for -")
	flags.Usage = func() {
		fmt.Fprintf(flags.Output(), "Usage: farthing %s [flags]\n\nEach flag is also a variable (FARTHING_BASE_URL) and a key of the --config file (base_url).\n\n", name)
		flags.PrintDefaults()
	}
	if code, ok := parseFlags(flags, args, out, diag); !ok {
		return c, code, false
	}
	err := fill(flags, given, getenv, cmp.Or(*file, getenv("FARTHING_CONFIG")))
	if err == nil {
		err = c.complete()
	}
	if err != nil {
		fmt.Fprintf(diag, "farthing %s: %v\n", name, err)
		return c, exitUsage, false
	}
	return c, exitDone, true
}

// fill sets the flags that were not given from variables and the file. Those in given are
// left alone, and are no settings.
func fill(flags *flag.FlagSet, given map[string]bool, getenv func(string) string, file string) error {
	values := map[string]any{}
	if file != "" {
		if _, err := toml.DecodeFile(file, &values); err != nil {
			return fmt.Errorf("read %s: %w", file, err)
		}
	}
	set := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { set[f.Name] = true })
	var problems []error
	known := map[string]bool{}
	flags.VisitAll(func(f *flag.Flag) {
		key := strings.ReplaceAll(f.Name, "-", "_")
		if known[key] = !given[f.Name] || f.Name == "config"; given[f.Name] || set[f.Name] {
			return
		}
		text, source := getenv("FARTHING_"+strings.ToUpper(key)), "FARTHING_"+strings.ToUpper(key)
		if value, there := values[key]; text == "" && there {
			text, source = fmt.Sprint(value), file+": "+key
		}
		if text == "" {
			return
		}
		if err := flags.Set(f.Name, text); err != nil {
			problems = append(problems, fmt.Errorf("%s: %q is not %s", source, text, form(f)))
		}
	})
	for key := range values {
		if !known[key] {
			problems = append(problems, fmt.Errorf("%s: there is no setting %q", file, key))
		}
	}
	return errors.Join(problems...)
}

// form says what a flag takes that does not take every text.
func form(f *flag.Flag) string {
	switch name, _ := flag.UnquoteUsage(f); name {
	case "duration":
		return "a duration, such as 30m"
	case "int", "uint":
		return "a whole number"
	case "value":
		return "a time, such as 2026-01-31T15:04:05Z"
	}
	return "true or false"
}

// complete fills in what follows from other settings, and checks what can be
// checked without touching anything.
func (c *config) complete() error {
	_, port, err := net.SplitHostPort(c.listen)
	if err != nil {
		return fmt.Errorf("listen is an address such as :8402 or 127.0.0.1:8402, not %q", c.listen)
	}
	if c.baseURL == "" && port != "" && port != "0" { // else the listener tells which port it is
		c.baseURL = "http://localhost:" + port
	}
	c.baseURL = strings.TrimSuffix(c.baseURL, "/")
	base, err := url.Parse(c.baseURL)
	if c.baseURL != "" && (err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") || base.Path != "") {
		return fmt.Errorf("the base URL %q is not an address like https://pay.example.org", c.baseURL)
	}
	if c.secret != "" {
		if _, err := parseSecret(c.secret, "the secret"); err != nil {
			return err
		}
	}
	if _, _, err := newLog(*c, io.Discard); err != nil {
		return err
	}
	if c.database != "" && !strings.HasPrefix(c.database, "postgres://") && !strings.HasPrefix(c.database, "postgresql://") && !strings.Contains(c.database, "=") {
		return errors.New("the database is a postgres:// address (or host=… dbname=…), or nothing for SQLite in the data folder")
	}
	if c.connections < 4 || c.connections > 1000 {
		return errors.New("database-connections lies between 4 and 1000")
	}
	if c.logFormat != "json" && c.logFormat != "text" {
		return errors.New("the log format is json or text")
	}
	if c.drain < 0 {
		return errors.New("drain is a duration, 0s for none")
	}
	if c.window <= 0 || c.session <= 0 || c.grace <= 0 || c.clockDiff <= 0 {
		return errors.New("purchase-window, session, grace and clock-tolerance are durations above zero")
	}
	if c.idle < time.Hour {
		return errors.New("session-idle is less than an hour; give 1h or more")
	}
	if c.windowMost != 0 && c.windowMost < c.window {
		return errors.New("purchase-window-max is less than purchase-window; give at least as much, or leave it out")
	}
	if c.session < max(c.window, c.windowMost) {
		return errors.New("session is shorter than the purchase window; give at least as much as purchase-window and purchase-window-max")
	}
	if _, _, err := net.SplitHostPort(c.metricsAt); c.metrics && err != nil {
		return fmt.Errorf("metrics-listen is an address such as %s, not %q", defaultMetricsAt, c.metricsAt)
	}
	if _, err := c.trustedProxies(); err != nil {
		return err
	}
	if c.smtp != "" {
		if _, err := mailer.NewSMTP(c.smtp, c.mailFrom); err != nil {
			return fmt.Errorf("smtp, mail-from: %w", err)
		}
	}
	_, err = c.currencyList()
	if err == nil {
		_, err = c.fee()
	}
	if err == nil {
		_, err = c.incentiveDebt()
	}
	return err
}

// defaultCurrencies writes the application's list as the setting is written.
func defaultCurrencies() string {
	var codes []string
	for _, currency := range app.DefaultCurrencies() {
		codes = append(codes, currency.String())
	}
	return strings.Join(codes, ",")
}

func (c *config) currencyList() ([]token.Currency, error) {
	var list []token.Currency
	for code := range strings.SplitSeq(c.currencies, ",") {
		currency, err := token.ParseCurrency(strings.TrimSpace(code))
		if err != nil {
			return nil, fmt.Errorf("currencies: %w", err)
		}
		list = append(list, currency)
	}
	return list, nil
}

// trustedProxies reads the networks of proxies.
func (c *config) trustedProxies() (list []netip.Prefix, err error) {
	for text := range strings.SplitSeq(c.proxies, ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			address, err := netip.ParseAddr(text)
			if err != nil {
				return nil, fmt.Errorf("trusted-proxies: %q is neither an address such as 10.1.2.3 nor a network such as 10.1.0.0/16", text)
			}
			prefix = netip.PrefixFrom(address.Unmap().WithZone(""), address.Unmap().BitLen())
		}
		list = append(list, prefix.Masked())
	}
	return list, nil
}

// incentiveDebt reads what each vendor's incentive tokens may come to.
func (c *config) incentiveDebt() (token.Amount, error) {
	most, err := token.ParseAmount(c.incentives)
	if err != nil || most < 0 {
		return 0, errors.New("vendor-incentive-debt is an amount in major units, such as 100 or 0")
	}
	return most, nil
}

// fee reads the provider's fee: percent with at most four decimals, and tokens.
func (c *config) fee() (royalty.FeeRule, error) {
	whole, fraction, _ := strings.Cut(c.feePercent, ".")
	if len(fraction) > 4 {
		return royalty.FeeRule{}, errors.New("fee-percent has at most four decimals")
	}
	ppm, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", 4-len(fraction)), 10, 64)
	if err != nil || ppm < 0 || ppm > 1_000_000 {
		return royalty.FeeRule{}, errors.New("fee-percent lies between 0 and 100")
	}
	fixed, err := token.ParseAmount(c.feeFixed)
	if err != nil {
		return royalty.FeeRule{}, fmt.Errorf("fee-fixed: %w", err)
	}
	return royalty.FeeRule{PPM: ppm, Fixed: fixed}, nil
}
