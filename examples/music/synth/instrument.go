package synth

import "math"

// Instrument adds a note of a frequency and a length in samples to out, whose first
// sample is the note's. It may ring on after the length, to the end of out.
type Instrument func(out []float64, hertz float64, length int)

// Pluck is a plucked string after Karplus and Strong: a burst of noise in a delay
// line that loses its brightness with each turn.
func Pluck(out []float64, hertz float64, length int) {
	line := make([]float64, max(2, int(Rate/hertz+0.5)))
	noise := uint32(2463534242)
	for i := range line {
		noise ^= noise << 13
		noise ^= noise >> 17
		noise ^= noise << 5
		line[i] = float64(noise)/math.MaxUint32 - 0.5
	}
	ring := min(len(out), length+Rate/2)
	at := 0
	for i := range ring {
		next := (at + 1) % len(line)
		out[i] += 1.3 * line[at] * fade(i, ring, Rate/8)
		line[at] = 0.4985 * (line[at] + line[next])
		at = next
	}
}

// Bell is a struck bar: two sine waves, one bending the other, that die away.
func Bell(out []float64, hertz float64, length int) {
	ring := min(len(out), length+Rate)
	for i := range ring {
		t := float64(i) / Rate
		bend := 1.6 * math.Exp(-4*t) * math.Sin(2*math.Pi*3.5*hertz*t)
		out[i] += 0.5 * math.Exp(-2.6*t) * math.Sin(2*math.Pi*hertz*t+bend) * fade(i, ring, Rate/10)
	}
}

// Reed is a small organ: five harmonics that breathe in and out.
func Reed(out []float64, hertz float64, length int) {
	ring := min(len(out), length+Rate/6)
	for i := range ring {
		t := float64(i) / Rate
		wave := 0.0
		for k := 1; k <= 5; k++ {
			wave += math.Sin(2*math.Pi*hertz*float64(k)*(t+0.00009*math.Sin(2*math.Pi*5.2*t))) / float64(k*k)
		}
		attack := min(1, float64(i)/(Rate/14))
		out[i] += 0.34 * wave * attack * fade(i, ring, Rate/6)
	}
}

// Glow is a soft bed: three slightly detuned tones that swell.
func Glow(out []float64, hertz float64, length int) {
	ring := min(len(out), length+Rate/2)
	for i := range ring {
		t := float64(i) / Rate
		wave := 0.0
		for _, detune := range [3]float64{0.996, 1, 1.0045} {
			phase := 2 * math.Pi * hertz * detune * t
			wave += math.Sin(phase) + 0.25*math.Sin(2*phase)
		}
		attack := min(1, float64(i)/(Rate/3))
		out[i] += 0.16 * wave * attack * fade(i, ring, Rate/2)
	}
}

// Bass is a round low tone.
func Bass(out []float64, hertz float64, length int) {
	ring := min(len(out), length+Rate/10)
	for i := range ring {
		t := float64(i) / Rate
		wave := math.Sin(2*math.Pi*hertz*t) + 0.35*math.Sin(4*math.Pi*hertz*t)*math.Exp(-5*t)
		out[i] += 0.55 * wave * math.Exp(-0.9*t) * min(1, float64(i)/120) * fade(i, ring, Rate/12)
	}
}

// Brush is a drum: high notes hiss like a brush, low ones thump.
func Brush(out []float64, hertz float64, length int) {
	ring := min(len(out), Rate/5)
	noise := uint32(88172645)
	for i := range ring {
		t := float64(i) / Rate
		if hertz < 200 {
			out[i] += 0.9 * math.Exp(-16*t) * math.Sin(2*math.Pi*(48*t+4*(1-math.Exp(-30*t))))
			continue
		}
		noise ^= noise << 13
		noise ^= noise >> 17
		noise ^= noise << 5
		out[i] += 0.22 * math.Exp(-34*t) * (float64(noise)/math.MaxUint32 - 0.5)
	}
}

// fade is 1 until the last tail samples of length, and falls to 0 over them.
func fade(i, length, tail int) float64 {
	if left := length - i; left < tail {
		return float64(left) / float64(tail)
	}
	return 1
}
