package sqlite

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"sync"
)

// shreds is a small file of random keys beside the database. What is to be destroyed for
// good is stored in the database encrypted under one of them; destroying the key destroys
// it wherever it is: in old pages of the file, in the WAL, in what a long reader still
// sees, in backups and in the copies of a replicator. The file itself is in none of these.
//
// A key has a slot of fixed size, which is written in place, so that a key that goes is
// overwritten on the disk (as far as the disk and its file system do overwrite). A slot
// that a power cut tore apart does not match its checksum: its key is gone, which whoever
// uses it must bear.
type shreds struct {
	mu   sync.Mutex
	file *os.File
	keys map[int64]slot // by their number
	free []int          // places of slots without a key
}

type slot struct {
	place int
	key   [shredKey]byte
}

const (
	shredFile  = "farthing.shred"
	shredKey   = 32
	shredSlot  = 64 // bytes: a mark, the number, the key, a checksum, and room
	shredSlots = 64 // one page of the disk
	shredMark  = 0x66736831
)

var errShredsFull = errors.New("too many keys that are to be destroyed are kept at once")

// openShreds opens the file, which is made if it is not there.
func openShreds(path string) (*shreds, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the file of keys that are to be destroyed: %w", err)
	}
	s := &shreds{file: file, keys: map[int64]slot{}}
	content := make([]byte, shredSlot*shredSlots)
	n, err := file.ReadAt(content, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, errors.Join(fmt.Errorf("read the keys that are to be destroyed: %w", err), file.Close())
	}
	clear(content[n:])
	for place := range shredSlots {
		number, key, ok := decodeSlot(content[place*shredSlot:][:shredSlot])
		if !ok {
			s.free = append(s.free, place)
			continue
		}
		s.keys[number] = slot{place, key}
	}
	clear(content)
	if n < len(content) { // all of its room, so that no later write needs any
		if _, err := file.WriteAt(content[n:], int64(n)); err != nil {
			return nil, errors.Join(fmt.Errorf("make room for keys that are to be destroyed: %w", err), file.Close())
		}
	}
	return s, nil
}

func decodeSlot(b []byte) (number int64, key [shredKey]byte, ok bool) {
	if binary.BigEndian.Uint32(b) != shredMark || binary.BigEndian.Uint32(b[44:]) != crc32.ChecksumIEEE(b[:44]) {
		return 0, key, false
	}
	copy(key[:], b[12:])
	return int64(binary.BigEndian.Uint64(b[4:])), key, true
}

func encodeSlot(number int64, key [shredKey]byte) []byte {
	b := make([]byte, shredSlot)
	binary.BigEndian.PutUint32(b, shredMark)
	binary.BigEndian.PutUint64(b[4:], uint64(number))
	copy(b[12:], key[:])
	binary.BigEndian.PutUint32(b[44:], crc32.ChecksumIEEE(b[:44]))
	return b
}

// get returns the key of a number, and false where there is none (any more).
func (s *shreds) get(number int64) (key [shredKey]byte, there bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, there := s.keys[number]
	return found.key, there
}

// make returns the key of a number. It makes one, durably, where there is none.
func (s *shreds) make(number int64) (key [shredKey]byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found, there := s.keys[number]; there {
		return found.key, nil
	}
	if len(s.free) == 0 {
		return key, errShredsFull
	}
	rand.Read(key[:]) // never fails
	place := s.free[len(s.free)-1]
	b := encodeSlot(number, key)
	defer clear(b)
	if err := s.write(place, b); err != nil {
		return [shredKey]byte{}, err
	}
	s.free = s.free[:len(s.free)-1]
	s.keys[number] = slot{place, key}
	return key, nil
}

// destroy overwrites the keys of numbers before one.
func (s *shreds) destroy(before int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for number, old := range s.keys {
		if number >= before {
			continue
		}
		if err := s.write(old.place, make([]byte, shredSlot)); err != nil {
			return err
		}
		s.keys[number] = slot{}
		delete(s.keys, number)
		s.free = append(s.free, old.place)
	}
	return nil
}

// write writes a slot in its place and waits for the disk.
func (s *shreds) write(place int, b []byte) error {
	if _, err := s.file.WriteAt(b, int64(place)*shredSlot); err != nil {
		return fmt.Errorf("write a key that is to be destroyed: %w", err)
	}
	if err := s.file.Sync(); err != nil {
		return fmt.Errorf("write a key that is to be destroyed: %w", err)
	}
	return nil
}

func (s *shreds) close() error { return s.file.Close() }

// Shreddable returns the key under which what is to be destroyed together with a number is
// encrypted. Where there is none it makes one, or, unless it is to, returns false.
func (d *Database) Shreddable(number int64, create bool) (key [shredKey]byte, there bool, err error) {
	if d.shreds == nil {
		return key, false, nil
	}
	if !create {
		key, there = d.shreds.get(number)
		return key, there, nil
	}
	key, err = d.shreds.make(number)
	return key, err == nil, err
}

// Shred destroys the keys of numbers before one, and so all that is encrypted under them.
func (d *Database) Shred(before int64) error {
	if d.shreds == nil {
		return nil
	}
	return d.shreds.destroy(before)
}
