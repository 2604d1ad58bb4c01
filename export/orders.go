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
	open   map[token.OrderID]*Order
	runs   *runs // nil while everything fits
	cells  []Cell
}

var _ shaper = (*orders)(nil)

func newOrders(folder string, most int) *orders {
	return &orders{folder: folder, most: most, open: map[token.OrderID]*Order{}}
}

func (t *orders) columns() []Column { return orderColumns() }

func (t *orders) add(_ encoder, e *journal.Entry) error {
	if !Concerns(e) {
		return nil
	}
	told := OrderOf(e)
	if o := t.open[e.Order]; o != nil {
		o.Fold(told)
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
func (t *orders) sorted() []*Order {
	all := make([]*Order, 0, len(t.open))
	for _, o := range t.open {
		all = append(all, o)
	}
	slices.SortFunc(all, func(a, b *Order) int { return a.ID.Compare(b.ID) })
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
	row := func(o *Order) error {
		t.cells = o.Row(t.cells[:0])
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
