package data

import (
	"context"
	"io"
	"slices"
)

// ReadOptions choose among the columns of a file and say what they mean. Columns are named with or without their unit.
type ReadOptions struct {
	Time       string   // the time column, or its number from 1 in a file without header; if empty, the column that its name makes the time
	States     []string // the states, in this order; if empty, every column that is nothing else
	Ignore     []string // columns that are left out
	Trajectory []string // columns that together name the trajectory of a row; if empty, the column trajectory
	Long       []string // two columns of a long table: one that names the state of a row, one that holds its value
	Wells      string   // the columns are wells of a plate: trajectories of one state, which gets this name
	Replicates bool     // all rows of equal time are replicates, even where few times have two and a jump may be meant
}

const (
	trajectoryColumn = "trajectory"
	weightPrefix     = "weight:"
)

// ReadCSV reads a set from r; name stands for the file in messages. The package's documentation describes the format.
// What is wrong with the data is returned as an *Error.
func ReadCSV(r io.Reader, name string, opt ReadOptions) (*Set, error) {
	ctx := context.Background()
	tb, err := readTable(ctx, r, name, opt, true)
	if err != nil {
		return nil, err
	}
	set, err := tb.set(opt, true)
	if err != nil {
		return nil, err
	}
	set.describe()
	return set, nil
}

// set reads the table's rows. With strict, it is an error if ReadOptions.Ignore names a column that is not there.
func (tb *table) set(opt ReadOptions, strict bool) (*Set, error) {
	lay, err := tb.layout(opt, strict)
	if err != nil {
		return nil, err
	}
	set, err := tb.collect(lay)
	if err != nil {
		return nil, err
	}
	set.Readings = []Reading{tb.reading(lay, set)}
	for _, how := range tb.how {
		set.Notes = append(set.Notes, tb.file+": "+how)
	}
	return set, nil
}

// A Reading says how a file was read.
type Reading struct {
	File       string
	Format     string   // text or parquet, with how it was packed: "text, gzip"
	Separator  string   // commas, semicolons, tabs or blanks; empty where the format has none
	HeaderLine int      // 0: the file has no header, and the names are made up
	Time       string   // the column of the time
	Trajectory []string // the columns that name the trajectories
	Long       []string // the columns of names and values, of a long table
	Rows       int      // below the header
	Notes      []string // what was not plain
}

func (tb *table) reading(lay *layout, set *Set) Reading {
	r := Reading{File: tb.file, Format: tb.format, HeaderLine: tb.headerLine, Time: tb.names[lay.time], Rows: tb.numRows(), Notes: slices.Clone(tb.how)}
	if tb.comma != 0 {
		r.Separator = separatorName(tb.comma)
	}
	for _, c := range lay.ids {
		r.Trajectory = append(r.Trajectory, tb.names[c])
	}
	if lay.long != nil {
		r.Long = []string{tb.names[lay.long.name], tb.names[lay.long.value]}
	}
	return r
}

// layout says which column of a table is what.
type layout struct {
	time    int
	blankID bool  // an empty cell is a name too
	ids     []int // the columns that name a row's trajectory
	states  []int
	weights []int // of the states; −1: there are none
	long    *longColumns
	wells   string
	num     *numbers
	times   []float64

	opt ReadOptions
}
