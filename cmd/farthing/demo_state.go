package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"farthing.dev/farthing/examples/newspaper"
	"farthing.dev/farthing/store"
	"farthing.dev/farthing/token"
)

// demoState is what the demo remembers in its folder, beside the provider's own data.
type demoState struct {
	Seeded bool              `json:"seeded"`          // false while the history is being written
	Keys   map[string]string `json:"keys"`            // of the shops at the provider
	Secret string            `json:"secret"`          // for the shops' sealed cookies
	Login  *newspaper.Login  `json:"login,omitempty"` // by which the newspaper's readers log in
}

const demoFile = "demo.json"

// readDemo reads the folder's state. A folder with data that no demo made is refused; one
// in which a demo was interrupted before it was ready is emptied of the provider's files.
func readDemo(folder string) (demoState, error) {
	var state demoState
	content, err := os.ReadFile(filepath.Join(folder, demoFile))
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(folder, "farthing.db")); err == nil {
			return state, fmt.Errorf("%s holds a provider's data that no demo made; name another folder with --data", folder)
		}
		return newDemo(folder)
	}
	if err != nil {
		return state, err
	}
	if err := json.Unmarshal(content, &state); err != nil {
		return state, fmt.Errorf("read %s: %w", demoFile, err)
	}
	if state.Seeded {
		return state, nil
	}
	left, err := filepath.Glob(filepath.Join(folder, "farthing.db*"))
	if err != nil {
		return state, err
	}
	for _, path := range append(left, filepath.Join(folder, secretFile), store.HeadFileIn(folder)) {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return state, fmt.Errorf("start the interrupted demo afresh: %w", err)
		}
	}
	return newDemo(folder)
}

// newDemo marks the folder as a demo's before anything else is in it.
func newDemo(folder string) (demoState, error) {
	secret := make([]byte, 32)
	rand.Read(secret)
	state := demoState{Keys: map[string]string{}, Secret: hex.EncodeToString(secret)}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return state, fmt.Errorf("make the demo's folder: %w", err)
	}
	return state, state.write(folder)
}

// write replaces the state in one step.
func (s demoState) write(folder string) error {
	content, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(folder, demoFile)
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// demoFolder is where the demo keeps its data where nothing else is said: in the
// user's folder for caches, so that it is found again from wherever it is started,
// leaves nothing in a working tree, and may be deleted at any time.
func demoFolder() string {
	if cache, err := os.UserCacheDir(); err == nil {
		return filepath.Join(cache, "farthing-demo")
	}
	return "farthing-demo"
}

// pastClock lets the demo write a history: it runs behind the machine's clock until
// it is told to catch up.
type pastClock struct{ behind atomic.Int64 } // nanoseconds

var _ token.Clock = (*pastClock)(nil)

// Now returns the time in the story.
func (c *pastClock) Now() time.Time {
	return token.SystemClock{}.Now().Add(-time.Duration(c.behind.Load()))
}

// goTo moves the clock to a time, which must not lie before where it stands.
func (c *pastClock) goTo(at time.Time) { c.behind.Store(int64(time.Since(at))) }

// catchUp makes it the machine's clock.
func (c *pastClock) catchUp() { c.behind.Store(0) }
