package data

import (
	"strings"
)

// blank is the separator of tables whose cells are separated by any number of blanks and tabs.
const blank = ' '

// lineReader goes through the lines of a text.
type lineReader struct {
	text   string
	pos    int // of the next line
	number int // of the line returned last, from 1
	next   int // number of the next line; 0 is the first
}

// line returns the next physical line, without its ending.
func (r *lineReader) line() (string, bool) {
	if r.pos >= len(r.text) {
		return "", false
	}
	rest := r.text[r.pos:]
	end := strings.IndexByte(rest, '\n')
	if end < 0 {
		end = len(rest)
	}
	r.pos += end + 1
	r.next++
	r.number = r.next
	return strings.TrimSuffix(rest[:end], "\r"), true
}

// complete returns a line together with those that its quoted cells reach into. ok is false if a quotation mark is never closed.
func (r *lineReader) complete(line string) (whole string, ok bool) {
	if !oddQuotes(line) {
		return line, true
	}
	start := r.pos - 1 - len(line)
	for start > 0 && r.text[start-1] != '\n' { // the ending may have been CRLF
		start--
	}
	number := r.number
	for {
		more, any := r.line()
		if !any {
			r.number = number
			return line, false
		}
		if oddQuotes(more) {
			r.number = number
			return strings.TrimRight(r.text[start:min(r.pos-1, len(r.text))], "\r"), true
		}
	}
}

func oddQuotes(line string) bool {
	return strings.IndexByte(line, '"') >= 0 && strings.Count(line, `"`)%2 == 1
}

// cut appends the cells of a line to dst, without blanks around them. ok is false if a quotation mark stands in the wrong place.
func cut(dst []string, line string, sep byte) (cells []string, ok bool) {
	if strings.IndexByte(line, '"') >= 0 {
		return cutQuoted(dst, line, sep)
	}
	if sep == blank {
		for {
			line = strings.TrimLeft(line, " \t\u00a0")
			if line == "" {
				return dst, true
			}
			end := strings.IndexAny(line, " \t")
			if end < 0 {
				end = len(line)
			}
			dst = append(dst, strings.TrimSpace(line[:end]))
			line = line[end:]
		}
	}
	for {
		end := strings.IndexByte(line, sep)
		if end < 0 {
			return append(dst, strings.TrimSpace(line)), true
		}
		dst = append(dst, strings.TrimSpace(line[:end]))
		line = line[end+1:]
	}
}

// cutQuoted is cut for lines with quotation marks: a cell that begins with one ends with one, and holds "" for one.
func cutQuoted(dst []string, line string, sep byte) (cells []string, ok bool) {
	gap := " "
	if sep == blank {
		gap = " \t"
	}
	for {
		line = strings.TrimLeft(line, gap)
		if sep == blank && line == "" {
			return dst, true
		}
		if strings.HasPrefix(line, `"`) {
			end := 1
			for {
				i := strings.IndexByte(line[end:], '"')
				if i < 0 {
					return dst, false
				}
				end += i + 1
				if end == len(line) || line[end] != '"' {
					break
				}
				end++
			}
			cell := line[1 : end-1]
			if strings.IndexByte(cell, '"') >= 0 {
				cell = strings.ReplaceAll(cell, `""`, `"`)
			}
			dst = append(dst, cell)
			rest := strings.TrimLeft(line[end:], gap)
			switch {
			case rest == "":
				return dst, true
			case sep == blank && len(rest) < len(line[end:]):
				line = rest
			case sep != blank && rest[0] == sep:
				line = rest[1:]
			default:
				return dst, false
			}
			continue
		}
		end := strings.IndexByte(line, sep)
		if sep == blank {
			end = strings.IndexAny(line, gap)
		}
		last := end < 0
		if last {
			end = len(line)
		}
		if strings.IndexByte(line[:end], '"') >= 0 {
			return dst, false
		}
		dst = append(dst, strings.TrimSpace(line[:end]))
		if last {
			return dst, true
		}
		line = line[end+1:]
	}
}

// comment takes the mark of a comment line away: #, %, // or !, as often as it is there.
func comment(line string) (text string, ok bool) {
	line = strings.TrimLeft(line, " \t")
	for {
		switch {
		case strings.HasPrefix(line, "#"), strings.HasPrefix(line, "%"), strings.HasPrefix(line, "!"):
			line = line[1:]
		case strings.HasPrefix(line, "//"):
			line = line[2:]
		default:
			return strings.TrimSpace(line), ok
		}
		ok = true
	}
}

// isRule says whether a line is drawn rather than written: -----+-----.
func isRule(line string) bool {
	line = strings.TrimSpace(line)
	return len(line) >= 3 && strings.Trim(line, "-=+|_* \t") == "" && strings.ContainsAny(line, "-=_*")
}
