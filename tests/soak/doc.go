// Package soak runs the real binary for long, on each database, while everything that can
// happen to it happens at once: it is killed, asked to stop, and paused; its disk is full,
// its connections and its buyers' break, its database crashes, bits of what is derived flip.
// Buyers try again under their keys all the time. In the end nothing that was acknowledged
// is missing, nothing was charged twice, and verify finds nothing.
//
//	./test soak                       20 minutes on each database
//	FARTHING_SOAK=8h ./test soak      longer
//	FARTHING_SOAK_SEED=7 ./test soak  the same faults in the same order again
//
// The order of faults follows from the seed; what meets them does not.
package soak
