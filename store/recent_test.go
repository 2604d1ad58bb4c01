package store

import (
	"testing"

	"farthing.dev/farthing/domain/journal"
)

// chain adds blocks of so many entries each, and returns the heads between them.
func (r *recent) chain(t *testing.T, head journal.Head, blocks, entries int) []journal.Head {
	t.Helper()
	heads := []journal.Head{head}
	for range blocks {
		list := make([]*journal.Entry, entries)
		for i := range list {
			list[i] = &journal.Entry{Kind: journal.Lapsed}
		}
		b, err := journal.Seal(head, 1, list)
		if err != nil {
			t.Fatal(err)
		}
		r.add(b, list)
		clear(list) // the caller uses its list again
		head = b.Head()
		heads = append(heads, head)
	}
	return heads
}

func TestRecentBlocksFollowAHead(t *testing.T) {
	r := newRecent()
	heads := r.chain(t, journal.Head{}, 3, 2)
	for i, head := range heads {
		got := r.after(head)
		if len(got) != 3-i {
			t.Fatalf("%d blocks follow head %d", len(got), i)
		}
		for j := range got {
			if !same(got[j].head, heads[i+j+1]) || len(got[j].entries) != 2 || got[j].entries[0].Seq != heads[i+j].Seq+1 {
				t.Errorf("after head %d comes %+v", i, got[j])
			}
		}
	}
	if got := r.after(journal.Head{Seq: heads[1].Seq}); got != nil {
		t.Errorf("another journal goes on with %d blocks", len(got))
	}
	r.chain(t, journal.Head{Seq: 90}, 1, 1)
	if got := r.after(heads[0]); got != nil {
		t.Errorf("behind a gap stand %d blocks", len(got))
	}
	r.reset()
	if got := r.after(journal.Head{Seq: 90}); got != nil {
		t.Errorf("%d blocks were not forgotten", len(got))
	}
}

func TestRecentBlocksAreBounded(t *testing.T) {
	const size = 1000
	r := newRecent()
	woken := (&Engine{recent: r}).Busy()
	heads := r.chain(t, journal.Head{}, recentBound/size/2, size)
	select {
	case <-woken:
		t.Fatal("followers were woken too soon")
	default:
	}
	more := r.chain(t, heads[len(heads)-1], recentBound/size, size)
	select {
	case <-woken:
	default:
		t.Fatal("followers were not woken")
	}
	if r.entries > recentBound || r.after(heads[0]) != nil {
		t.Errorf("%d entries are kept", r.entries)
	}
	if got := r.after(more[0]); len(got) != recentBound/size {
		t.Errorf("%d of the last blocks are kept", len(got))
	}
	r.chain(t, journal.Head{}, 1, recentBound+1) // one that is larger than all room
	if got := r.after(journal.Head{}); len(got) != 1 {
		t.Errorf("%d blocks were kept", len(got))
	}
}
