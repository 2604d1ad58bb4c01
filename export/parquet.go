package export

import (
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/parquet-go/parquet-go"

	"farthing.dev/farthing/token"
)

const (
	rowsPerBatch = 1024    // are handed to the library at once
	rowsPerGroup = 256_000 // are in memory, compressed
	maxDecimal   = 1e18    // the least that DECIMAL(18,6) cannot hold; the library does not look
)

// parquetWriter writes Parquet. The library checks no amount and takes zero for nothing where it is
// given Go values, so it is given columns of values.
type parquetWriter struct {
	to      *parquet.Writer
	of      []Column
	batch   [][]parquet.Value
	waiting int // rows in batch
	grouped int // rows since the last group ended
}

var _ encoder = (*parquetWriter)(nil)

func newParquet(to io.Writer, name Table, of []Column) *parquetWriter {
	return &parquetWriter{
		to:    parquet.NewWriter(to, parquet.NewSchema(string(name), parquet.SchemaOf(reflect.New(record(of)).Interface())), parquet.Compression(&parquet.Zstd)),
		of:    of,
		batch: make([][]parquet.Value, len(of)),
	}
}

// record is a struct with a field for each column: the library makes the schema of it, and
// keeps the order of fields only in a struct.
func record(of []Column) reflect.Type {
	fields := make([]reflect.StructField, len(of))
	for i, c := range of {
		tag, kind := c.Name, reflect.TypeFor[int64]()
		switch c.Form {
		case Number:
		case Moment:
			tag += ",timestamp(millisecond:utc)"
		case Amount:
			tag += ",decimal(6:18)"
		case Word:
			tag, kind = tag+",dict", reflect.TypeFor[string]()
		case ID, Text:
			kind = reflect.TypeFor[string]()
		case Truth:
			kind = reflect.TypeFor[bool]()
		}
		if !c.Always {
			tag += ",optional"
		}
		fields[i] = reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: kind, Tag: reflect.StructTag(fmt.Sprintf("parquet:%q", tag))}
	}
	return reflect.StructOf(fields)
}

func (t *parquetWriter) row(cells []Cell) error {
	for i := range cells {
		value, err := t.value(i, &cells[i])
		if err != nil {
			return err
		}
		t.batch[i] = append(t.batch[i], value)
	}
	if t.waiting++; t.waiting == rowsPerBatch {
		return t.flush()
	}
	return nil
}

func (t *parquetWriter) value(i int, v *Cell) (parquet.Value, error) {
	c, level := t.of[i], 0
	if !v.Set {
		if c.Always {
			return parquet.Value{}, fmt.Errorf("a row has no %s", c.Name)
		}
		return parquet.NullValue().Level(0, 0, i), nil
	}
	if !c.Always {
		level = 1
	}
	var value parquet.Value
	switch c.Form {
	case Number, Moment:
		value = parquet.Int64Value(v.N)
	case Amount:
		if v.N >= maxDecimal || v.N <= -maxDecimal {
			return value, fmt.Errorf("%s is %s, which DECIMAL(18,6) cannot hold; export CSV", c.Name, token.Amount(v.N).Decimal(6))
		}
		value = parquet.Int64Value(v.N)
	case Truth:
		value = parquet.BooleanValue(v.N != 0)
	case Word, ID:
		value = parquet.ByteArrayValue([]byte(v.S))
	case Text:
		value = parquet.ByteArrayValue([]byte(strings.ToValidUTF8(v.S, "\uFFFD")))
	}
	return value.Level(0, level, i), nil
}

// flush hands the batch to the library.
func (t *parquetWriter) flush() error {
	for i, writer := range t.to.ColumnWriters() {
		if _, err := writer.WriteRowValues(t.batch[i]); err != nil {
			return err
		}
		t.batch[i] = t.batch[i][:0]
	}
	t.grouped += t.waiting
	t.waiting = 0
	if t.grouped < rowsPerGroup {
		return nil
	}
	t.grouped = 0
	return t.to.Flush()
}

func (t *parquetWriter) close() error {
	if t.waiting > 0 {
		if err := t.flush(); err != nil {
			return err
		}
	}
	return t.to.Close()
}
