package wallet

import (
	"net/http"
	"strings"
	"time"

	"farthing.dev/farthing/app"
	"farthing.dev/farthing/edge/web"
)

// outboxLetter is a message as the demonstration's outbox shows it.
type outboxLetter struct {
	To, Subject string
	At          time.Time
	Lines       []outboxLine
}

// outboxLine is one line of it: text, or an address of this site to go to.
type outboxLine struct {
	Text string
	Path string // where it is a link
}

// showOutbox is GET /demo/outbox: what this provider would have sent by e-mail.
func (h *Handler) showOutbox(w http.ResponseWriter, r *http.Request, v *app.Viewer) error {
	var letters []outboxLetter
	for _, m := range h.outbox() {
		letter := outboxLetter{To: m.To, Subject: m.Subject, At: m.At}
		for line := range strings.Lines(m.Text) {
			line = strings.TrimRight(line, "\r\n")
			letter.Lines = append(letter.Lines, outboxLine{Text: line, Path: h.site.PathOf(line)})
		}
		letters = append(letters, letter)
	}
	page := web.Page{Title: "Sent e-mail", Reader: web.Reader(v), Body: letters}
	return h.pages.Render(w, r, http.StatusOK, "outbox.html", page)
}
