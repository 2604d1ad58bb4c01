package synth

import (
	"encoding/binary"
	"math"
)

// maxSeconds bounds a piece, so that a slip in a score cannot fill the memory.
const maxSeconds = 120

// Render plays the piece: every voice, a little room around it, and a level that
// neither whispers nor clips.
func Render(p Piece) ([]int16, error) {
	samples := func(beats float64) int { return int(beats * 60 / p.Beats * Rate) }
	ends := 0
	lines := make([][]note, len(p.Voices))
	for i, voice := range p.Voices {
		notes, beats, err := voice.read()
		if err != nil {
			return nil, err
		}
		lines[i] = notes
		ends = max(ends, samples(beats))
	}
	mix := make([]float64, min(ends, (maxSeconds-2)*Rate)+2*Rate)
	for i, voice := range p.Voices {
		layer := make([]float64, len(mix))
		for _, n := range lines[i] {
			if start := samples(n.start); start < len(layer) {
				voice.Play(layer[start:], n.hertz, samples(n.beats))
			}
		}
		for j, x := range layer {
			mix[j] += voice.Gain * x
		}
	}
	room(mix)
	return level(mix), nil
}

// room adds the echo of a small hall: four late, quiet copies that feed on
// themselves.
func room(mix []float64) {
	dry := append([]float64(nil), mix...)
	for _, delay := range [4]int{1117, 1361, 1693, 2081} {
		wet := make([]float64, len(mix))
		for i := delay; i < len(mix); i++ {
			wet[i] = dry[i-delay] + 0.62*wet[i-delay]
			mix[i] += 0.085 * wet[i]
		}
	}
}

// level scales the loudest sample to nine tenths of full scale.
func level(mix []float64) []int16 {
	loudest := 1e-9
	for _, x := range mix {
		loudest = max(loudest, math.Abs(x))
	}
	out := make([]int16, len(mix))
	for i, x := range mix {
		out[i] = int16(math.Round(x / loudest * 0.9 * math.MaxInt16))
	}
	return out
}

// WAV wraps samples in a RIFF file: 16 bits, one channel, Rate samples a second.
func WAV(samples []int16) []byte {
	size := 2 * len(samples)
	out := make([]byte, 0, 44+size)
	out = append(out, "RIFF"...)
	out = binary.LittleEndian.AppendUint32(out, uint32(36+size))
	out = append(out, "WAVEfmt "...)
	out = binary.LittleEndian.AppendUint32(out, 16)
	out = binary.LittleEndian.AppendUint16(out, 1) // plain samples
	out = binary.LittleEndian.AppendUint16(out, 1) // one channel
	out = binary.LittleEndian.AppendUint32(out, Rate)
	out = binary.LittleEndian.AppendUint32(out, 2*Rate)
	out = binary.LittleEndian.AppendUint16(out, 2)
	out = binary.LittleEndian.AppendUint16(out, 16)
	out = append(out, "data"...)
	out = binary.LittleEndian.AppendUint32(out, uint32(size))
	for _, s := range samples {
		out = binary.LittleEndian.AppendUint16(out, uint16(s))
	}
	return out
}
