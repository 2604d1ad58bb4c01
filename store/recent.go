package store

import (
	"sync"

	"farthing.dev/farthing/domain/journal"
)

// recentBound is how many entries are kept in memory for who follows the journal. At most
// half of them wait before followers are woken.
const recentBound = 1 << 14

// recent keeps the journal's last blocks as they were decided or read, so that who follows
// it need not read and decode again what this process has just had in its hands.
type recent struct {
	mu      sync.Mutex
	woken   []chan struct{} // many entries wait; see Engine.Busy
	blocks  []recentBlock   // each follows the one before it
	entries int             // in all blocks
	told    int             // so many were there when followers were woken last
}

type recentBlock struct {
	prev, head journal.Head
	entries    []*journal.Entry
}

func newRecent() *recent { return &recent{} }

// add keeps a block that is in the journal. It copies the list of its entries.
func (r *recent) add(b *journal.Block, entries []*journal.Entry) {
	next := recentBlock{journal.Head{Seq: b.First - 1, Hash: b.Prev}, b.Head(), append([]*journal.Entry(nil), entries...)}
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.blocks); n > 0 && !same(r.blocks[n-1].head, next.prev) {
		r.forget()
	}
	r.blocks = append(r.blocks, next)
	r.entries += len(entries)
	r.told += len(entries)
	for r.entries > recentBound && len(r.blocks) > 1 {
		r.entries -= len(r.blocks[0].entries)
		r.blocks[0] = recentBlock{}
		r.blocks = r.blocks[1:]
	}
	if r.told >= recentBound/2 {
		r.told = 0
		for _, woken := range r.woken {
			select {
			case woken <- struct{}{}:
			default:
			}
		}
	}
}

// forget drops everything. The caller holds mu.
func (r *recent) forget() { r.blocks, r.entries, r.told = nil, 0, 0 }

// reset drops everything: what comes next may be of another journal.
func (r *recent) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget()
}

// after returns the blocks that follow a head, none where they are not in memory.
func (r *recent) after(head journal.Head) []recentBlock {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := len(r.blocks) - 1; i >= 0; i-- {
		if same(r.blocks[i].prev, head) {
			return append([]recentBlock(nil), r.blocks[i:]...)
		}
	}
	return nil
}

// same reports whether two heads are the same place in the same journal.
func same(a, b journal.Head) bool { return a.Seq == b.Seq && a.Hash == b.Hash }

// Busy returns a channel of its own for who follows the journal: it tells that thousands of
// entries wait, which will soon have to be read from the database again.
func (e *Engine) Busy() <-chan struct{} {
	woken := make(chan struct{}, 1)
	e.recent.mu.Lock()
	defer e.recent.mu.Unlock()
	e.recent.woken = append(e.recent.woken, woken)
	return woken
}
