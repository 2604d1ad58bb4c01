package store

import (
	"encoding/binary"
	"errors"
	"sort"

	"farthing.dev/farthing/domain/journal"
)

// runKind says what the records of a run are.
type runKind int64

// An index run holds (term, entry number) pairs and nothing else; a snapshot run
// holds encoded accounts under their ids.
const (
	indexRun    runKind = 1
	snapshotRun runKind = 2
)

// run is a sorted run: an immutable, sorted set of records that stands for the
// entries first to last.
type run struct {
	id          int64
	kind        runKind
	level       int64
	first, last uint64
	count       int64 // of records
	chunks      int64 // of records
	pieces      int64 // of the guide
	salt        int64 // goes into every checksum
	filters     []filter
	fences      []Key16 // the first key of each chunk
	fault       string  // why it cannot be relied on; empty where it can
}

// chunksPerRun bounds a run: its chunks are numbered below it.
const chunksPerRun = 1 << 24

// rowID returns the id of a run's chunk, or of a piece of its guide.
func rowID(run int64, n int) int64 { return run*chunksPerRun + int64(n) }

// chunkOf returns the number of the chunk that key lies in, -1 where it lies before
// the first.
func (r *run) chunkOf(key Key16) int {
	return sort.Search(len(r.fences), func(i int) bool { return compareKeys(r.fences[i], key) > 0 }) - 1
}

// chunkSize fills one page of SQLite, with the seal.
const chunkSize = 4000

var errChunk = errors.New("a chunk of a run is damaged")

// chunkBuilder collects records into chunks.
type chunkBuilder struct {
	kind  runKind
	first Key16
	body  []byte
	spare [][]byte // buffers of chunks that have been written
}

// add appends a record, or returns false if the chunk is full.
func (c *chunkBuilder) add(key Key16, body []byte) bool {
	size := len(key)
	if c.kind == snapshotRun {
		size += binary.MaxVarintLen32 + len(body)
	}
	if len(c.body) > 0 && len(c.body)+size > chunkSize {
		return false
	}
	if len(c.body) == 0 {
		c.first = key
		if n := len(c.spare); n > 0 {
			c.body, c.spare = c.spare[n-1][:0], c.spare[:n-1]
		} else {
			c.body = make([]byte, 0, chunkSize+sealSize)
		}
	}
	c.body = append(c.body, key[:]...)
	if c.kind == snapshotRun {
		c.body = binary.AppendUvarint(c.body, uint64(len(body)))
		c.body = append(c.body, body...)
	}
	return true
}

// take returns the chunk and begins the next.
func (c *chunkBuilder) take() (first Key16, body []byte) {
	first, body = c.first, c.body
	c.body = nil
	return first, body
}

// nextRecord takes the first record off a chunk's body.
func nextRecord(kind runKind, rest []byte) (key Key16, body, after []byte, err error) {
	if len(rest) < len(key) {
		return key, nil, nil, errChunk
	}
	copy(key[:], rest)
	rest = rest[len(key):]
	if kind == indexRun {
		return key, nil, rest, nil
	}
	size, n := binary.Uvarint(rest)
	if n <= 0 || size > uint64(len(rest)-n) {
		return key, nil, nil, errChunk
	}
	return key, rest[n : n+int(size)], rest[n+int(size):], nil
}

// snapshotIn returns the record of key in a snapshot chunk, or nil.
func snapshotIn(chunk []byte, key Key16) ([]byte, error) {
	for len(chunk) > 0 {
		at, body, after, err := nextRecord(snapshotRun, chunk)
		if err != nil {
			return nil, err
		}
		if at == key {
			return body, nil
		}
		chunk = after
	}
	return nil, nil
}

// seqsIn appends the numbers below before that an index chunk has for term, newest
// first, at most limit. more says that the chunk before it may have others.
func seqsIn(chunk []byte, term journal.Term, before uint64, limit int, out []uint64) (_ []uint64, more bool) {
	key := func(i int) (k Key16) { copy(k[:], chunk[16*i:]); return k }
	bound := indexKey(term, before)
	i := sort.Search(len(chunk)/16, func(i int) bool { return compareKeys(key(i), bound) >= 0 }) - 1
	for ; i >= 0; i-- {
		k := key(i)
		if binary.BigEndian.Uint64(k[:8]) != uint64(term) {
			return out, false
		}
		if limit == 0 {
			return out, true
		}
		out = append(out, binary.BigEndian.Uint64(k[8:]))
		limit--
	}
	return out, true
}
