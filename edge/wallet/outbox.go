package wallet

import (
	"net/http"
	"strings"
	"time"

	"farthing.dev/farthing/app/caller"
	"farthing.dev/farthing/edge/web"
)

// outboxLetter is a message as the demonstration's outbox shows it.
type outboxLetter struct {
	To, Subject string
	At          time.Time
	Lines       []outboxLine
}

// outboxLine is one paragraph of it, or an address of this site to go to.
type outboxLine struct {
	Text string
	Path string // where it is a link
}

// showOutbox is GET /demo/outbox: what this provider would have sent by e-mail.
func (h *Handler) showOutbox(w http.ResponseWriter, r *http.Request, v *caller.Viewer) error {
	var letters []outboxLetter
	for _, m := range h.outbox() {
		letters = append(letters, outboxLetter{To: m.To, Subject: m.Subject, At: m.At, Lines: paragraphs(m.Text, h.site.PathOf)})
	}
	page := web.Page{Title: "Sent e-mail", Reader: web.Reader(v), Body: letters}
	return h.pages.Render(w, r, http.StatusOK, "outbox.html", page)
}

// paragraphs joins the lines of a message, which are broken for plain text, into its
// paragraphs. An address that path knows is one of its own.
func paragraphs(text string, path func(line string) string) []outboxLine {
	var out []outboxLine
	begins := true
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		to := path(line)
		switch {
		case line == "":
			begins = true
		case begins || to != "":
			out = append(out, outboxLine{Text: line, Path: to})
			begins = to != ""
		default:
			out[len(out)-1].Text += " " + line
		}
	}
	return out
}
