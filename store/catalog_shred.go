package store

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"fmt"
)

// shredder is a database whose files keep what was deleted for a while, and where backups
// and replicators copy it. It has a key for each number, in none of these files: what is
// encrypted under it is gone for good when the key is.
type shredder interface {
	// Shreddable returns the key of a number, which it makes where there is none and
	// create is set.
	Shreddable(number int64, create bool) (key [32]byte, there bool, err error)
	// Shred destroys the keys of numbers before one.
	Shred(before int64) error
}

// shredMark is what a text under such a key begins with. Those without it were stored by a
// version that had no such keys.
var shredMark = []byte("\x00shred1\x00")

// wrap encrypts what is to be destroyed together with a number, where the database has
// keys for that.
func (c *Catalog) wrap(number int64, plain []byte) (wrapped []byte, err error) {
	files, ok := c.tables.(shredder)
	if !ok {
		return plain, nil
	}
	key, _, err := files.Shreddable(number, true)
	if err != nil {
		return nil, err
	}
	defer clear(key[:])
	box, err := shredBox(key)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, box.NonceSize())
	rand.Read(nonce) // never fails
	return box.Seal(append(bytes.Clone(shredMark), nonce...), nonce, plain, shredName(number)), nil
}

// unwrap returns what wrap encrypted, and false where its key is gone.
func (c *Catalog) unwrap(number int64, wrapped []byte) (plain []byte, there bool, err error) {
	files, ok := c.tables.(shredder)
	if !ok || !bytes.HasPrefix(wrapped, shredMark) {
		return wrapped, true, nil
	}
	key, there, err := files.Shreddable(number, false)
	if err != nil || !there {
		return nil, false, err
	}
	defer clear(key[:])
	box, err := shredBox(key)
	if err != nil {
		return nil, false, err
	}
	rest := wrapped[len(shredMark):]
	if len(rest) < box.NonceSize() {
		return nil, false, nil
	}
	plain, err = box.Open(nil, rest[:box.NonceSize()], rest[box.NonceSize():], shredName(number))
	return plain, err == nil, nil // under an earlier key of this number
}

func shredBox(key [32]byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("make a cipher: %w", err)
	}
	return cipher.NewGCM(block)
}

// shredName binds a text to its number.
func shredName(number int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(number)) }
