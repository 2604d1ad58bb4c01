package bench

import (
	"math/bits"
	"slices"
	"time"
)

// Histogram counts delays in buckets that are less than 1 % wide, so it has the
// same size for a thousand delays and for a billion.
type Histogram struct {
	Buckets [64 << bucketBits]uint32
	Count   uint64
}

// bucketBits is how many bits of a delay's leading digits tell its bucket.
const bucketBits = 7

// Add counts a delay.
func (h *Histogram) Add(d time.Duration) {
	h.Buckets[bucket(uint64(max(d, 0)))]++
	h.Count++
}

// bucket returns where n belongs: the place of its highest bit, and the bits after it.
func bucket(n uint64) int {
	if n < 1<<bucketBits {
		return int(n)
	}
	shift := bits.Len64(n) - bucketBits - 1
	return (shift+1)<<bucketBits + int(n>>shift)&(1<<bucketBits-1)
}

// floor returns the least n of a bucket.
func floor(bucket int) uint64 {
	shift := bucket>>bucketBits - 1
	if shift < 0 {
		return uint64(bucket)
	}
	return uint64(1<<bucketBits|bucket&(1<<bucketBits-1)) << shift
}

// Merge adds all that other counted.
func (h *Histogram) Merge(other *Histogram) {
	for i, n := range other.Buckets {
		h.Buckets[i] += n
	}
	h.Count += other.Count
}

// Quantile returns the delay that a part of all delays, such as 0.99, does not exceed.
func (h *Histogram) Quantile(part float64) time.Duration {
	if h.Count == 0 {
		return 0
	}
	left := min(uint64(part*float64(h.Count)), h.Count-1)
	for i, n := range h.Buckets {
		if uint64(n) > left {
			return time.Duration(floor(i))
		}
		left -= uint64(n)
	}
	return 0
}

// Sample is what one turn of one measurement found.
type Sample struct {
	Count     uint64 // purchases made, or requests answered
	Other     uint64 // answered, but not by a purchase: already owned
	Failed    uint64
	Elapsed   time.Duration
	CPU       time.Duration // of the process measured, its garbage collector included
	ClientCPU time.Duration // of the load generator, where that is another process
	P50, P99  time.Duration
	Max       time.Duration
}

// PerSecond returns the rate.
func (s Sample) PerSecond() float64 {
	if s.Elapsed <= 0 {
		return 0
	}
	return float64(s.Count) / s.Elapsed.Seconds()
}

// CPUEach returns the processor time of one purchase.
func (s Sample) CPUEach() time.Duration {
	if s.Count == 0 {
		return 0
	}
	return s.CPU / time.Duration(s.Count)
}

// Samples are the turns of one measurement.
type Samples []Sample

// Median returns the turn in the middle, by rate.
func (s Samples) Median() Sample {
	if len(s) == 0 {
		return Sample{}
	}
	sorted := slices.SortedFunc(slices.Values(s), func(a, b Sample) int {
		switch {
		case a.PerSecond() < b.PerSecond():
			return -1
		case a.PerSecond() > b.PerSecond():
			return 1
		}
		return 0
	})
	return sorted[len(sorted)/2]
}
