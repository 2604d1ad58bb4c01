package storetest

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/store"
)

// A journal that has lost its end, or is another one, does not go on from the head that is
// kept outside the database.
func testHeadFile(t *testing.T, w *world) {
	path := filepath.Join(t.TempDir(), "head")
	open := func() *store.HeadFile {
		t.Helper()
		f, err := store.OpenHeadFile(path)
		w.must(err)
		return f
	}
	f := open()
	w.must(f.Prove(t.Context(), w.db, 0))
	w.must(f.Keep(t.Context(), w.db, w.Head()))
	if _, err := os.Stat(path); err == nil {
		t.Error("the head of an empty journal was kept")
	}
	for range 3 {
		w.do(w.Engine, w.fund(1, 10))
		w.must(f.Keep(t.Context(), w.db, w.Head()))
		w.must(f.Keep(t.Context(), w.db, journal.Head{})) // while the state is made anew
		if again := open().Kept(); again.Seq != w.Head().Seq || again.Hash != w.Head().Hash {
			t.Fatalf("the file has %s, the journal ends with %s", again, w.Head())
		}
	}
	w.do(w.Engine, w.fund(1, 10))
	w.must(open().Prove(t.Context(), w.db, 0))

	end := w.Head()
	reader := w.open(store.Options{})
	if head := reader.Confirmed(); reader.Head() != end || head.Seq != 0 {
		t.Errorf("what was only read, up to %s, is confirmed up to %s", reader.Head(), head)
	}
	if w.balance(reader, 1); reader.Confirmed() != end || w.Confirmed() != end {
		t.Errorf("%s and %s are confirmed of %s", reader.Confirmed(), w.Confirmed(), end)
	}
	longer, other := end, end
	longer.Seq++
	other.Hash[5]++
	middle := journal.Head{Seq: 1, Hash: end.Hash}
	for _, lost := range []journal.Head{longer, other, middle} {
		w.must(os.WriteFile(path, []byte(lost.String()+"\n"), 0o600))
		f := open()
		for _, accept := range []uint64{0, lost.Seq + 1} {
			if err := f.Prove(t.Context(), w.db, accept); !errors.Is(err, store.ErrTailLost) {
				t.Errorf("with %s kept, and %d accepted, the answer is %v", lost, accept, err)
			}
		}
		if err := f.Keep(t.Context(), w.db, end); !errors.Is(err, store.ErrTailLost) || open().Kept().String() != lost.String() {
			t.Errorf("with %s kept, keeping answers %v and the file has %s", lost, err, open().Kept())
		}
		w.must(f.Prove(t.Context(), w.db, lost.Seq))
		w.must(f.Keep(t.Context(), w.db, end))
		w.must(open().Prove(t.Context(), w.db, 0))
	}
	w.must(os.WriteFile(path, []byte("12:ab"), 0o600))
	if _, err := store.OpenHeadFile(path); err == nil {
		t.Error("a damaged file was read")
	}
}
