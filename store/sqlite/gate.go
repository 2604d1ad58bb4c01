package sqlite

import "context"

// gate is a lock that can be waited for as long as a caller wants to.
type gate chan struct{}

func newGate() gate { return make(gate, 1) }

// Lock waits until the gate is free.
func (g gate) Lock() { g <- struct{}{} }

// LockContext waits until the gate is free, or returns the error of ctx.
func (g gate) LockContext(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case g <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Unlock gives the gate free.
func (g gate) Unlock() { <-g }
