package openid

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"farthing.dev/farthing/app/activity"
	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// visit is a browser that came to an endpoint of the protocol. The library passes it on
// to server in the context.
type visit struct {
	w      http.ResponseWriter
	r      *http.Request
	viewer *caller.Viewer
}

type visitKey struct{}

func visitOf(ctx context.Context) visit { return ctx.Value(visitKey{}).(visit) }

// maxQuery bounds the parameters of a login, in bytes: the way to the login page and
// back must hold them.
const maxQuery = 1900

// run has the library answer a browser. What it redirects to is gone to; what it refuses
// becomes a page, since the one who reads it is a person.
func (h *Handler) run(w http.ResponseWriter, r *http.Request, v *caller.Viewer) error {
	if len(r.URL.RawQuery) > maxQuery {
		return token.Refuse(token.Malformed, "malformed.link_long", token.Number("most", maxQuery))
	}
	if err := single(r); err != nil {
		return token.Refuse(token.Malformed, "malformed.link_twice")
	}
	answer := &answer{header: http.Header{}}
	h.protocol.ServeHTTP(answer, r.WithContext(context.WithValue(r.Context(), visitKey{}, visit{w, r, v})))
	to := answer.header.Get("Location")
	switch {
	case to != "" && strings.HasPrefix(to, "/"):
		http.Redirect(w, r, to, http.StatusSeeOther)
		return nil
	case to != "":
		web.LeaveTo(w, r, to)
		return nil
	}
	return h.explain(r, answer)
}

// explain turns a refusal of the library into one for a page.
func (h *Handler) explain(r *http.Request, a *answer) error {
	var refusal oidc.Error
	if a.status >= http.StatusInternalServerError || json.Unmarshal(a.body.Bytes(), &refusal) != nil {
		return token.Refuse(token.Unavailable, "unavailable.try_again")
	}
	if of, err := h.app.Client(r.Context(), r.Form.Get("client_id")); err == nil {
		h.app.Record(r.Context(), activity.Event{Code: token.CodeURLNotAllowed, Vendor: of.Vendor,
			Detail: "A reader was sent here by " + of.Name + " with a link that was refused: it names an address that is not registered, or cannot be read."})
	}
	return token.Refuse(token.Malformed, "url_not_registered.login_link", token.Word("why", strings.TrimRight(refusal.Description, ".")))
}

// answer keeps a response.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) { a.status = status }

// Write implements http.ResponseWriter.
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }
