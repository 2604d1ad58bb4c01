package synth_test

import (
	"bytes"
	"testing"

	"farthing.dev/farthing/examples/music/synth"
)

func pieces() map[string]synth.Piece {
	return map[string]synth.Piece{
		"Harbour Lights": synth.HarbourLights(), "Small Change": synth.SmallChange(),
		"Slow Ferry": synth.SlowFerry(), "Night Bus Canon": synth.NightBusCanon(),
	}
}

func TestPiecesAreAudibleAndOfProperLength(t *testing.T) {
	for name, piece := range pieces() {
		samples, err := synth.Render(piece)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		seconds := float64(len(samples)) / synth.Rate
		if seconds < 20 || seconds > 40 {
			t.Errorf("%s lasts %.1f s, want 20 to 40", name, seconds)
		}
		var energy float64
		for _, s := range samples {
			energy += float64(s) * float64(s)
		}
		if mean := energy / float64(len(samples)); mean < 500*500 {
			t.Errorf("%s is too quiet: mean square %.0f", name, mean)
		}
		t.Logf("%s: %.1f s", name, seconds)
	}
}

func TestRenderingRepeatsToTheByte(t *testing.T) {
	once, err := synth.Render(synth.SlowFerry())
	if err != nil {
		t.Fatal(err)
	}
	again, err := synth.Render(synth.SlowFerry())
	if err != nil || !bytes.Equal(synth.WAV(once), synth.WAV(again)) {
		t.Errorf("a piece differs from one rendering to the next: %v", err)
	}
}

func TestWAVHeader(t *testing.T) {
	file := synth.WAV([]int16{1, -1})
	if string(file[:4]) != "RIFF" || string(file[8:16]) != "WAVEfmt " || len(file) != 48 || file[24] != 0x22 || file[25] != 0x56 {
		t.Errorf("unexpected header % x", file[:44])
	}
}

func TestBadScoresAreRefused(t *testing.T) {
	for _, notes := range []string{"H4:1", "C4", "C4:0", "C4:-1", "C:1", "C99:1", "Cx4:1", "C4:1e9"} {
		if _, err := synth.Render(synth.Piece{Beats: 120, Voices: []synth.Voice{{Play: synth.Bell, Gain: 1, Notes: notes}}}); err == nil {
			t.Errorf("the score %q was played", notes)
		}
	}
}
