package console

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"

	"farthing.dev/farthing/app/directory"
	"farthing.dev/farthing/edge/web"
	"farthing.dev/farthing/token"
)

// setupPart is what the vendor's servers need: keys and sites.
type setupPart struct {
	Keys   []directory.KeyView
	Secret string            // of the key just made: shown now and never again
	Made   directory.KeyView // that key
	Login  string
	URL    string
	Form   string // the one that was refused
}

func (h *Handler) setup(v visit) error {
	return h.showSetup(v, setupPart{}, nil)
}

func (h *Handler) showSetup(v visit, part setupPart, cause error) error {
	if web.AskAgain(v.w, v.r, cause, "/console/"+v.vendor.ID.String()+"/setup") {
		return nil
	}
	f, status := frame{Tab: "setup"}, http.StatusOK
	if cause != nil {
		sentence, correctable := web.Explain(v.r, cause)
		if !correctable {
			return cause
		}
		f.Refusal, status = sentence, web.StatusOf(cause)
	}
	var err error
	if part.Keys, err = h.app.VendorKeys(v.r.Context(), v.viewer, v.vendor.ID); err != nil {
		return err
	}
	f.Part = part
	return h.show(v, status, "setup.html", "Keys and sites", f)
}

// createKey shows the secret in the answer itself: it is kept nowhere, so there is
// no other page to send the browser to.
func (h *Handler) createKey(v visit) error {
	if err := web.ParseForm(v.r); err != nil {
		return err
	}
	login := strings.TrimSpace(v.r.PostForm.Get("login"))
	secret, made, err := h.app.CreateKey(v.r.Context(), v.viewer, v.vendor.ID, login, v.r.PostForm.Get("mode") != "live")
	if err != nil {
		return h.showSetup(v, setupPart{Form: "key", Login: login}, err)
	}
	return h.showSetup(v, setupPart{Secret: secret, Made: made}, nil)
}

func (h *Handler) revokeKey(v visit) error {
	if err := web.ParseForm(v.r); err != nil {
		return err
	}
	id, err := token.ParseID[token.KeyKind](v.r.PostForm.Get("key"))
	if err == nil {
		err = h.app.RevokeKey(v.r.Context(), v.viewer, v.vendor.ID, id)
	}
	if err != nil {
		return h.showSetup(v, setupPart{Form: "key"}, err)
	}
	h.site.Flash(v.w, "The key is revoked.")
	return h.toSetup(v)
}

func (h *Handler) createSite(v visit) error {
	if err := web.ParseForm(v.r); err != nil {
		return err
	}
	address := strings.TrimSpace(v.r.PostForm.Get("url"))
	seller, err := h.app.ActFor(v.r.Context(), v.viewer, v.vendor.ID, false)
	if err != nil {
		return err
	}
	var nonce [16]byte
	if _, err := io.ReadFull(h.random, nonce[:]); err != nil {
		return fmt.Errorf("make a reference: %w", err)
	}
	if _, _, err := h.app.CreateSite(v.r.Context(), seller, address, "console-"+hex.EncodeToString(nonce[:]), []byte(address)); err != nil {
		return h.showSetup(v, setupPart{Form: "site", URL: address}, err)
	}
	h.site.Flash(v.w, "The site is registered. Show that it is yours, and live orders can lead there.")
	return h.toSetup(v)
}

// proveSite has the provider look for the proof of a site.
func (h *Handler) proveSite(v visit) error {
	if err := web.ParseForm(v.r); err != nil {
		return err
	}
	seller, err := h.app.ActFor(v.r.Context(), v.viewer, v.vendor.ID, false)
	if err != nil {
		return err
	}
	id, err := token.ParseID[token.SiteKind](v.r.PostForm.Get("site"))
	if err == nil {
		_, err = h.app.ProveSite(v.r.Context(), seller, id)
	}
	if err != nil {
		return h.showSetup(v, setupPart{Form: "site"}, err)
	}
	h.site.Flash(v.w, "The site is verified.")
	return h.toSetup(v)
}

func (h *Handler) toSetup(v visit) error {
	http.Redirect(v.w, v.r, "/console/"+v.vendor.ID.String()+"/setup", http.StatusSeeOther)
	return nil
}
