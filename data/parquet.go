package data

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// readParquet reads a Parquet file as a table: numbers, text, booleans as 0 and 1, dates with a time of day. Nested columns and lists are
// refused. Numbers are written out with all their digits, so that they are the same bits afterwards.
func (tb *table) readParquet(raw []byte) (err error) {
	defer func() {
		if r := recover(); r != nil { // the library checks less than it could
			err = tb.parquetError(fmt.Errorf("%v", r))
		}
	}()
	f, err := parquet.OpenFile(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return tb.parquetError(err)
	}
	fields := f.Schema().Fields()
	text := make([]func(parquet.Value) string, len(fields))
	for i, field := range fields {
		if !field.Leaf() || field.Repeated() {
			return &Error{File: tb.file, Column: field.Name(), Msg: "the column holds lists or groups", Remedy: "write one number per cell"}
		}
		tb.header = append(tb.header, field.Name())
		if text[i] = parquetText(field); text[i] == nil {
			return &Error{File: tb.file, Column: field.Name(), Msg: fmt.Sprintf("the column holds values of the type %v", field.Type()), Remedy: "write numbers, text, or timestamps"}
		}
	}
	n := len(fields)
	if rows := f.NumRows(); n == 0 || rows < 0 || rows > int64(maxCells/n) {
		return &Error{File: tb.file, Msg: fmt.Sprintf("there are %d rows of %d columns, and no more than %d cells can be read", rows, n, maxCells), Remedy: "leave out rows or columns"}
	}
	for _, group := range f.RowGroups() {
		if err := tb.readGroup(group, text); err != nil {
			return err
		}
	}
	return nil
}

func (tb *table) readGroup(group parquet.RowGroup, text []func(parquet.Value) string) error {
	rows := group.Rows()
	defer rows.Close()
	buffer := make([]parquet.Row, 256)
	n := len(text)
	for {
		if err := tb.ctx.Err(); err != nil {
			return err
		}
		count, err := rows.ReadRows(buffer)
		for _, row := range buffer[:count] {
			if len(row) != n || len(tb.cells)+n > maxCells {
				return tb.parquetError(fmt.Errorf("row %d has %d cells, the header %d", tb.numRows()+1, len(row), n))
			}
			for i, v := range row {
				tb.cells = append(tb.cells, text[i](v))
			}
			tb.lines = append(tb.lines, tb.numRows()+1)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return tb.parquetError(err)
		}
		if count == 0 {
			return tb.parquetError(io.ErrUnexpectedEOF)
		}
	}
}

func (tb *table) parquetError(err error) error {
	return &Error{File: tb.file, Msg: "the Parquet file cannot be read: " + quoteLong(err.Error()), Remedy: "it may be damaged or cut off; write it again, or as CSV", Err: err}
}

func quoteLong(s string) string {
	const limit = 200
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return s
}

// parquetText returns what writes a column's values out, or nil for kinds of values that are neither numbers, text nor times.
func parquetText(field parquet.Field) func(parquet.Value) string {
	whole := func(x int64) string { return strconv.FormatInt(x, 10) }
	bytesAllowed := true
	switch l := logicalType(field).(type) {
	case nil, *format.StringType, *format.EnumType, *format.JsonType:
	case *format.TimestampType:
		if l.Unit.Value == nil {
			return nil
		}
		unit := l.Unit.Value.Duration()
		whole = func(x int64) string { return timestampText(x, unit) }
	case *format.DecimalType:
		bytesAllowed = false
		whole = func(x int64) string { return fmt.Sprintf("%de-%d", x, l.Scale) }
	case *format.IntType:
		if !l.IsSigned && l.BitWidth == 64 {
			whole = func(x int64) string { return strconv.FormatUint(uint64(x), 10) }
		} else if !l.IsSigned {
			whole = func(x int64) string { return strconv.FormatUint(uint64(uint32(x)), 10) }
		}
	default:
		return nil
	}
	switch field.Type().Kind() {
	case parquet.ByteArray, parquet.FixedLenByteArray:
		if !bytesAllowed {
			return nil
		}
	case parquet.Int96:
		return nil
	}
	return func(v parquet.Value) string {
		if v.IsNull() {
			return ""
		}
		switch v.Kind() {
		case parquet.Double:
			return floatText(v.Double())
		case parquet.Float:
			return floatText(float64(v.Float()))
		case parquet.Int32:
			return whole(int64(v.Int32()))
		case parquet.Int64:
			return whole(v.Int64())
		case parquet.Boolean:
			if v.Boolean() {
				return "1"
			}
			return "0"
		}
		return string(v.ByteArray())
	}
}

func logicalType(field parquet.Field) any {
	if l := field.Type().LogicalType(); l != nil && l.Value != nil {
		return l.Value
	}
	return nil
}

func floatText(x float64) string {
	if math.IsNaN(x) {
		return ""
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}

func timestampText(x int64, unit time.Duration) string {
	perSecond := int64(time.Second / unit)
	at := time.Unix(x/perSecond, x%perSecond*int64(unit)).UTC()
	return at.Format("2006-01-02 15:04:05.999999999")
}
