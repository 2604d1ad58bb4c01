// Package synth plays written music: a Piece is a few voices, each a line of notes
// in plain text and an instrument made of arithmetic. Render turns a piece into
// samples and WAV into a file that any browser plays. The same piece always gives
// the same bytes.
package synth

// Rate is the number of samples a second. 22,050 is enough for these instruments,
// none of which has anything to say above 11 kHz.
const Rate = 22050
