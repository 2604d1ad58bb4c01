package export

import (
	"bufio"
	"container/heap"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/fxamacker/cbor/v2"
)

// runs are sorted runs of orders in one temporary file, from the oldest to the newest. An order
// may be in many of them, with what happened to it meanwhile.
type runs struct {
	file *os.File
	ends []int64
}

func newRuns(folder string) (*runs, error) {
	file, err := os.CreateTemp(folder, ".farthing-orders-*.part")
	if err != nil {
		return nil, fmt.Errorf("make a temporary file: %w", err)
	}
	_ = os.Remove(file.Name()) // where it may be removed while it is open, a kill leaves nothing
	return &runs{file: file}, nil
}

func (r *runs) close() error {
	err := r.file.Close()
	if e := os.Remove(r.file.Name()); !errors.Is(e, os.ErrNotExist) {
		err = errors.Join(err, e)
	}
	return err
}

// write appends a run.
func (r *runs) write(sorted []*Order) error {
	buffered := bufio.NewWriterSize(r.file, 256<<10)
	to := cbor.NewEncoder(buffered)
	for _, o := range sorted {
		if err := to.Encode(o); err != nil {
			return fmt.Errorf("write a temporary file: %w", err)
		}
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("write a temporary file: %w", err)
	}
	end, err := r.file.Seek(0, io.SeekCurrent)
	if err != nil {
		return fmt.Errorf("write a temporary file: %w", err)
	}
	r.ends = append(r.ends, end)
	return nil
}

// merge hands every order to fn, whole and in the order of ids.
func (r *runs) merge(fn func(*Order) error) error {
	var q queue
	begin := int64(0)
	for i, end := range r.ends {
		from := bufio.NewReaderSize(io.NewSectionReader(r.file, begin, end-begin), 64<<10)
		begin = end
		if err := q.next(&run{age: i, from: cbor.NewDecoder(from)}); err != nil {
			return err
		}
	}
	var whole *Order
	for len(q) > 0 {
		oldest := heap.Pop(&q).(*run)
		o := oldest.at
		if err := q.next(oldest); err != nil {
			return err
		}
		switch {
		case whole != nil && whole.ID == o.ID:
			whole.Fold(o)
			continue
		case whole != nil:
			if err := fn(whole); err != nil {
				return err
			}
		}
		whole = o
	}
	if whole == nil {
		return nil
	}
	return fn(whole)
}

// run is one that is being read, at an order.
type run struct {
	age  int
	from *cbor.Decoder
	at   *Order
}

// queue has the run with the least order, and of equal ones the oldest, at its top.
type queue []*run

var _ heap.Interface = (*queue)(nil)

// next reads an order of a run and queues it, unless it is at its end.
func (q *queue) next(r *run) error {
	r.at = &Order{}
	err := r.from.Decode(r.at)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read a temporary file: %w", err)
	}
	heap.Push(q, r)
	return nil
}

func (q queue) Len() int { return len(q) }

func (q queue) Less(i, j int) bool {
	if way := q[i].at.ID.Compare(q[j].at.ID); way != 0 {
		return way < 0
	}
	return q[i].age < q[j].age
}

func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push is for package heap.
func (q *queue) Push(r any) { *q = append(*q, r.(*run)) }

// Pop is for package heap.
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
