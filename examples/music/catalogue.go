package music

import (
	"bytes"
	"fmt"
	"html/template"
	"math"
	"sync"

	"farthing.dev/farthing/examples/music/synth"
)

// What every rental gives, and costs.
const (
	price    = "30"
	currency = "JPY"
	plays    = 3
	hours    = 24
)

// track is one piece in the catalogue.
type track struct {
	Slug   string
	Title  string
	Number string
	Blurb  string
	Length string
	Hue    int // of the cover
	piece  func() synth.Piece

	render sync.Once
	wav    []byte
	failed error
}

func catalogue() []*track {
	return []*track{
		{Slug: "harbour-lights", Number: "LTR 001", Title: "Harbour Lights", Length: "0:31", Hue: 18, piece: synth.HarbourLights,
			Blurb: "A waltz in D minor for bells and one low string. Written for the hour between the last ferry and the first gull."},
		{Slug: "small-change", Number: "LTR 002", Title: "Small Change", Length: "0:28", Hue: 142, piece: synth.SmallChange,
			Blurb: "Something quick in C, plucked, with a bass that walks and a brush that keeps out of its way."},
		{Slug: "slow-ferry", Number: "LTR 003", Title: "Slow Ferry", Length: "0:29", Hue: 205, piece: synth.SlowFerry,
			Blurb: "A chorale for four reeds. Every seven beats a buoy answers from outside the breakwater."},
		{Slug: "night-bus-canon", Number: "LTR 004", Title: "Night Bus Canon", Length: "0:27", Hue: 278, piece: synth.NightBusCanon,
			Blurb: "Three voices take the same route, two bars apart, over eight notes that never stop."},
	}
}

// sku is the label's own name for a rental of the track.
func (t *track) sku() string { return "rental-" + t.Slug }

// file returns the track as a WAV, played at first use.
func (t *track) file() (*bytes.Reader, error) {
	t.render.Do(func() {
		samples, err := synth.Render(t.piece())
		if err != nil {
			t.failed = fmt.Errorf("play %s: %w", t.Title, err)
			return
		}
		t.wav = synth.WAV(samples)
	})
	if t.failed != nil {
		return nil, t.failed
	}
	return bytes.NewReader(t.wav), nil
}

// Cover draws the track's sleeve: rings, like those on water, around a point that
// differs from track to track.
func (t *track) Cover() template.HTML {
	var out bytes.Buffer
	angle := float64(t.Hue) / 57
	x, y := 100+46*math.Cos(angle), 100+46*math.Sin(angle)
	fmt.Fprintf(&out, `<svg viewBox="0 0 200 200" role="img" aria-label="Sleeve of %s"><rect width="200" height="200" fill="hsl(%d 42%% 22%%)"/>`, template.HTMLEscapeString(t.Title), t.Hue)
	for ring := 13; ring > 0; ring-- {
		fmt.Fprintf(&out, `<circle cx="%.1f" cy="%.1f" r="%d" fill="none" stroke="hsl(%d 70%% %d%%)" stroke-width="%.1f"/>`,
			x, y, ring*ring+4, (t.Hue+ring*4)%360, 78-3*ring, 1+float64(ring)*0.45)
	}
	fmt.Fprintf(&out, `<rect x="0" y="168" width="200" height="32" fill="hsl(%d 42%% 13%%)"/><text x="10" y="189" fill="#fff" font-family="monospace" font-size="13">%s</text></svg>`, t.Hue, t.Number)
	return template.HTML(out.String()) // drawn from constants above; the title is escaped
}
