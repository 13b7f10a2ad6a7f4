package train

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/stiffnode/stiffnode/internal/names"
)

// The library reads TOML but stops at the first value of a wrong type and does not say where the others are. People want to
// hear everything at once, so the values are taken from its generic tables and assigned here, and the lines from its syntax tree.

// field is one key of the configuration.
type field struct {
	key, comment string
	value        reflect.Value
}

// fields lists the keys in the order of the file.
func (c *Config) fields() []field {
	var out []field
	root := reflect.ValueOf(c).Elem()
	for i := range root.NumField() {
		section := root.Type().Field(i).Tag.Get("toml")
		for j := range root.Field(i).NumField() {
			f := root.Field(i).Type().Field(j)
			out = append(out, field{section + "." + f.Tag.Get("toml"), f.Tag.Get("comment"), root.Field(i).Field(j)})
		}
	}
	return out
}

// LoadConfig reads a configuration file over the defaults. Data files are relative to its folder. The error is a *ConfigError,
// or that of opening the file.
func LoadConfig(path string) (*Config, error) {
	text, err := readConfig(path)
	if err != nil {
		return nil, err
	}
	c := Default()
	if err := c.Merge(path, text); err != nil {
		return nil, err
	}
	for i, f := range c.Data.Files {
		if !filepath.IsAbs(f) {
			c.Data.Files[i] = filepath.Join(filepath.Dir(path), f)
		}
	}
	return c, nil
}

// readConfig reads a file, but no more than a configuration can have: a device never ends.
func readConfig(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	const most = 1 << 20
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && len(text) > most {
		err = &ConfigError{File: path, Problems: []ConfigProblem{{Msg: fmt.Sprintf("there are more than %d bytes: this is no configuration", most)}}}
	}
	return text, err
}

// Merge takes over the values in a TOML text and leaves the others as they are; name stands for the text in messages. On an error, a
// *ConfigError that lists all that is wrong, the configuration may have been changed in part.
func (c *Config) Merge(name string, text []byte) error {
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // some editors put a byte-order mark there
	var tables map[string]any
	if err := toml.Unmarshal(text, &tables); err != nil {
		e := &ConfigError{File: name}
		var d *toml.DecodeError
		if errors.As(err, &d) {
			line, column := d.Position()
			e.Problems = []ConfigProblem{{Line: line, Msg: fmt.Sprintf("column %d: this is not TOML: %s", column, strings.TrimPrefix(d.Error(), "toml: "))}}
		} else {
			e.Problems = []ConfigProblem{{Msg: "this is not TOML: " + strings.TrimPrefix(err.Error(), "toml: ")}}
		}
		return e
	}
	lines := keyLines(text)
	var problems []ConfigProblem
	bad := func(key, format string, args ...any) {
		problems = append(problems, ConfigProblem{Line: lines[key], Key: key, Msg: fmt.Sprintf(format, args...)})
	}
	byKey := map[string]field{}
	sections, keys := []string{}, map[string][]string{}
	for _, f := range c.fields() {
		byKey[f.key] = f
		s, k, _ := strings.Cut(f.key, ".")
		if !slices.Contains(sections, s) {
			sections = append(sections, s)
		}
		keys[s] = append(keys[s], k)
	}
	wrong := map[string]bool{}
	for section, content := range tables {
		table, isTable := content.(map[string]any)
		switch {
		case keys[section] == nil:
			bad(section, "%s", unknownSection(section, isTable, sections, keys))
			continue
		case !isTable:
			bad(section, "is a section: write [%s] above its keys", section)
			continue
		}
		for k, v := range table {
			key := section + "." + k
			f, ok := byKey[key]
			if !ok {
				bad(key, "%s", unknownKey(k, section, keys))
				continue
			}
			if want := assign(f.value, v); want != "" {
				bad(key, "is %s; it must be %s", describe(v), want)
				wrong[key] = true
			}
		}
	}
	for _, p := range c.problems() {
		if !wrong[p.Key] {
			p.Line = lines[p.Key]
			problems = append(problems, p)
		}
	}
	if len(problems) == 0 {
		return nil
	}
	slices.SortStableFunc(problems, func(a, b ConfigProblem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return strings.Compare(a.Key, b.Key)
	})
	return &ConfigError{File: name, Problems: problems}
}

// Set changes one value, as given on a command line: "solver.rtol=1e-5". Text needs no quotes.
func (c *Config) Set(assignment string) error {
	key, value, ok := strings.Cut(assignment, "=")
	if !ok {
		return &ConfigError{File: "--set " + assignment, Problems: []ConfigProblem{{Msg: "write KEY=VALUE, such as solver.rtol=1e-5"}}}
	}
	text := strings.TrimSpace(key) + " = " + strings.TrimSpace(value)
	var probe map[string]any
	if toml.Unmarshal([]byte(text), &probe) != nil {
		text = strings.TrimSpace(key) + " = " + strconv.Quote(strings.TrimSpace(value))
	}
	err := c.Merge("--set "+assignment, []byte(text))
	var e *ConfigError
	if errors.As(err, &e) {
		for i := range e.Problems {
			e.Problems[i].Line = 0
		}
	}
	return err
}

func unknownSection(name string, isTable bool, sections []string, keys map[string][]string) string {
	if !isTable {
		for _, s := range sections {
			if slices.Contains(keys[s], name) {
				return fmt.Sprintf("belongs into the section [%s]", s)
			}
		}
	}
	if near, ok := names.Nearest(name, sections); ok {
		return fmt.Sprintf("there is no such section; did you mean [%s]?", near)
	}
	return "there is no such section; there are " + strings.Join(sections, ", ")
}

func unknownKey(name, section string, keys map[string][]string) string {
	if near, ok := names.Nearest(name, keys[section]); ok {
		return fmt.Sprintf("there is no such key; did you mean %s?", near)
	}
	for s, k := range keys {
		if slices.Contains(k, name) {
			return fmt.Sprintf("there is no such key here; it belongs into the section [%s]", s)
		}
	}
	return fmt.Sprintf("there is no such key; [%s] has %s", section, strings.Join(keys[section], ", "))
}

// assign sets a key from what TOML gave and returns "", or says what would be right.
func assign(to reflect.Value, v any) (want string) {
	switch to.Kind() {
	case reflect.String:
		if s, ok := v.(string); ok {
			to.SetString(s)
			return ""
		}
		return "text in quotes"
	case reflect.Bool:
		if b, ok := v.(bool); ok {
			to.SetBool(b)
			return ""
		}
		return "true or false"
	case reflect.Float64:
		switch x := v.(type) {
		case float64:
			to.SetFloat(x)
			return ""
		case int64:
			to.SetFloat(float64(x))
			return ""
		}
		return "a number"
	case reflect.Int, reflect.Uint64:
		x, ok := v.(int64)
		if f, isFloat := v.(float64); isFloat && f == math.Trunc(f) && math.Abs(f) < 1e15 { // 5e4 is a whole number
			x, ok = int64(f), true
		}
		if !ok {
			return "a whole number"
		}
		if to.Kind() == reflect.Int {
			to.SetInt(x)
			return ""
		}
		if x < 0 {
			return "a whole number that is not negative"
		}
		to.SetUint(uint64(x))
		return ""
	case reflect.Slice:
		items, ok := v.([]any)
		if !ok {
			items = []any{v} // one value stands for a list of one
		}
		out := reflect.MakeSlice(to.Type(), len(items), len(items))
		for i, item := range items {
			if want := assign(out.Index(i), item); want != "" {
				return "a list in brackets, each item " + want
			}
		}
		to.Set(out)
		return ""
	}
	return "something else"
}

// describe words a value of a wrong type.
func describe(v any) string {
	switch x := v.(type) {
	case string:
		return strconv.Quote(x)
	case map[string]any:
		return "a table"
	case []any:
		return "a list"
	}
	return fmt.Sprint(v)
}

// keyLines finds the line of every section and key, named by its path.
func keyLines(text []byte) map[string]int {
	lines := map[string]int{}
	var p unstable.Parser
	p.Reset(text)
	prefix := ""
	path := func(key unstable.Iterator, base string) (string, int) {
		line := 0
		for key.Next() {
			n := key.Node()
			if line == 0 {
				line = p.Shape(n.Raw).Start.Line
			}
			if base != "" {
				base += "."
			}
			base += string(n.Data)
		}
		return base, line
	}
	note := func(name string, line int) {
		for { // the line of a.b is a place for a too, unless there is one
			if _, ok := lines[name]; !ok {
				lines[name] = line
			}
			i := strings.LastIndexByte(name, '.')
			if i < 0 {
				return
			}
			name = name[:i]
		}
	}
	for p.NextExpression() {
		e := p.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			name, line := path(e.Key(), "")
			prefix = name
			note(name, line)
		case unstable.KeyValue:
			name, line := path(e.Key(), prefix)
			note(name, line)
			if v := e.Value(); v.Kind == unstable.InlineTable {
				for children := v.Children(); children.Next(); {
					inner, line := path(children.Node().Key(), name)
					note(inner, line)
				}
			}
		}
	}
	return lines
}

// WriteTOML writes the complete configuration, with an explanation of every key whose name does not say it.
func (c *Config) WriteTOML(w io.Writer) error {
	var b strings.Builder
	section := ""
	for _, f := range c.fields() {
		s, k, _ := strings.Cut(f.key, ".")
		if s != section {
			if section != "" {
				b.WriteByte('\n')
			}
			fmt.Fprintf(&b, "[%s]\n", s)
			section = s
		}
		line := k + " = " + literal(f.value)
		if f.comment != "" {
			line = fmt.Sprintf("%-36s # %s", line, f.comment)
		}
		b.WriteString(line + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// literal is a value as TOML writes it; floating-point numbers have the fewest digits that identify them.
func literal(v reflect.Value) string {
	switch v.Kind() {
	case reflect.String:
		return quoteTOML(v.String())
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case reflect.Float64:
		s := strconv.FormatFloat(v.Float(), 'g', -1, 64)
		if !strings.ContainsAny(s, ".en") {
			s += ".0"
		}
		return s
	case reflect.Slice:
		items := make([]string, v.Len())
		for i := range items {
			items[i] = literal(v.Index(i))
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	return fmt.Sprint(v.Interface())
}

// quoteTOML is a basic string: what it escapes is less than Go does, and written differently.
func quoteTOML(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
