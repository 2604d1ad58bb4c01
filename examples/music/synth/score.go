package synth

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Piece is a composition: its tempo and its voices, which start together.
type Piece struct {
	Beats  float64 // a minute
	Voices []Voice
}

// Voice is one line of music. Notes are written as name, octave and length in
// beats: "C4:1" is a beat of middle C, "F#3+A3+C4:2" a chord of two beats, and "-:0.5" half a
// beat of rest. Bars may be told apart by "|". Wait delays the voice by beats, for a canon.
type Voice struct {
	Play  Instrument
	Gain  float64
	Wait  float64
	Times int // how often the line is played; 0 means once
	Notes string
}

// note is one sound: where it starts and how long it is written, in beats.
type note struct {
	hertz float64
	start float64
	beats float64
}

// semitones of the note names above C.
var semitones = map[byte]int{'C': 0, 'D': 2, 'E': 4, 'F': 5, 'G': 7, 'A': 9, 'B': 11}

// read turns the voice's line into notes and returns where it ends, in beats.
func (v Voice) read() ([]note, float64, error) {
	var notes []note
	at := v.Wait
	for range max(1, v.Times) {
		for _, word := range strings.Fields(v.Notes) {
			if word == "|" {
				continue
			}
			names, length, _ := strings.Cut(word, ":")
			beats, err := strconv.ParseFloat(length, 64)
			if err != nil || beats <= 0 || beats > 64 {
				return nil, 0, fmt.Errorf("%q: a note is written like C4:1", word)
			}
			for name := range strings.SplitSeq(names, "+") {
				if name == "-" {
					continue
				}
				hertz, err := pitch(name)
				if err != nil {
					return nil, 0, err
				}
				notes = append(notes, note{hertz: hertz, start: at, beats: beats})
			}
			at += beats
		}
	}
	return notes, at, nil
}

// pitch returns the frequency of a note such as "C4" or "F#3", tuned to A4 = 440 Hz.
func pitch(name string) (float64, error) {
	bad := fmt.Errorf("%q is not the name of a note", name)
	if len(name) < 2 {
		return 0, bad
	}
	step, known := semitones[name[0]]
	octave := int(name[len(name)-1] - '0')
	if !known || octave < 0 || octave > 8 {
		return 0, bad
	}
	switch name[1 : len(name)-1] {
	case "":
	case "#":
		step++
	case "b":
		step--
	default:
		return 0, bad
	}
	return 440 * math.Pow(2, float64(step-9)/12+float64(octave-4)), nil
}
