package music

import (
	"net/http"
	"time"

	"farthing.dev/farthing/sdk"
)

// passTime is how long one play can be streamed: long enough to pause, answer the
// door and go on, too short to be a fourth play.
const passTime = 10 * time.Minute

// pass is what a stream address stands for.
type pass struct {
	Slug string `json:"s"`
	Play int    `json:"p"`
	Left int    `json:"l"`
}

// play counts one play and sends the browser to listen to it.
func (s *site) play(w http.ResponseWriter, r *http.Request) {
	t := s.find(w, r)
	if t == nil {
		return
	}
	id := s.rentals(r)[t.Slug]
	nonce := r.PostFormValue("nonce")
	if id == "" || nonce == "" || len(nonce) > 64 {
		s.message(w, http.StatusForbidden, "Rent it first", "This browser has not rented the track.", t)
		return
	}
	viewing, err := s.Client.View(r.Context(), id, sdk.IdempotencyKey("play-"+id+"-"+nonce))
	switch sdk.Code(err) {
	case sdk.EntitlementUsedUp:
		s.message(w, http.StatusGone, "All three plays are used", "This rental gave three plays, and you have had them. Nothing was charged; rent the track again to go on listening.", t)
		return
	case sdk.EntitlementExpired:
		s.message(w, http.StatusGone, "The day is over", "This rental ended 24 hours after its first play. Nothing was charged; rent the track again to go on listening.", t)
		return
	case sdk.EntitlementRevoked:
		s.message(w, http.StatusGone, "This rental was refunded", "You have your money back, so the track is closed. Rent it again to listen.", t)
		return
	}
	if err != nil {
		s.trouble(w, "count play", err)
		return
	}
	this := pass{Slug: t.Slug, Play: viewing.Entitlement.ViewsUsed}
	if viewing.Entitlement.ViewsLeft != nil {
		this.Left = *viewing.Entitlement.ViewsLeft
	}
	address, err := s.sealer.Seal("pass", this, s.Now().Add(passTime))
	if err != nil {
		s.trouble(w, "seal pass", err)
		return
	}
	http.Redirect(w, r, "/listen/"+address, http.StatusSeeOther)
}

// open reads the pass in the address, or says why it does not open anything.
func (s *site) open(w http.ResponseWriter, r *http.Request) (*track, pass, bool) {
	var p pass
	if s.sealer.Open("pass", r.PathValue("pass"), s.Now(), &p) == nil {
		for _, t := range s.tracks {
			if t.Slug == p.Slug {
				return t, p, true
			}
		}
	}
	s.message(w, http.StatusGone, "This play has ended", "A play can be heard for ten minutes after it was started, in the browser that started it.", nil)
	return nil, pass{}, false
}

// listen shows the player for one play. Loading it again is still the same play.
func (s *site) listen(w http.ResponseWriter, r *http.Request) {
	if t, p, ok := s.open(w, r); ok {
		s.render(w, http.StatusOK, "listen.html", page{
			Title: t.Title, Track: t, Pass: r.PathValue("pass"), Play: p.Play, Rental: &rental{Left: p.Left, Usable: p.Left > 0},
		})
	}
}

// stream serves the sound, whole or in parts. It counts nothing: the play was
// counted before the address was made.
func (s *site) stream(w http.ResponseWriter, r *http.Request) {
	t, _, ok := s.open(w, r)
	if !ok {
		return
	}
	file, err := t.file()
	if err != nil {
		s.trouble(w, "play track", err)
		return
	}
	w.Header().Set("Content-Type", "audio/wav")
	w.Header().Set("Cache-Control", "private, no-store")
	http.ServeContent(w, r, "", time.Time{}, file)
}
