package shop

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"farthing.dev/farthing/sdk"
)

// Settings are what a site is told from outside.
type Settings struct {
	Client  *sdk.Client
	SiteURL string // the site's own origin, as readers see it
	Secret  []byte // for sealed values
	Listen  string
	Log     *slog.Logger
}

// FromEnvironment reads FARTHING_URL and FARTHING_KEY, which the site needs to
// sell, and LISTEN, SITE_URL and SITE_SECRET, which have defaults. Without a secret
// one is made, and readers' cookies end with the process.
func FromEnvironment(port string) (Settings, error) {
	key := os.Getenv("FARTHING_KEY")
	if key == "" {
		return Settings{}, errors.New("set FARTHING_KEY to one of your vendor keys (fk_live_… or fk_test_…), and FARTHING_URL to the provider")
	}
	secret := make([]byte, 32)
	rand.Read(secret)
	if given := os.Getenv("SITE_SECRET"); given != "" {
		sum := sha256.Sum256([]byte(given))
		secret = sum[:]
	}
	return Settings{
		Client:  &sdk.Client{BaseURL: cmp.Or(os.Getenv("FARTHING_URL"), "http://localhost:8402"), Key: key},
		SiteURL: strings.TrimSuffix(cmp.Or(os.Getenv("SITE_URL"), "http://localhost:"+port), "/"),
		Secret:  secret,
		Listen:  cmp.Or(os.Getenv("LISTEN"), "localhost:"+port),
		Log:     slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}, nil
}

// Register makes sure that the site's origin is one at which the vendor sells, and that
// the provider knows it to be the vendor's own. The site must be serving by then.
func Register(ctx context.Context, client *sdk.Client, origin string) error {
	site, err := find(ctx, client, origin)
	if err != nil {
		return fmt.Errorf("register %s as a site: %w", origin, err)
	}
	if site.ProvedAt != nil || strings.HasPrefix(client.Key, "fk_test_") {
		return nil // the sandbox asks for no proof
	}
	if _, err := client.ProveSite(ctx, site.ID); err != nil {
		return fmt.Errorf("prove %s: %w", origin, err)
	}
	return nil
}

// find returns the site with an origin, registering it where there is none.
func find(ctx context.Context, client *sdk.Client, origin string) (sdk.Site, error) {
	for page := (sdk.Page{Limit: 100}); ; {
		sites, err := client.Sites(ctx, page)
		if err != nil {
			return sdk.Site{}, err
		}
		is := func(s sdk.Site) bool { return strings.TrimSuffix(s.URL, "/") == origin }
		if at := slices.IndexFunc(sites.Data, is); at >= 0 {
			return sites.Data[at], nil
		}
		if sites.NextCursor == "" {
			return client.CreateSite(ctx, origin)
		}
		page.Cursor = sites.NextCursor
	}
}

// Main runs a site until it is interrupted, and returns the process's exit code.
func Main(name, port string, build func(Settings) http.Handler) int {
	settings, err := FromEnvironment(port)
	if err != nil {
		fmt.Fprintln(os.Stderr, name+": "+err.Error())
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := open(ctx, name, settings, build(settings)); err != nil {
		fmt.Fprintln(os.Stderr, name+": "+err.Error())
		return 1
	}
	return 0
}

// open serves the site, registers it, and serves on until ctx ends. The provider looks
// at the site to see whose it is, so it is served first.
func open(ctx context.Context, name string, settings Settings, site http.Handler) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", settings.Listen)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, listener, site) }()
	if err := Register(ctx, settings.Client, settings.SiteURL); err != nil {
		stop()
		return errors.Join(err, <-ended)
	}
	settings.Log.Info("open", "site", name, "url", settings.SiteURL, "provider", settings.Client.BaseURL)
	return <-ended
}

// serve answers requests until ctx ends, then finishes those under way.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := NewServer(handler)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return server.Shutdown(ending)
}

// NewServer returns a server whose waits are all bounded.
func NewServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    32 << 10,
	}
}
