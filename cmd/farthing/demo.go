package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"time"

	"farthing.dev/farthing/sdk"
)

// The shops, in the order in which they are shown.
const (
	gazette = "newspaper"
	records = "music"
	market  = "calls"
)

var shops = [...]struct{ id, name, sells string }{
	{gazette, "The Harbour Gazette", "articles from 0.05 USD"},
	{records, "Low Tide Records", "three plays of a track for 30 JPY"},
	{market, "Plain Answers", "API calls at 0.001 USD"},
}

// demoOptions are the demo's flags.
type demoOptions struct {
	data    string
	bind    string
	port    int
	oneHost bool
	asJSON  bool
	logs    string
}

func demoCommand(ctx context.Context, args []string, out, diag io.Writer) int {
	var o demoOptions
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.StringVar(&o.data, "data", demoFolder(), "the folder for the demo's data; delete it to start afresh")
	flags.StringVar(&o.bind, "bind", "localhost", "the address of this machine to listen at")
	flags.IntVar(&o.port, "port", 8402, "the provider's port; the shops take the three after it. 0 takes any four that are free")
	flags.BoolVar(&o.oneHost, "one-host", false, "serve the shops at localhost too, for browsers that do not find newspaper.localhost; cookies are then shared between all ports")
	flags.BoolVar(&o.asJSON, "json", false, "print the addresses and logins as one line of JSON")
	flags.StringVar(&o.logs, "log-level", "warn", "debug, info, warn or error; logs go to standard error")
	if code, ok := parseFlags(flags, args, out, diag); !ok {
		return code
	}
	if o.port != 0 && (o.port < 1 || o.port > 65535-len(shops)) {
		fmt.Fprintln(diag, "farthing demo: --port is 0, or a number from 1 to 65532")
		return exitUsage
	}
	err := runDemo(ctx, o, out, diag)
	if err != nil {
		fmt.Fprintf(diag, "farthing demo: %v\n", err)
	}
	return exitCode(err)
}

// demo is a running demo.
type demo struct {
	options   demoOptions
	log       *slog.Logger
	clock     *pastClock
	provider  *provider
	listeners []net.Listener // the provider's, then the shops'
	urls      map[string]string
	state     demoState
	doors     [len(shops)]door
}

// providerID is the provider's name among the addresses.
const providerID = "provider"

func runDemo(ctx context.Context, o demoOptions, out, diag io.Writer) (err error) {
	c := config{
		data: o.data, name: "Farthing", currencies: defaultCurrencies(), feePercent: "5", feeFixed: "0", incentives: "1000",
		window: 30 * time.Minute, session: 30 * 24 * time.Hour, idle: 7 * 24 * time.Hour, private: true, logFormat: "text", logLevel: o.logs, grace: 10 * time.Second,
	}
	d := &demo{options: o, clock: &pastClock{}, urls: map[string]string{}}
	var flush func()
	if d.log, flush, err = newLog(c, diag); err != nil {
		return err
	}
	defer flush()
	if err := d.listen(ctx); err != nil {
		return err
	}
	defer d.closeListeners()
	if d.state, err = readDemo(o.data); err != nil {
		return err
	}
	if !d.state.Seeded {
		d.clock.goTo(storyBegins(time.Now()))
	}
	c.baseURL = d.urls[providerID]
	if d.provider, err = openProvider(ctx, c, d.clock, d.log, true); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.provider.close(context.WithoutCancel(ctx))) }()
	return d.serve(ctx, c.grace, out, diag)
}

// listen takes the four ports, so that one in use is noticed before anything else happens.
func (d *demo) listen(ctx context.Context) error {
	for i := range len(shops) + 1 {
		port := 0
		if d.options.port != 0 {
			port = d.options.port + i
		}
		listener, err := listen(ctx, net.JoinHostPort(d.options.bind, strconv.Itoa(port)))
		if err != nil {
			d.closeListeners()
			return err
		}
		d.listeners = append(d.listeners, listener)
		_, taken, err := net.SplitHostPort(listener.Addr().String())
		if err != nil {
			return err
		}
		id, host := providerID, "localhost"
		if i > 0 {
			id = shops[i-1].id
			if !d.options.oneHost {
				// Browsers send a host's cookies to all of its ports. On a name of its own no
				// shop gets the provider's cookies, or another shop's.
				host = id + ".localhost"
			}
		}
		d.urls[id] = "http://" + net.JoinHostPort(host, taken)
	}
	return nil
}

func (d *demo) closeListeners() {
	for _, listener := range d.listeners {
		listener.Close() // a second close of one that a server closed is no harm
	}
}

// serve runs the provider and the shops, and writes the history at the first start. It
// ends when ctx does or one of the servers fails.
func (d *demo) serve(ctx context.Context, grace time.Duration, out, diag io.Writer) error {
	// The provider outlives the shops, so that what they have accepted can be sold.
	serving, stopProvider := context.WithCancel(context.WithoutCancel(ctx))
	defer stopProvider()
	provided := make(chan error, 1)
	go func() { provided <- serveUntil(serving, newServer(d.provider.handler, d.log), d.listeners[0], grace) }()

	shopping, closeShops := context.WithCancel(ctx)
	defer closeShops()
	ended := d.serveShops(shopping, grace)
	err := d.prepare(ctx, diag)
	if err == nil {
		err = d.announce(out)
	}
	if err != nil {
		closeShops()
	}
	err = errors.Join(err, awaitShops(ended, closeShops, provided))
	stopProvider()
	select {
	case stopped := <-provided:
		err = errors.Join(err, stopped)
	case <-time.After(grace + time.Second):
	}
	if err == nil || errors.Is(err, context.Canceled) {
		fmt.Fprintf(diag, "Stopped. Everything is kept in %s.\n", d.options.data)
		return nil
	}
	return err
}

// prepare makes sure that the people, the shops and their history are there.
func (d *demo) prepare(ctx context.Context, diag io.Writer) error {
	if d.state.Seeded {
		return d.openShops(ctx) // a start on other ports changes where they are
	}
	fmt.Fprintln(diag, "Writing two weeks of history, once …")
	if err := d.seed(ctx); err != nil {
		return fmt.Errorf("write the history: %w", err)
	}
	d.clock.catchUp()
	d.state.Seeded = true
	return d.state.write(d.options.data)
}

// client is what a shop calls the provider with.
func (d *demo) client(id string) *sdk.Client {
	return &sdk.Client{BaseURL: d.urls[providerID], Key: d.state.Keys[id]}
}

// announcement is what the demo prints when it is ready.
type announcement struct {
	URLs     map[string]string `json:"urls"`
	People   []demoPerson      `json:"people"`
	Password string            `json:"password"`
	Data     string            `json:"data"`
}

func (d *demo) announce(out io.Writer) error {
	if d.options.asJSON {
		return json.NewEncoder(out).Encode(announcement{URLs: d.urls, People: demoPeople(), Password: demoPassword, Data: d.options.data})
	}
	fmt.Fprintf(out, "\nFarthing is open.\n\n  %-20s %-35s %s\n", "Provider", d.urls[providerID], "wallet, console; API at /docs")
	for _, s := range shops {
		fmt.Fprintf(out, "  %-20s %-35s %s\n", s.name, d.urls[s.id], s.sells)
	}
	fmt.Fprintf(out, "  %-20s %-35s %s\n", "Sent e-mail", d.urls[providerID]+"/demo/outbox", "codes and links; nothing is sent for real")
	fmt.Fprintf(out, "\nLog in at the provider, all with the password %s\n\n", demoPassword)
	for _, p := range demoPeople() {
		fmt.Fprintf(out, "  %-28s %s\n", p.Email, p.About)
	}
	fmt.Fprintf(out, "\nThe data is in %s;\ndelete that folder to start afresh. Ctrl-C stops.\n", d.options.data)
	return nil
}
