package newspaper

import (
	"errors"
	"maps"
	"net/http"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"farthing.dev/farthing/examples/shop"
)

// logOut forgets the reader in this browser.
func (s *site) logOut(w http.ResponseWriter, r *http.Request) {
	s.forget(w)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *site) forget(w http.ResponseWriter) {
	s.wall.ForgetReader(w)
	shop.DropCookie(w, loginCookie)
}

// told hears from the provider that a login of a reader ended there, or her logins at
// this site (OpenID Connect Back-Channel Logout 1.0). The paper keeps no sessions, so it
// remembers which ended; a paper with more than one server would do that in its database.
func (s *site) told(w http.ResponseWriter, r *http.Request) {
	session, err := s.logoutOf(r)
	if err != nil {
		http.Error(w, "That is not a logout token for this site.", http.StatusBadRequest)
		return
	}
	s.door.mu.Lock()
	defer s.door.mu.Unlock()
	if s.door.ended == nil {
		s.door.ended = map[string]time.Time{}
	}
	oldest := s.Now().Add(-knownFor) // by then nobody is known by it any more
	maps.DeleteFunc(s.door.ended, func(_ string, at time.Time) bool { return at.Before(oldest) })
	s.door.ended[session] = s.Now()
}

// logoutOf returns which login at the provider has ended.
func (s *site) logoutOf(r *http.Request) (session string, err error) {
	_, verifier, err := s.openID(r.Context())
	if err != nil {
		return "", err
	}
	verified, err := verifier.Verify(oidc.ClientContext(r.Context(), patient), r.PostFormValue("logout_token"))
	if err != nil {
		return "", err
	}
	var claims struct {
		Session string         `json:"sid"`
		Events  map[string]any `json:"events"`
	}
	if err := verified.Claims(&claims); err != nil {
		return "", err
	}
	if _, ok := claims.Events["http://schemas.openid.net/event/backchannel-logout"]; !ok || claims.Session == "" || verified.Nonce != "" {
		return "", errors.New("the token is no logout token")
	}
	return claims.Session, nil
}

// present forgets readers whose login has ended, before anything opens for them.
func (s *site) present(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var session string
		if s.sealer.Cookie(r, loginCookie, s.Now(), &session) == nil && s.hasEnded(session) {
			s.forget(w)
			if r.Method == http.MethodGet {
				http.Redirect(w, r, s.SiteURL+r.URL.RequestURI(), http.StatusSeeOther)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

func (s *site) hasEnded(session string) bool {
	s.door.mu.Lock()
	defer s.door.mu.Unlock()
	_, ended := s.door.ended[session]
	return ended
}
