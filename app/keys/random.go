package keys

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"sync"

	"farthing.dev/farthing/token"
)

func HashOf(secret string) [32]byte { return sha256.Sum256([]byte(secret)) }

// Random gives out randomness to any number of callers.
type Random struct {
	mu   sync.Mutex
	from io.Reader
}

// NewRandom returns a source that reads from r.
func NewRandom(r io.Reader) *Random { return &Random{from: r} }

func (d *Random) Fill(b []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, err := io.ReadFull(d.from, b)
	return token.Wrap(err, "read randomness")
}

// Secret returns a new secret of 256 bits, written in base64url.
func (d *Random) Secret() (string, error) {
	var b [32]byte
	err := d.Fill(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:]), err
}
