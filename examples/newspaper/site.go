package newspaper

import (
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"farthing.dev/farthing/examples/shop"
	"farthing.dev/farthing/sdk"
)

// Config is what the site is built from.
type Config struct {
	Client  *sdk.Client
	SiteURL string           // the site's own origin, as readers see it
	Secret  []byte           // for signed and sealed cookies; 32 bytes or more
	Login   *Login           // nil where readers cannot log in at the paper
	Log     *slog.Logger     // nil means the default
	Now     func() time.Time // nil means the machine's clock
}

type site struct {
	Config
	articles []Article
	pages    *template.Template
	wall     *sdk.Paywall
	sealer   *shop.Sealer
	door     door

	mu     sync.Mutex
	offers map[string]string // by slug; nil until the provider was told
}

// New returns the site.
func New(config Config) http.Handler {
	if config.Log == nil {
		config.Log = slog.Default()
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	config.SiteURL = strings.TrimSuffix(config.SiteURL, "/")
	articles, err := Articles()
	if err != nil {
		panic(err) // the articles are part of the program, and a test reads them
	}
	s := &site{
		Config: config, articles: articles, sealer: shop.NewSealer(config.Secret),
		pages: template.Must(template.ParseFS(files, "templates/*.html")),
	}
	s.wall = s.paywall()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.front)
	mux.Handle("/articles/{slug}", s.gate())
	if s.Login != nil {
		mux.HandleFunc("POST /login", s.logIn)
		mux.HandleFunc("GET "+LoginBack, s.loggedIn)
		mux.HandleFunc("POST "+LoginEnded, s.told)
		mux.HandleFunc("POST /logout", s.logOut)
	}
	mux.Handle("GET /assets/", http.FileServerFS(files))
	mux.Handle("GET "+sdk.SiteProofPath, s.Client.SiteProof())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.missing(w, r) })
	return http.NewCrossOriginProtection().Handler(shop.Headers(s.present(mux)))
}

func (s *site) bySlug(slug string) *Article {
	for i := range s.articles {
		if s.articles[i].Slug == slug {
			return &s.articles[i]
		}
	}
	return nil
}

// page is what every template gets.
type page struct {
	Title    string
	Provider string
	Shares   string
	Articles []Article
	Article  *Article
	Full     bool
	Charged  string // under the reader's allowance, as the page was opened
	LogIn    bool   // readers can log in
	Known    bool   // one is
	Path     string
	Notice   string
}

func (s *site) render(w http.ResponseWriter, r *http.Request, status int, name string, p page) {
	p.Provider, p.Path = s.Client.BaseURL, r.URL.Path
	p.LogIn, p.Known = s.Login != nil, s.wall.KnownReader(r) != ""
	p.Shares = Publisher + " and the author share " + publisherShare + " percent of it."
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "private, no-store")
	w.WriteHeader(status)
	if err := s.pages.ExecuteTemplate(w, name, p); err != nil {
		s.Log.Error("page was cut short", "page", name, "error", err)
	}
}

func (s *site) front(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "front.html", page{Title: "The Harbour Gazette", Articles: s.articles})
}

func (s *site) missing(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusNotFound, "message.html", page{Title: "Not in this edition", Notice: "There is no such page. All five articles are on the front page."})
}

// trouble answers a provider that refused or was not reached.
func (s *site) trouble(w http.ResponseWriter, r *http.Request, doing string, err error) {
	s.Log.Error(doing, "error", err)
	s.render(w, r, http.StatusServiceUnavailable, "message.html", page{Title: "The till is not answering", Notice: "Nothing was charged. Please try again in a moment."})
}
