// Package data holds time series of a system with named states: reading them from CSV, checking them, describing and
// scaling them, splitting them, and measuring how far a model is from them. It knows no model.
//
// # CSV
//
// Cells are separated by commas, semicolons or tabs, found from the header and the first row; a byte-order mark, quoted
// cells and any line ending are accepted, and comment lines beginning with # before the header. The text is UTF-8.
//
//   - The header names the columns. A unit in square brackets at the end of a name is kept apart from it.
//   - Time is the column t or time (a unit in round brackets is accepted there too), or the one that ReadOptions.Time names.
//   - A column trajectory, if there is one, names the trajectory that a row belongs to; names may be any text. The rows of
//     different trajectories may be interleaved: rows are collected by name, in the order in which names first appear.
//   - A column weight:NAME holds the weights of the state NAME in a loss; an empty cell means 1.
//   - Every other column is a state, unless ReadOptions.States or ReadOptions.Ignore leave it out.
//   - An empty cell, NaN or NA in any case is a missing value. Infinities are errors. Fortran exponents (1.0D-05) are read.
//   - Decimal commas are read in semicolon-separated files, if every number of the file keeps to them, and noted. They are
//     errors elsewhere, because there 1,234 could as well be a thousand.
//   - Times increase strictly within a trajectory, which has two rows or more. Repeated measurements are trajectories of
//     their own. A trajectory's first row is its initial state; values missing there are noted.
//   - Rows whose cells are all empty, and columns without name and content, as spreadsheets leave them, are skipped.
//
// For example:
//
//	trajectory,t [s],A [mol/L],T [K],weight:A
//	cold,0,1,298,
//	cold,10,0.83,299.5,2
//	cold,25,NaN,,
//	hot,0,1,350,
//	hot,4,0.4,351.2,
//
// What is wrong with a file is returned as an *Error, which says where it is and what to do.
package data
