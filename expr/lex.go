package expr

import (
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// A SyntaxError says what is wrong with a formula, and where.
type SyntaxError struct {
	// Text is the formula; Offset is the place in it in bytes from 0, Line and Column are that place counted from 1, in characters.
	Text         string
	Offset       int
	Line, Column int
	// Msg says what is wrong; Nearest is the most similar valid name where a name is unknown, or empty.
	Msg, Nearest string
}

func (e *SyntaxError) Error() string {
	where := fmt.Sprintf("column %d", e.Column)
	if e.Line > 1 {
		where = fmt.Sprintf("line %d, column %d", e.Line, e.Column)
	}
	s := where + " of the formula: " + e.Msg
	if e.Nearest != "" {
		s += fmt.Sprintf("; did you mean %q?", e.Nearest)
	}
	return s
}

// syntaxError makes the error at an offset.
func syntaxError(text string, offset int, format string, args ...any) *SyntaxError {
	e := &SyntaxError{Text: text, Offset: offset, Line: 1, Column: 1, Msg: fmt.Sprintf(format, args...)}
	for _, r := range text[:min(offset, len(text))] {
		if e.Column++; r == '\n' {
			e.Line, e.Column = e.Line+1, 1
		}
	}
	return e
}

type tokenKind uint8

const (
	tokEnd tokenKind = iota
	tokNumber
	tokName
	tokOperator // also brackets and the comma
)

// A token is a piece of text[from:to].
type token struct {
	kind     tokenKind
	from, to int
	value    float64
}

// A lexer cuts a formula into tokens.
type lexer struct {
	text string
	at   int
}

func (l *lexer) next() (token, *SyntaxError) {
	for l.at < len(l.text) {
		switch l.text[l.at] {
		case ' ', '\t', '\n', '\r':
			l.at++
			continue
		}
		break
	}
	from := l.at
	if from == len(l.text) {
		return token{kind: tokEnd, from: from, to: from}, nil
	}
	c := l.text[from]
	switch {
	case isDigit(c) || c == '.' && from+1 < len(l.text) && isDigit(l.text[from+1]):
		return l.number()
	case c == '_' || c >= utf8.RuneSelf || 'a' <= c|0x20 && c|0x20 <= 'z':
		if n := nameLength(l.text[from:]); n > 0 {
			l.at += n
			return token{kind: tokName, from: from, to: l.at}, nil
		}
	default:
		n := 1
		if from+1 < len(l.text) {
			switch l.text[from : from+2] {
			case "<=", ">=", "==", "!=", "&&", "||":
				n = 2
			}
		}
		switch s := l.text[from : from+n]; s {
		case "+", "-", "*", "/", "^", "(", ")", ",", "<", ">", "!", "<=", ">=", "==", "!=", "&&", "||":
			l.at += n
			return token{kind: tokOperator, from: from, to: l.at}, nil
		case "=", "&", "|":
			return token{}, syntaxError(l.text, from, "%q is no operator; write %q", s, s+s)
		}
	}
	r, _ := utf8.DecodeRuneInString(l.text[from:])
	return token{}, syntaxError(l.text, from, "%q has no meaning here", r)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// nameLength is the length of the name that s begins with: letters, digits and underscores, no digit first.
func nameLength(s string) int {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r) && !unicode.Is(unicode.M, r)) || r == utf8.RuneError {
			return i
		}
	}
	return len(s)
}

// IsName says whether s can be the name of a variable in a formula: letters, digits and underscores, no digit first, and none of true, false and inf.
func IsName(s string) bool {
	return s != "" && nameLength(s) == len(s) && s != "true" && s != "false" && s != "inf"
}

func (l *lexer) number() (token, *SyntaxError) {
	from, text := l.at, l.text
	digits := func() {
		for l.at < len(text) && isDigit(text[l.at]) {
			l.at++
		}
	}
	digits()
	if l.at < len(text) && text[l.at] == '.' {
		l.at++
		digits()
	}
	if l.at < len(text) && text[l.at]|0x20 == 'e' {
		mark := l.at
		l.at++
		if l.at < len(text) && (text[l.at] == '+' || text[l.at] == '-') {
			l.at++
		}
		if l.at == len(text) || !isDigit(text[l.at]) {
			return token{}, syntaxError(text, mark, "the exponent of a number has no digits")
		}
		digits()
	}
	if l.at < len(text) && (text[l.at] == '.' || nameLength(text[l.at:]) > 0) {
		return token{}, syntaxError(text, l.at, "a number is followed by %q; an operator is missing", clip(text[l.at:l.at+max(1, nameLength(text[l.at:]))]))
	}
	v, err := strconv.ParseFloat(text[from:l.at], 64)
	if err != nil {
		return token{}, syntaxError(text, from, "the number %s is too large", clip(text[from:l.at]))
	}
	return token{kind: tokNumber, from: from, to: l.at, value: v}, nil
}
