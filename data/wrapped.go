package data

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"path/filepath"
	"strings"
)

// What Reading.Format says.
const (
	textFormat    = "text"
	parquetFormat = "parquet"
)

const parquetMagic = "PAR1"

// A kind of file that is not read has a beginning that tells it, and a remedy.
type foreign struct{ magic, what, remedy string }

var foreigners = []foreign{
	{"PK\x03\x04", "this is a ZIP archive, such as an Excel workbook (.xlsx) or an OpenDocument sheet", "save the sheet as CSV UTF-8 in the spreadsheet, or unpack the archive"},
	{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "this is an old Excel workbook (.xls)", "save the sheet as CSV UTF-8 in the spreadsheet"},
	{"\x89HDF\r\n\x1a\n", "this is an HDF5 file (also MATLAB 7.3, netCDF-4, Keras)", "export the table as CSV: pandas.read_hdf(FILE).to_csv(\"data.csv\", index=False), or writetable(T, 'data.csv') in MATLAB"},
	{"MATLAB 5.0 MAT-file", "this is a MATLAB file (.mat)", "export it as CSV in MATLAB: writetable(array2table([t y]), 'data.csv')"},
	{"MATLAB 7.3 MAT-file", "this is a MATLAB file (.mat)", "export it as CSV in MATLAB: writetable(array2table([t y]), 'data.csv')"},
	{"CDF\x01", "this is a netCDF file", "export it as CSV: xarray.open_dataset(FILE).to_dataframe().to_csv(\"data.csv\")"},
	{"CDF\x02", "this is a netCDF file", "export it as CSV: xarray.open_dataset(FILE).to_dataframe().to_csv(\"data.csv\")"},
	{"\x93NUMPY", "this is a NumPy file (.npy)", "export it as CSV: numpy.savetxt(\"data.csv\", a, delimiter=\",\", header=\"t,y1,y2\", comments=\"\")"},
	{"ARROW1", "this is an Arrow (Feather) file", "write it as Parquet or CSV: pandas.read_feather(FILE).to_parquet(\"data.parquet\")"},
	{"SQLite format 3\x00", "this is an SQLite database", "export the table as CSV: sqlite3 -header -csv FILE 'select * from TABLE' > data.csv"},
	{"\x28\xb5\x2f\xfd", "this is a file packed by zstd", "unpack it, or pack it with gzip"},
	{"BZh", "this is a file packed by bzip2", "unpack it, or pack it with gzip"},
	{"\xfd7zXZ\x00", "this is a file packed by xz", "unpack it, or pack it with gzip"},
	{"7z\xbc\xaf\x27\x1c", "this is a 7-Zip archive", "unpack it"},
	{"RDX2", "this is an R data file", "write the table as CSV: write.csv(d, \"data.csv\", row.names = FALSE)"},
	{"RDX3", "this is an R data file", "write the table as CSV: write.csv(d, \"data.csv\", row.names = FALSE)"},
	{"X\n\x00\x00\x00", "this is an R data file", "write the table as CSV: write.csv(d, \"data.csv\", row.names = FALSE)"},
	{"%PDF-", "this is a PDF document", "find the table as text, with a header and a column of times"},
	{"{\\rtf", "this is a document of a word processor", "save it as plain text"},
	{"<!DOCTYPE", "this is a web page or an XML document, not a table", "save the data as CSV text"},
	{"<html", "this is a web page, not a table", "save the data as CSV text"},
	{"<?xml", "this is an XML document, not a table", "save the data as CSV text"},
	{"CPY ", "this is an Origin project", "export the worksheet as ASCII"},
	{"CPYA", "this is an Origin project", "export the worksheet as ASCII"},
	{"TDSm", "this is a LabVIEW TDMS file", "export it as text, or with nptdms: TdmsFile.read(FILE).as_dataframe().to_csv(\"data.csv\")"},
}

// unwrap unpacks gzip, and refuses files of other programs with the way to export them.
func unwrap(ctx context.Context, raw []byte, file string) (content []byte, format string, err error) {
	format = textFormat
	if bytes.HasPrefix(raw, []byte("\x1f\x8b")) {
		z, err := gzip.NewReader(bytes.NewReader(raw))
		if err != nil {
			return nil, "", gzipError(file, err)
		}
		if raw, err = readBytes(ctx, z, file); err != nil {
			var e *Error
			if errors.As(err, &e) && e.Err != nil { // not the size
				return nil, "", gzipError(file, e.Err)
			}
			return nil, "", err
		}
		format += ", gzip"
	}
	if bytes.HasPrefix(raw, []byte(parquetMagic)) {
		return raw, parquetFormat, nil
	}
	head := string(raw[:min(len(raw), 64)])
	for _, f := range foreigners {
		if strings.HasPrefix(head, f.magic) || f.magic[0] == '<' && strings.HasPrefix(strings.ToLower(strings.TrimLeft(head, "\ufeff \r\n")), strings.ToLower(f.magic)) {
			return nil, "", &Error{File: file, Msg: f.what, Remedy: f.remedy}
		}
	}
	if strings.EqualFold(filepath.Ext(file), ".json") || strings.HasPrefix(strings.TrimSpace(head), "{\"") || strings.HasPrefix(strings.TrimSpace(head), "[{") {
		return nil, "", &Error{File: file, Msg: "this is JSON, not a table", Remedy: "write it as CSV: pandas.read_json(FILE).to_csv(\"data.csv\", index=False)"}
	}
	return raw, format, nil
}

func gzipError(file string, err error) error {
	return &Error{File: file, Msg: "the file is packed by gzip and cannot be unpacked: " + err.Error(), Remedy: "it may have been cut off; copy or pack it again", Err: err}
}
