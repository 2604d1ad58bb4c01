package calls

import (
	"embed"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"farthing.dev/farthing/examples/shop"
	"farthing.dev/farthing/sdk"
)

//go:embed templates/*.html assets/*.css
var files embed.FS

// What a call and a pack cost.
const (
	callPrice = "0.001"
	packPrice = "0.10"
	packCalls = 100
	currency  = "USD"
)

// Config is what the site is built from.
type Config struct {
	Client  *sdk.Client
	SiteURL string           // the site's own origin, as callers see it
	Secret  []byte           // for sealed keys: a new one makes all keys given out worthless
	Log     *slog.Logger     // nil means the default
	Now     func() time.Time // nil means the machine's clock
}

type site struct {
	Config
	sealer *shop.Sealer
	pages  *template.Template

	mu    sync.Mutex
	offer string          // the provider's id of the offer of one call
	empty map[string]bool // orders that gave their last call
}

// maxEmpty bounds how many used-up orders are remembered; past it, they are
// forgotten and asked about again.
const maxEmpty = 10_000

// New returns the site.
func New(config Config) http.Handler {
	if config.Log == nil {
		config.Log = slog.Default()
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	config.SiteURL = strings.TrimSuffix(config.SiteURL, "/")
	s := &site{
		Config: config,
		sealer: shop.NewSealer(config.Secret),
		pages:  template.Must(template.ParseFS(files, "templates/*.html")),
		empty:  map[string]bool{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.front)
	mux.HandleFunc("POST /buy/{what}", s.buy)
	mux.HandleFunc("GET /key", s.key)
	mux.HandleFunc("GET /v1/sun", s.priced(askSun))
	mux.HandleFunc("GET /v1/iban/{text}", s.priced(askIBAN))
	mux.HandleFunc("GET /v1/roman/{text}", s.priced(askRoman))
	mux.HandleFunc("/v1/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, problem{Status: http.StatusNotFound, Code: "not_found", Detail: "there is no such question; see " + s.SiteURL})
	})
	mux.Handle("GET /assets/", http.FileServerFS(files))
	mux.Handle("GET "+sdk.SiteProofPath, s.Client.SiteProof())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) })
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		s.message(w, http.StatusNotFound, "There is no such page", "Everything is on the front page.")
	})
	return http.NewCrossOriginProtection().Handler(shop.Headers(mux))
}

// page is what every template gets.
type page struct {
	Title     string
	Site      string
	Provider  string
	CallPrice string
	PackPrice string
	PackCalls int
	Currency  string
	Key       string
	Left      int
	Text      string
}

func (s *site) render(w http.ResponseWriter, status int, name string, p page) {
	p.Site, p.Provider, p.CallPrice, p.PackPrice, p.PackCalls, p.Currency = s.SiteURL, s.Client.BaseURL, callPrice, packPrice, packCalls, currency
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := s.pages.ExecuteTemplate(w, name, p); err != nil {
		s.Log.Error("page was cut short", "page", name, "error", err)
	}
}

func (s *site) message(w http.ResponseWriter, status int, title, text string) {
	s.render(w, status, "message.html", page{Title: title, Text: text})
}

func (s *site) trouble(w http.ResponseWriter, doing string, err error) {
	s.Log.Error(doing, "error", err)
	s.message(w, http.StatusServiceUnavailable, "The till is not answering", "Nothing was charged. Please try again in a moment.")
}

// front explains the service.
func (s *site) front(w http.ResponseWriter, r *http.Request) {
	p := page{Title: "Plain Answers"}
	_ = s.sealer.Cookie(r, keyCookie, s.Now(), &p.Key) // no key yet is no error
	s.render(w, http.StatusOK, "front.html", p)
}
