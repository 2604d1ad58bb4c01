package export

import (
	"slices"

	"farthing.dev/farthing/domain/journal"
	"farthing.dev/farthing/token"
)

// ordersInMemory is how many orders are folded before they go to a run.
const ordersInMemory = 100_000

// orders makes a row of each order. Those that it has in memory become a sorted run when there
// are too many; the runs are merged at the end.
type orders struct {
	folder string // of the temporary file
	most   int    // orders in memory
	open   map[token.OrderID]*order
	runs   *runs // nil while everything fits
	cells  []cell
}

var _ shaper = (*orders)(nil)

func newOrders(folder string, most int) *orders {
	return &orders{folder: folder, most: most, open: map[token.OrderID]*order{}}
}

func (t *orders) columns() []column { return orderColumns() }

func (t *orders) add(_ encoder, e *journal.Entry) error {
	if !concerns(e) {
		return nil
	}
	told := orderOf(e)
	if o := t.open[e.Order]; o != nil {
		o.fold(told)
		return nil
	}
	if len(t.open) >= t.most {
		if err := t.spill(); err != nil {
			return err
		}
	}
	t.open[e.Order] = told
	return nil
}

// sorted empties the memory.
func (t *orders) sorted() []*order {
	all := make([]*order, 0, len(t.open))
	for _, o := range t.open {
		all = append(all, o)
	}
	slices.SortFunc(all, func(a, b *order) int { return a.ID.Compare(b.ID) })
	clear(t.open)
	return all
}

func (t *orders) spill() (err error) {
	if t.runs == nil {
		if t.runs, err = newRuns(t.folder); err != nil {
			return err
		}
	}
	return t.runs.write(t.sorted())
}

func (t *orders) end(to encoder) error {
	row := func(o *order) error {
		t.cells = o.row(t.cells[:0])
		return to.row(t.cells)
	}
	if t.runs != nil {
		if err := t.spill(); err != nil {
			return err
		}
		return t.runs.merge(row)
	}
	for _, o := range t.sorted() {
		if err := row(o); err != nil {
			return err
		}
	}
	return nil
}

func (t *orders) close() error {
	if t.runs == nil {
		return nil
	}
	return t.runs.close()
}
