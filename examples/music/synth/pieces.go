package synth

// HarbourLights is a waltz in D minor for bells over a soft bed.
func HarbourLights() Piece {
	return Piece{Beats: 152, Voices: []Voice{
		{Play: Bell, Gain: 0.9, Notes: `
			D5:2 A4:1 | F5:2 E5:1 | D5:1 C5:1 A4:1 | Bb4:3 | G4:1 Bb4:1 D5:1 | C5:2 A4:1 | G4:1 A4:1 E4:1 | A4:3 |
			D5:2 A4:1 | F5:2 G5:1 | A5:1 G5:1 F5:1 | D5:3 | Bb4:1 D5:1 F5:1 | E5:2 C#5:1 | D5:1 E5:1 C#5:1 | D5:3 |
			A5:2 F5:1 | G5:2 E5:1 | F5:1 E5:1 D5:1 | C#5:3 | D5:1 F5:1 Bb4:1 | A4:3 | D4:3 | D4:3`},
		{Play: Glow, Gain: 0.5, Notes: `
			D3+F3+A3:6 | Bb2+D3+F3:6 | G2+Bb2+D3:3 F2+A2+C3:3 | A2+C#3+E3:6 |
			D3+F3+A3:6 | D3+F3+A3:3 Bb2+D3+F3:3 | G2+Bb2+D3:3 A2+C#3+E3:3 | D3+F3+A3:6 |
			F3+A3+C4:3 C3+E3+G3:3 | D3+F3+A3:3 A2+C#3+E3:3 | Bb2+D3+F3:3 A2+E3:3 | D3+A3:6`},
		{Play: Pluck, Gain: 0.34, Notes: `
			D3:1 A3:1 F3:1 | D3:1 A3:1 F3:1 | Bb2:1 F3:1 D3:1 | Bb2:1 F3:1 D3:1 | G2:1 D3:1 Bb3:1 | F2:1 C3:1 A3:1 | A2:1 E3:1 C#4:1 | A2:1 E3:1 C#4:1 |
			D3:1 A3:1 F3:1 | D3:1 A3:1 F3:1 | D3:1 A3:1 F3:1 | Bb2:1 F3:1 D3:1 | G2:1 D3:1 Bb3:1 | A2:1 E3:1 C#4:1 | D3:1 A3:1 F3:1 | D3:1 A3:1 F3:1 |
			F2:1 C3:1 A3:1 | C3:1 G3:1 E4:1 | D3:1 A3:1 F3:1 | A2:1 E3:1 C#4:1 | Bb2:1 F3:1 D3:1 | A2:1 E3:1 C#4:1 | D3:1 A3:1 F3:1 | D3:1 A3:1 F3:1`},
	}}
}

// SmallChange is a quick, plucked tune in C with a walking bass.
func SmallChange() Piece {
	return Piece{Beats: 138, Voices: []Voice{
		{Play: Pluck, Gain: 0.8, Notes: `
			E4:0.5 G4:0.5 C5:1 B4:0.5 G4:0.5 A4:1 | F4:0.5 A4:0.5 D5:1 C5:0.5 A4:0.5 G4:1 |
			E4:0.5 G4:0.5 C5:0.5 E5:0.5 D5:1 C5:1 | B4:0.5 A4:0.5 G4:0.5 F4:0.5 E4:1 D4:1 |
			E4:0.5 G4:0.5 C5:1 B4:0.5 G4:0.5 A4:1 | F4:0.5 A4:0.5 D5:1 F5:0.5 E5:0.5 D5:1 |
			C5:0.5 B4:0.5 A4:0.5 G4:0.5 F4:0.5 E4:0.5 D4:0.5 G4:0.5 | C4:1 E4:0.5 G4:0.5 C5:2 |
			A4:1 C5:0.5 A4:0.5 F4:1 A4:1 | G4:1 C5:0.5 G4:0.5 E4:1 G4:1 |
			F4:0.5 E4:0.5 F4:0.5 A4:0.5 D5:1 C5:1 | B4:0.5 D5:0.5 G5:0.5 F5:0.5 E5:1 D5:1 |
			E5:0.5 C5:0.5 G4:1 D5:0.5 C5:0.5 A4:1 | F4:0.5 A4:0.5 C5:0.5 D5:0.5 E5:0.5 D5:0.5 B4:1 | C5:1 G4:0.5 E4:0.5 C4:2`},
		{Play: Bass, Gain: 0.62, Notes: `
			C2:1 E2:1 G2:1 A2:1 | F2:1 A2:1 G2:1 B2:1 | C3:1 B2:1 A2:1 E2:1 | G2:1 F2:1 E2:1 D2:1 |
			C2:1 E2:1 G2:1 A2:1 | F2:1 A2:1 D3:1 B2:1 | A2:1 F2:1 D2:1 G2:1 | C2:1 G2:1 C3:2 |
			F2:1 A2:1 C3:1 A2:1 | C2:1 E2:1 G2:1 E2:1 | D2:1 F2:1 A2:1 F2:1 | G2:1 B2:1 D3:1 B2:1 |
			C3:1 G2:1 F2:1 A2:1 | D2:1 F2:1 G2:1 G2:1 | C2:1 G2:1 C2:2`},
		{Play: Brush, Gain: 0.5, Times: 15, Notes: `C2:1 C6:0.5 C6:0.5 C2:1 C6:1`},
	}}
}

// SlowFerry is a chorale in F for a small organ, one bell far off.
func SlowFerry() Piece {
	return Piece{Beats: 76, Voices: []Voice{
		{Play: Reed, Gain: 0.62, Notes: `
			A4:1 Bb4:1 C5:2 | D5:1 C5:1 A4:2 | Bb4:1 A4:1 G4:1 F4:1 | G4:4 | A4:1 Bb4:1 C5:1 F5:1 | E5:1 D5:1 C5:2 | D5:1 Bb4:1 G4:1 C5:1 | F4:4`},
		{Play: Reed, Gain: 0.38, Notes: `
			F4:2 F4:2 | F4:2 F4:2 | D4:2 D4:2 | E4:2 C4:2 | F4:2 A4:2 | Bb4:2 G4:2 | F4:2 E4:2 | C4:4`},
		{Play: Reed, Gain: 0.34, Notes: `
			C4:2 A3:2 | Bb3:2 C4:2 | G3:2 B3:2 | C4:2 Bb3:2 | C4:2 C4:2 | D4:2 E4:2 | Bb3:2 Bb3:2 | A3:4`},
		{Play: Bass, Gain: 0.6, Notes: `
			F2:2 F2:2 | Bb2:2 A2:2 | G2:2 G2:2 | C2:2 C2:2 | F2:2 F2:2 | G2:2 C3:2 | Bb2:2 C2:2 | F2:4`},
		{Play: Bell, Gain: 0.2, Wait: 6, Times: 4, Notes: `C6:1 -:6`},
	}}
}

// NightBusCanon is a canon for three plucked voices over eight bass notes: the
// second voice enters two bars after the first, the third two bars after that.
func NightBusCanon() Piece {
	const theme = `
		B5:1 A5:1 G5:1 F#5:1 | E5:1 D5:1 E5:1 F#5:1 |
		G5:1 F#5:1 E5:1 D5:1 | C5:1 B4:1 C5:1 A4:1 |
		G4:0.5 B4:0.5 D5:0.5 C5:0.5 B4:0.5 G4:0.5 B4:0.5 A4:0.5 | G4:0.5 E4:0.5 G4:0.5 D5:0.5 C5:0.5 E5:0.5 D5:0.5 C5:0.5 |
		B4:0.5 G4:0.5 A4:0.5 F#5:0.5 G5:0.5 B5:0.5 D5:0.5 C5:0.5 | E5:0.5 C5:0.5 B4:0.5 G4:0.5 A4:0.5 E5:0.5 F#5:0.5 A5:0.5 | G5:4`
	return Piece{Beats: 124, Voices: []Voice{
		{Play: Pluck, Gain: 0.6, Notes: theme},
		{Play: Bell, Gain: 0.42, Wait: 8, Notes: theme},
		{Play: Pluck, Gain: 0.42, Wait: 16, Notes: theme},
		{Play: Bass, Gain: 0.6, Times: 6, Notes: `G2:1 D2:1 E2:1 B1:1 C2:1 G1:1 C2:1 D2:1`},
		{Play: Glow, Gain: 0.3, Times: 6, Notes: `G3+B3:1 F#3+A3:1 E3+G3:1 D3+F#3:1 E3+G3:1 D3+G3:1 E3+G3:1 F#3+A3:1`},
	}}
}
