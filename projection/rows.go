package projection

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	"farthing.dev/farthing/export"
)

// rows are those of one table that are to be inserted.
type rows struct {
	values []export.Cell
}

func (r *rows) add(cells []export.Cell) { r.values = append(r.values, cells...) }

var (
	postingForms  = export.Columns(export.Postings)
	postingPlaces = places(postingForms)
)

func places(columns []export.Column) map[string]int {
	at := make(map[string]int, len(columns))
	for i, c := range columns {
		at[c.Name] = i
	}
	return at
}

// rowsPerStatement is how many rows a statement inserts: fewer parameters than the databases
// take, and so many that the way there and back does not count.
const rowsPerStatement = 200

// insert inserts the rows into a table; end is what the statement ends with.
func (r *rows) insert(ctx context.Context, tx *sql.Tx, d dialect, table export.Table, end string) error {
	columns := export.Columns(table)
	width := len(columns)
	var prepared *sql.Stmt
	args := make([]any, 0, width*rowsPerStatement)
	for rest := r.values; len(rest) > 0; {
		some := rest[:min(len(rest), width*rowsPerStatement)]
		rest = rest[len(some):]
		args = args[:0]
		for i := range some {
			args = append(args, d.value(columns[i%width].Form, &some[i]))
		}
		count := len(some) / width
		var err error
		switch {
		case count < rowsPerStatement:
			_, err = tx.ExecContext(ctx, statement(table, columns, count)+end, args...)
		case prepared == nil:
			if prepared, err = tx.PrepareContext(ctx, statement(table, columns, count)+end); err != nil {
				break
			}
			defer prepared.Close()
			fallthrough
		default:
			_, err = prepared.ExecContext(ctx, args...)
		}
		if err != nil {
			return fmt.Errorf("write %s: %w", table, err)
		}
	}
	return nil
}

// statement inserts so many rows.
func statement(table export.Table, columns []export.Column, count int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "INSERT INTO %s (%s) VALUES ", table, names(columns))
	for i := range count {
		b.WriteString("(")
		for j := range columns {
			b.WriteString("$")
			b.WriteString(strconv.Itoa(i*len(columns) + j + 1))
			if j < len(columns)-1 {
				b.WriteString(",")
			}
		}
		b.WriteString(")")
		if i < count-1 {
			b.WriteString(",")
		}
	}
	return b.String()
}

func names(columns []export.Column) string {
	all := make([]string, len(columns))
	for i, c := range columns {
		all[i] = c.Name
	}
	return strings.Join(all, ", ")
}

// value is a cell as the database takes it.
func (d dialect) value(f export.Form, c *export.Cell) any {
	if !c.Set {
		return nil
	}
	switch f {
	case export.Moment:
		return d.moment(c.N)
	case export.Truth:
		if d == postgres {
			return c.N != 0
		}
		return c.N
	case export.Number, export.Amount:
		return c.N
	case export.Text: // PostgreSQL holds no other, and neither of them a zero byte as others read it
		return strings.ReplaceAll(strings.ToValidUTF8(c.S, "\uFFFD"), "\x00", "\uFFFD")
	default:
		return c.S
	}
}

// moments is how times are written on SQLite: they sort as texts, and its own functions read them.
const moments = "2006-01-02T15:04:05.000Z"

func (d dialect) moment(millis int64) any {
	at := time.UnixMilli(millis).UTC()
	if d == postgres {
		return at
	}
	return at.Format(moments)
}

// scanner reads a cell back.
type scanner struct {
	form export.Form
	cell *export.Cell
}

var _ sql.Scanner = (*scanner)(nil)

// Scan is for database/sql.
func (s *scanner) Scan(value any) (err error) {
	*s.cell = export.Cell{Set: value != nil}
	switch v := value.(type) {
	case nil:
	case int64:
		s.cell.N = v
	case bool:
		if v {
			s.cell.N = 1
		}
	case time.Time:
		s.cell.N = v.UnixMilli()
	case []byte:
		err = s.text(string(v))
	case string:
		err = s.text(v)
	default:
		err = fmt.Errorf("a %T is no cell", value)
	}
	return err
}

func (s *scanner) text(v string) error {
	if s.form != export.Moment {
		s.cell.S = v
		return nil
	}
	at, err := time.Parse(moments, v)
	s.cell.N = at.UnixMilli()
	return err
}
