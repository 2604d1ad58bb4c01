package web

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"

	"farthing.dev/farthing/token"
)

//go:embed templates
var templates embed.FS

// MaxBody bounds the body of any request to a page, in bytes.
const MaxBody = 64 << 10

// Site is one provider's pages. It is safe for concurrent use.
type Site struct {
	name    string
	origin  string // scheme and host, as the browser writes it in Origin
	secure  bool
	demo    bool
	log     *slog.Logger
	clock   token.Clock
	assets  *assets
	base    *template.Template
	problem *Pages
	csrf    *http.CrossOriginProtection
	proxies []netip.Prefix

	forwardedNoted atomic.Int64 // when an operator was told last of a proxy that is not trusted, in nanoseconds
}

// Config is what a Site needs to know.
type Config struct {
	Name    string // the provider's name, as readers see it
	BaseURL string // where the pages live; https there makes cookies secure
	Demo    bool   // say on every page that no real money is here
	Log     *slog.Logger
	Clock   token.Clock

	TrustedProxies []netip.Prefix // whose X-Forwarded-For is believed; nobody's where empty
}

// NewSite reads the shared layout and prepares the assets.
func NewSite(c Config) (*Site, error) {
	base, err := url.Parse(c.BaseURL)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, fmt.Errorf("web: the base URL %q is not an http or https address", c.BaseURL)
	}
	s := &Site{
		name:   c.Name,
		origin: base.Scheme + "://" + base.Host,
		secure: base.Scheme == "https",
		demo:   c.Demo,
		log:    c.Log,
		clock:  c.Clock,
		csrf:   http.NewCrossOriginProtection(),

		proxies: c.TrustedProxies,
	}
	// A proxy may have put a name of its own in Host, which Origin is else compared with.
	if err := s.csrf.AddTrustedOrigin(s.origin); err != nil {
		return nil, fmt.Errorf("web: the base URL %q: %w", c.BaseURL, err)
	}
	if s.assets, err = newAssets(); err != nil {
		return nil, err
	}
	if s.base, err = template.New("base").Funcs(s.functions()).ParseFS(templates, "templates/base.html", "templates/parts.html"); err != nil {
		return nil, fmt.Errorf("web: layout: %w", err)
	}
	shared, err := fs.Sub(templates, "templates")
	if err != nil {
		return nil, err
	}
	if s.problem, err = s.pages(shared, "problem.html"); err != nil {
		return nil, err
	}
	s.csrf.SetDenyHandler(http.HandlerFunc(s.foreignRequest))
	return s, nil
}

// Name returns the provider's name.
func (s *Site) Name() string { return s.name }

// Pages are the templates of one edge, each inside the shared layout.
type Pages struct {
	site *Site
	byID map[string]*template.Template
}

// Pages reads every .html file of folder. A file's name is the page's name; each
// defines "content".
func (s *Site) Pages(folder fs.FS) (*Pages, error) {
	names, err := fs.Glob(folder, "*.html")
	if err != nil {
		return nil, err
	}
	return s.pages(folder, names...)
}

func (s *Site) pages(folder fs.FS, names ...string) (*Pages, error) {
	p := &Pages{site: s, byID: map[string]*template.Template{}}
	for _, name := range names {
		t, err := s.base.Clone()
		if err != nil {
			return nil, err
		}
		if p.byID[name], err = t.ParseFS(folder, name); err != nil {
			return nil, fmt.Errorf("web: page %s: %w", name, err)
		}
	}
	return p, nil
}

// Page is what the layout shows around the content of one page.
type Page struct {
	Title   string
	Reader  *Who   // who is logged in, nil for nobody
	Section string // which link of the navigation is the present page
	Quiet   bool   // leave out the navigation: nothing distracts from paying
	Wide    bool   // tables of many columns
	Flash   string
	Body    any

	Provider string // set by Render
	Demo     bool   // set by Render
}

// Render writes a page. It is rendered in memory first, so a template that fails
// never leaves half a page behind.
func (p *Pages) Render(w http.ResponseWriter, r *http.Request, status int, name string, page Page) error {
	t := p.byID[name]
	if t == nil {
		return fmt.Errorf("web: there is no page %s", name)
	}
	page.Provider, page.Demo = p.site.name, p.site.demo
	if page.Flash == "" {
		page.Flash = p.site.takeFlash(w, r)
	}
	var out bytes.Buffer
	if err := t.ExecuteTemplate(&out, "page", page); err != nil {
		return fmt.Errorf("web: render %s: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if _, err := out.WriteTo(w); err != nil {
		p.site.log.DebugContext(r.Context(), "page not sent", "page", name, "error", err)
	}
	return nil
}

// asError returns the token.Error in err's chain; any other error becomes an
// internal one, whose cause only the log sees.
func asError(err error) *token.Error {
	if refusal, ok := errors.AsType[*token.Error](err); ok {
		return refusal
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return token.Refuse(token.Malformed, "malformed.too_large")
	}
	return errFault.Because(err)
}
