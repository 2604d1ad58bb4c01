package web

import (
	"context"
	"net/http"
	"net/url"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/token"
)

// Identifier knows who a session's token stands for.
type Identifier interface {
	Viewer(ctx context.Context, token string) (caller.Viewer, error)
}

// PublicPage is a page for everybody; v is nil where nobody is logged in.
type PublicPage func(w http.ResponseWriter, r *http.Request, v *caller.Viewer) error

// MemberPage is a page for people who are logged in.
type MemberPage func(w http.ResponseWriter, r *http.Request, v caller.Viewer) error

// Public makes a handler of a page for everybody. An error that the page returns
// becomes an error page.
func (s *Site) Public(who Identifier, page PublicPage) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		viewer, err := s.viewer(who, r)
		if err == nil {
			err = page(w, r, viewer)
		}
		if err != nil {
			s.Fail(w, r, Reader(viewer), err)
		}
	}
}

// Member makes a handler of a page for people who are logged in. Everybody else is
// sent to log in and comes back: to the same page, or to home from a form.
func (s *Site) Member(who Identifier, home string, page MemberPage) http.HandlerFunc {
	return s.Public(who, func(w http.ResponseWriter, r *http.Request, v *caller.Viewer) error {
		if v != nil {
			return page(w, r, *v)
		}
		next := home
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			next = r.URL.RequestURI()
		}
		http.Redirect(w, r, "/login?next="+url.QueryEscape(LocalPath(next, home)), http.StatusSeeOther)
		return nil
	})
}

// AgainURL is where somebody who is logged in shows once more that it is she, and comes back to next.
func AgainURL(next string) string {
	return "/login?" + url.Values{"again": {"1"}, "next": {next}}.Encode()
}

// AskAgain sends somebody to log in once more where that is what a refusal asks for, and reports
// whether it did. She comes back to next.
func AskAgain(w http.ResponseWriter, r *http.Request, cause error, next string) bool {
	if refusal := asError(cause); refusal.Code != token.CodeWindowClosed && refusal.Code != token.CodeLoginStale {
		return false
	}
	http.Redirect(w, r, AgainURL(next), http.StatusSeeOther)
	return true
}

// viewer returns who is logged in, or nil. A session that has ended is nobody's.
func (s *Site) viewer(who Identifier, r *http.Request) (*caller.Viewer, error) {
	secret := s.Session(r)
	if secret == "" || len(secret) > 512 {
		return nil, nil
	}
	viewer, err := who.Viewer(r.Context(), secret)
	if err != nil {
		if kind := asError(err).Kind; kind == token.Unauthorised || kind == token.NotFound || kind == token.Malformed {
			return nil, nil
		}
		return nil, err
	}
	return &viewer, nil
}

// Who is logged in, as far as the layout of pages shows it.
type Who struct {
	Name     string
	Operator bool // has the operators' pages in the navigation
}

// Reader returns who a viewer is to the layout, nil for nobody.
func Reader(v *caller.Viewer) *Who {
	if v == nil {
		return nil
	}
	who := &Who{v.Name, v.Operator}
	if who.Name == "" {
		who.Name = v.Email
	}
	return who
}
