package export

import (
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"farthing.dev/farthing/token"
)

// csvWriter writes RFC 4180: commas, CRLF, a line of names, and quotes where they are needed. What
// somebody wrote and a spreadsheet could take for a formula begins with an apostrophe.
type csvWriter struct {
	to   io.Writer
	of   []Column
	line []byte
}

var _ encoder = (*csvWriter)(nil)

func newCSV(to io.Writer, of []Column) (*csvWriter, error) {
	c := &csvWriter{to: to, of: of}
	for i, column := range of {
		c.comma(i)
		c.line = append(c.line, column.Name...)
	}
	return c, c.flush()
}

func (c *csvWriter) comma(i int) {
	if i > 0 {
		c.line = append(c.line, ',')
	}
}

func (c *csvWriter) row(cells []Cell) error {
	for i := range cells {
		c.comma(i)
		if cells[i].Set {
			c.cell(c.of[i].Form, &cells[i])
		}
	}
	return c.flush()
}

func (c *csvWriter) flush() error {
	c.line = append(c.line, '\r', '\n')
	_, err := c.to.Write(c.line)
	c.line = c.line[:0]
	return err
}

func (c *csvWriter) close() error { return nil }

func (c *csvWriter) cell(f Form, v *Cell) {
	switch f {
	case Number:
		c.line = strconv.AppendInt(c.line, v.N, 10)
	case Moment:
		c.line = time.UnixMilli(v.N).UTC().AppendFormat(c.line, "2006-01-02T15:04:05.000Z")
	case Amount:
		c.line = append(c.line, token.Amount(v.N).Decimal(6)...)
	case Truth:
		c.line = strconv.AppendBool(c.line, v.N != 0)
	case Word, ID:
		c.line = append(c.line, v.S...)
	case Text:
		c.text(strings.ToValidUTF8(v.S, "\uFFFD"))
	}
}

// text writes what somebody wrote: harmless to a spreadsheet, and in quotes where it would
// else end early.
func (c *csvWriter) text(s string) {
	if first, _ := utf8.DecodeRuneInString(s); strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		s = "'" + s
	}
	if !strings.ContainsAny(s, "\",\r\n") && strings.TrimSpace(s) == s {
		c.line = append(c.line, s...)
		return
	}
	c.line = append(c.line, '"')
	c.line = append(c.line, strings.ReplaceAll(s, `"`, `""`)...)
	c.line = append(c.line, '"')
}
