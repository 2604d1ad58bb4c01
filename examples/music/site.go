package music

import (
	"embed"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"farthing.dev/farthing/examples/shop"
	"farthing.dev/farthing/sdk"
)

//go:embed templates/*.html assets/*.css
var files embed.FS

// Config is what the site is built from.
type Config struct {
	Client  *sdk.Client
	SiteURL string           // the site's own origin, as readers see it
	Secret  []byte           // for sealed cookies and stream addresses
	Log     *slog.Logger     // nil means the default
	Now     func() time.Time // nil means the machine's clock
}

// site is the label's shop.
type site struct {
	Config
	tracks []*track
	sealer *shop.Sealer
	pages  *template.Template
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
	s := &site{
		Config: config,
		tracks: catalogue(),
		sealer: shop.NewSealer(config.Secret),
		pages:  template.Must(template.ParseFS(files, "templates/*.html")),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.shelf)
	mux.HandleFunc("GET /tracks/{slug}", s.track)
	mux.HandleFunc("POST /rent/{slug}", s.rent)
	mux.HandleFunc("POST /play/{slug}", s.play)
	mux.HandleFunc("GET /listen/{pass}", s.listen)
	mux.HandleFunc("GET /stream/{pass}/{file}", s.stream)
	mux.Handle("GET /assets/", http.FileServerFS(files))
	mux.Handle("GET "+sdk.SiteProofPath, s.Client.SiteProof())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) })
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		s.message(w, http.StatusNotFound, "There is no such page", "The four releases are on the front page.", nil)
	})
	return http.NewCrossOriginProtection().Handler(shop.Headers(mux))
}

// find returns the track that the request names, or answers that there is none.
func (s *site) find(w http.ResponseWriter, r *http.Request) *track {
	for _, t := range s.tracks {
		if t.Slug == r.PathValue("slug") {
			return t
		}
	}
	s.message(w, http.StatusNotFound, "There is no such track", "The four releases are on the front page.", nil)
	return nil
}

// page is what every template gets.
type page struct {
	Title    string
	Provider string
	Price    string
	Tracks   []*track
	Track    *track
	Rental   *rental
	Nonce    string
	Pass     string
	Play     int
	Text     string
	Again    bool
}

func (s *site) render(w http.ResponseWriter, status int, name string, p page) {
	p.Provider, p.Price = s.Client.BaseURL, price+" "+currency
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := s.pages.ExecuteTemplate(w, name, p); err != nil {
		s.Log.Error("page was cut short", "page", name, "error", err)
	}
}

// message shows a page that says what happened, with a way to rent where t is set.
func (s *site) message(w http.ResponseWriter, status int, title, text string, t *track) {
	s.render(w, status, "message.html", page{Title: title, Text: text, Track: t})
}

// trouble answers a provider that refused or was not reached.
func (s *site) trouble(w http.ResponseWriter, doing string, err error) {
	s.Log.Error(doing, "error", err)
	s.message(w, http.StatusServiceUnavailable, "The till is not answering", "Nothing was charged. Please try again in a moment.", nil)
}
