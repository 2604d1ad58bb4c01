package store

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"sort"

	"github.com/FastFilter/xorfilter"

	"farthing.dev/farthing/domain/journal"
)

// filter tells, of a part of a run, which keys are certainly not in it: nine bits for
// each key, one wrong answer in 256.
type filter struct {
	first Key16
	fuse  *xorfilter.BinaryFuse8
}

// filterKeys bounds one part, so that building it takes little memory.
const filterKeys = 1 << 18

// mark returns what a run's filter knows a record by. Of the index, only terms that
// are looked for before they exist are known.
func mark(kind runKind, key Key16) (uint64, bool) {
	high, low := binary.BigEndian.Uint64(key[:8]), binary.BigEndian.Uint64(key[8:])
	if kind == indexRun {
		return high, journal.Term(high).Probed()
	}
	return high ^ bits.RotateLeft64(low, 23)*0x9E3779B97F4A7C15, true
}

// mayHold reports whether the run may hold key.
func (r *run) mayHold(key Key16) bool {
	m, known := mark(r.kind, key)
	if !known {
		return true
	}
	part := sort.Search(len(r.filters), func(i int) bool { return compareKeys(r.filters[i].first, key) > 0 }) - 1
	return part >= 0 && r.filters[part].fuse.Contains(m)
}

func newFilter(first Key16, marks []uint64) (filter, error) {
	fuse, err := xorfilter.PopulateBinaryFuse8(marks)
	return filter{first, fuse}, err
}

const filterHeader = 40

func (f filter) encode() []byte {
	out := make([]byte, filterHeader, filterHeader+len(f.fuse.Fingerprints))
	copy(out[24:], f.first[:])
	binary.BigEndian.PutUint64(out, f.fuse.Seed)
	binary.BigEndian.PutUint32(out[8:], f.fuse.SegmentLength)
	binary.BigEndian.PutUint32(out[12:], f.fuse.SegmentLengthMask)
	binary.BigEndian.PutUint32(out[16:], f.fuse.SegmentCount)
	binary.BigEndian.PutUint32(out[20:], f.fuse.SegmentCountLength)
	return append(out, f.fuse.Fingerprints...)
}

var errFilter = errors.New("a filter is damaged")

func decodeFilter(body []byte) (filter, error) {
	if len(body) < filterHeader {
		return filter{}, errFilter
	}
	fuse := &xorfilter.BinaryFuse8{
		Seed:               binary.BigEndian.Uint64(body),
		SegmentLength:      binary.BigEndian.Uint32(body[8:]),
		SegmentLengthMask:  binary.BigEndian.Uint32(body[12:]),
		SegmentCount:       binary.BigEndian.Uint32(body[16:]),
		SegmentCountLength: binary.BigEndian.Uint32(body[20:]),
		Fingerprints:       body[filterHeader:],
	}
	if uint64(len(fuse.Fingerprints)) != uint64(fuse.SegmentCountLength)+2*uint64(fuse.SegmentLength) {
		return filter{}, errFilter
	}
	return filter{Key16(body[24:40]), fuse}, nil
}
