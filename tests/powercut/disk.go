// Package powercut is a disk that loses power. It is a file system for SQLite, kept
// in memory, that keeps what was written since the last sync apart from what was
// synced before. At a power cut each sector that was written and not synced is kept,
// lost or torn, as a seeded source of randomness decides, in any combination, and
// sizes that were not synced are kept or lost too. That is what a disk may do, and more
// than one usually does.
package powercut

import (
	"io"
	"math/rand/v2"
	"sync"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
)

const (
	sectorSize = 4096
	atomSize   = 512 // a torn sector is cut between these
)

// Disk is a file system. It is safe for concurrent use.
type Disk struct {
	mu     sync.Mutex
	files  map[string]*content
	random *rand.Rand
	life   string // goes into the name of shared memory: that does not outlive a power cut
	left   int64  // operations until the power fails; negative for never
	off    bool
	unsync bool // syncs fail
}

var _ vfs.VFS = (*Disk)(nil)

// New returns an empty disk. life tells its shared memory from that of other disks.
func New(seed uint64, life string) *Disk {
	return &Disk{files: map[string]*content{}, random: rand.New(rand.NewPCG(seed, 1)), life: life, left: -1}
}

// FailAfter lets the power fail after so many writes, truncations and syncs.
func (d *Disk) FailAfter(operations int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left = operations
}

// FailSyncs has all syncs fail from now on, or none. What is written is shown all the same.
func (d *Disk) FailSyncs(fail bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unsync = fail
}

// Off cuts the power, if it has not failed yet.
func (d *Disk) Off() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.off = true
}

// Failed reports whether the power has failed.
func (d *Disk) Failed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.off
}

// Restart returns the disk as it is found when the power is back.
func (d *Disk) Restart(seed uint64, life string) *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	next := New(seed, life)
	for name, c := range d.files {
		next.files[name] = c.afterCut(d.random)
	}
	return next
}

// Kill returns the disk as the next process finds it where this one was killed: the system
// shows all that was written, and at a power cut what was not synced can still be lost.
func (d *Disk) Kill(seed uint64, life string) *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	next := New(seed, life)
	for name, c := range d.files {
		next.files[name] = &content{shown: c.shown, synced: c.synced, pending: c.pending}
	}
	return next
}

// spend counts an operation, and fails when the power is off.
func (d *Disk) spend() error {
	if d.left == 0 {
		d.off = true
	}
	if d.off {
		return sqlite3.IOERR
	}
	if d.left > 0 {
		d.left--
	}
	return nil
}

// Open opens or makes a file.
func (d *Disk) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.off {
		return nil, flags, sqlite3.CANTOPEN
	}
	c := d.files[name]
	if c == nil {
		if flags&vfs.OPEN_CREATE == 0 {
			return nil, flags, sqlite3.CANTOPEN
		}
		c = &content{}
		if name != "" { // a temporary file has no name
			d.files[name] = c
		}
	}
	return &file{disk: d, content: c, shared: vfs.NewSharedMemory(name+"-shm"+d.life, flags)}, flags, nil
}

// Delete removes a file. Directories are always in sync: that is not what is tested.
func (d *Disk) Delete(name string, _ bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.spend(); err != nil {
		return err
	}
	if d.files[name] == nil {
		return sqlite3.IOERR_DELETE_NOENT
	}
	delete(d.files, name)
	return nil
}

// Access reports whether a file exists.
func (d *Disk) Access(name string, _ vfs.AccessFlag) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.files[name] != nil, nil
}

// FullPathname returns the name as it is.
func (d *Disk) FullPathname(name string) (string, error) { return name, nil }

// content is a file as the system shows it, and as it was at the last sync with what
// happened since.
type content struct {
	shown   []byte
	synced  []byte
	pending []change

	locks locks
}

// change is a write of at most a sector, or a truncation.
type change struct {
	at       int64
	data     []byte
	truncate bool
}

func (c *content) write(b []byte, at int64) {
	c.shown = put(c.shown, b, at)
	for len(b) > 0 {
		n := min(len(b), int(sectorSize-at%sectorSize))
		c.pending = append(c.pending, change{at: at, data: append([]byte(nil), b[:n]...)})
		b, at = b[n:], at+int64(n)
	}
}

func (c *content) truncate(size int64) {
	c.shown = resize(c.shown, size)
	c.pending = append(c.pending, change{at: size, truncate: true})
}

func (c *content) sync() {
	for _, p := range c.pending {
		c.synced = p.apply(c.synced)
	}
	c.pending = nil
}

// afterCut returns what is found of the file after a power cut: all that was synced,
// and of each later change all, nothing or a part.
func (c *content) afterCut(random *rand.Rand) *content {
	survived := append([]byte(nil), c.synced...)
	for _, p := range c.pending {
		switch random.IntN(3) {
		case 0: // lost
		case 1:
			survived = p.apply(survived)
		case 2: // torn: some of its atoms arrived
			if p.truncate {
				continue
			}
			for from := 0; from < len(p.data); from += atomSize {
				if random.IntN(2) == 0 {
					to := min(len(p.data), from+atomSize)
					survived = put(survived, p.data[from:to], p.at+int64(from))
				}
			}
		}
	}
	return &content{shown: survived, synced: append([]byte(nil), survived...)}
}

func (p change) apply(to []byte) []byte {
	if p.truncate {
		return resize(to, p.at)
	}
	return put(to, p.data, p.at)
}

func put(to, b []byte, at int64) []byte {
	if end := at + int64(len(b)); end > int64(len(to)) {
		to = resize(to, end)
	}
	copy(to[at:], b)
	return to
}

func resize(b []byte, size int64) []byte {
	if size <= int64(len(b)) {
		return b[:size:size]
	}
	return append(b, make([]byte, size-int64(len(b)))...)
}

// file is an open file.
type file struct {
	disk    *Disk
	content *content
	shared  vfs.SharedMemory
	level   vfs.LockLevel
}

var (
	_ vfs.FileSharedMemory = (*file)(nil)
	_ vfs.FileLockState    = (*file)(nil)
)

// SharedMemory returns the memory that the connections of a WAL share.
func (f *file) SharedMemory() vfs.SharedMemory { return f.shared }

// Close gives the file's locks free.
func (f *file) Close() error {
	err := f.Unlock(vfs.LOCK_NONE)
	if f.shared != nil {
		if problem := f.shared.Close(); err == nil {
			err = problem
		}
	}
	return err
}

// ReadAt reads what the system shows.
func (f *file) ReadAt(b []byte, at int64) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.disk.off {
		return 0, sqlite3.IOERR_READ
	}
	if at >= int64(len(f.content.shown)) {
		return 0, io.EOF
	}
	n := copy(b, f.content.shown[at:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt writes; it is on the disk after the next sync.
func (f *file) WriteAt(b []byte, at int64) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if err := f.disk.spend(); err != nil {
		return 0, err
	}
	f.content.write(b, at)
	return len(b), nil
}

// Truncate changes the size; it is on the disk after the next sync.
func (f *file) Truncate(size int64) error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if err := f.disk.spend(); err != nil {
		return err
	}
	f.content.truncate(size)
	return nil
}

// Sync brings everything that was written to the disk.
func (f *file) Sync(vfs.SyncFlag) error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if err := f.disk.spend(); err != nil {
		return err
	}
	if f.disk.unsync {
		return sqlite3.IOERR_FSYNC
	}
	f.content.sync()
	return nil
}

// Size returns the size that the system shows.
func (f *file) Size() (int64, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	return int64(len(f.content.shown)), nil
}

// SectorSize returns the size of what is written in one piece.
func (f *file) SectorSize() int { return sectorSize }

// DeviceCharacteristics are those that SQLite assumes of the operating system's files:
// a write does not harm bytes beside it.
func (f *file) DeviceCharacteristics() vfs.DeviceCharacteristic { return vfs.IOCAP_POWERSAFE_OVERWRITE }
