package shop

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
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

// Register makes sure that the site's origin is one at which the vendor sells.
func Register(ctx context.Context, client *sdk.Client, origin string) error {
	for page := (sdk.Page{Limit: 100}); ; {
		sites, err := client.Sites(ctx, page)
		if err != nil {
			return fmt.Errorf("list sites: %w", err)
		}
		if slices.ContainsFunc(sites.Data, func(s sdk.Site) bool { return strings.TrimSuffix(s.URL, "/") == origin }) {
			return nil
		}
		if sites.NextCursor == "" {
			break
		}
		page.Cursor = sites.NextCursor
	}
	if _, err := client.CreateSite(ctx, origin); err != nil {
		return fmt.Errorf("register %s as a site: %w", origin, err)
	}
	return nil
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
	if err := Register(ctx, settings.Client, settings.SiteURL); err != nil {
		fmt.Fprintln(os.Stderr, name+": "+err.Error())
		return 1
	}
	settings.Log.Info("open", "site", name, "url", settings.SiteURL, "provider", settings.Client.BaseURL)
	if err := serve(ctx, settings.Listen, build(settings)); err != nil {
		fmt.Fprintln(os.Stderr, name+": "+err.Error())
		return 1
	}
	return 0
}

// serve answers requests until ctx ends, then finishes those under way.
func serve(ctx context.Context, address string, handler http.Handler) error {
	server := NewServer(handler)
	server.Addr = address
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
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
