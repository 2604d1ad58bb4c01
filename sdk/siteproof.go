package sdk

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// SiteProofPath is where the provider looks for the proof that a site is yours, at the
// root of the site's origin.
const SiteProofPath = "/.well-known/farthing-site.txt"

// proofPause is how long proofs are kept, so that strangers who ask for them do not use
// up what the provider lets you call.
const proofPause = time.Second

// SiteProof returns a handler for SiteProofPath: it shows the proofs of the client's
// first hundred sites. Register the site, serve this, then call ProveSite.
func (c *Client) SiteProof() http.Handler {
	return &siteProof{client: c}
}

type siteProof struct {
	client *Client

	mu     sync.Mutex
	proofs string
	asked  time.Time
	err    error
}

// ServeHTTP implements http.Handler.
func (s *siteProof) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	proofs, err := s.get(r)
	if err != nil {
		http.Error(w, "the provider does not answer", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Write([]byte(proofs))
}

func (s *siteProof) get(r *http.Request) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if now.Sub(s.asked) < proofPause {
		return s.proofs, s.err
	}
	var out strings.Builder
	sites, err := s.client.Sites(r.Context(), Page{Limit: 100})
	for _, site := range sites.Data {
		out.WriteString(site.Proof + "\n")
	}
	s.proofs, s.err, s.asked = out.String(), err, now
	return s.proofs, s.err
}
