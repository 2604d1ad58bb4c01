package web

import (
	"net/http"
	"runtime/debug"
	"strings"

	"farthing.dev/farthing/token"
)

// policy is the content security policy of every page: one style sheet, one font,
// images of our own, forms that post to ourselves, and nothing else.
const policy = "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"

// Handler wraps mux in the guards of the package, serves the assets, and answers
// what the mux does not know with a page.
func (s *Site) Handler(mux *http.ServeMux) http.Handler {
	mux.Handle("GET /assets/", s.assets)
	routed := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler, pattern := mux.Handler(r)
		if pattern == "" {
			s.unrouted(w, r, handler)
			return
		}
		// The mux itself serves, so that path values are set.
		mux.ServeHTTP(w, r)
	})
	guarded := s.csrf.Handler(routed)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer s.recovered(w, r)
		s.setHeaders(w.Header())
		r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
		guarded.ServeHTTP(w, r)
	})
}

func (s *Site) setHeaders(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
	h.Set("Cache-Control", "no-store")
}

// What every answer says, whoever gives it. They are made once, and never written to.
var (
	httpsOnly = []string{"max-age=31536000; includeSubDomains"} // for a year
	asItSays  = []string{"nosniff"}
	inert     = []string{"default-src 'none'; base-uri 'none'; frame-ancestors 'none'"} // but for what has a policy of its own
)

// Transport has every answer of next say that it is what its type says, that nothing of it is run,
// and that it is framed nowhere; and where the site has https, to come back by that only: those of
// the API, of programs and of errors too. Over http nothing is said of https, since there is none
// to come back to.
func (s *Site) Transport(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["X-Content-Type-Options"], h["Content-Security-Policy"] = asItSays, inert
		if s.secure {
			h["Strict-Transport-Security"] = httpsOnly
		}
		next.ServeHTTP(w, r)
	})
}

// AllowFormsTo lets a form on the present page end at origin. Browsers apply
// form-action to the redirects that follow a form too, so the page whose button
// pays must permit the shop that the reader returns to.
func AllowFormsTo(w http.ResponseWriter, origin string) {
	if origin == "" || strings.ContainsAny(origin, " ;,'\"") {
		return
	}
	w.Header().Set("Content-Security-Policy", w.Header().Get("Content-Security-Policy")+" "+origin)
}

// AllowScript lets the present page load scripts of our own from files, and lets them
// call us. Pages that do so must work without them.
func AllowScript(w http.ResponseWriter) {
	w.Header().Set("Content-Security-Policy", "script-src 'self'; connect-src 'self'; "+w.Header().Get("Content-Security-Policy"))
}

// AllowForeign lets requests of a pattern of the mux come from other sites. Nothing
// may be changed there. Call it before serving.
func (s *Site) AllowForeign(pattern string) { s.csrf.AddInsecureBypassPattern(pattern) }

// Origin is the scheme and host of the pages, as browsers write it.
func (s *Site) Origin() string { return s.origin }

// LeaveTo sends the browser to another site without saying where it came from.
func LeaveTo(w http.ResponseWriter, r *http.Request, address string) {
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, address, http.StatusSeeOther)
}

// unrouted answers with a page where the mux has nothing: 404, or 405 with the
// methods that the address has.
func (s *Site) unrouted(w http.ResponseWriter, r *http.Request, fallback http.Handler) {
	probe := &discarded{header: http.Header{}, status: http.StatusOK}
	fallback.ServeHTTP(probe, r)
	if allow := probe.header.Get("Allow"); allow != "" {
		w.Header().Set("Allow", allow)
	}
	switch {
	case probe.status == http.StatusMethodNotAllowed:
		s.showProblem(w, r, http.StatusMethodNotAllowed, nil, problem{Heading: "That does not work here", Detail: "This address does not answer to that kind of request."})
	case probe.header.Get("Location") != "":
		http.Redirect(w, r, probe.header.Get("Location"), http.StatusPermanentRedirect)
	default:
		s.Fail(w, r, nil, token.Refuse(token.NotFound, "not_found.page_address"))
	}
}

func (s *Site) foreignRequest(w http.ResponseWriter, r *http.Request) {
	from := r.Header.Get("Origin")
	s.log.WarnContext(r.Context(), "security", "code", string(token.CodeCrossSite), "method", r.Method, "path", r.URL.Path, "origin", from[:min(len(from), 200)])
	s.showProblem(w, r, http.StatusForbidden, nil, problem{
		Heading: "Sent from another site",
		Detail:  "This request came from another site, so nothing was changed. Go back to " + s.name + " and try again there.",
	})
}

// recovered turns a panic into an error page, so that one bad request is one bad
// answer.
func (s *Site) recovered(w http.ResponseWriter, r *http.Request) {
	fault := recover()
	if fault == nil {
		return
	}
	if fault == http.ErrAbortHandler {
		panic(fault)
	}
	s.log.ErrorContext(r.Context(), "panic in a page", "path", r.URL.Path, "fault", fault, "stack", string(debug.Stack()))
	s.Fail(w, r, nil, errFault)
}

// discarded is a response that only its status and header are wanted of.
type discarded struct {
	header http.Header
	status int
}

func (d *discarded) Header() http.Header         { return d.header }
func (d *discarded) Write(b []byte) (int, error) { return len(b), nil }
func (d *discarded) WriteHeader(status int)      { d.status = status }
