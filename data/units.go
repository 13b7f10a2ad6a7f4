package data

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Unit is a product of powers of base units with a factor: a number x in this unit is Factor·x + Offset in base units. The base
// units are kilogram, metre, second, mole, kelvin and ampere (the SI without the candela).
type Unit struct {
	Factor, Offset float64
	powers         [6]int
}

const (
	kilogram = iota
	metre
	second
	mole
	kelvin
	ampere
)

func unit(factor float64, powers ...int) Unit {
	u := Unit{Factor: factor}
	for i := 0; i+1 < len(powers); i += 2 {
		u.powers[powers[i]] = powers[i+1]
	}
	return u
}

const avogadro = 6.02214076e23 // 1/mol, exact: the SI brochure, 9th edition (2019)

// Units by symbol. Those in prefixed take the prefixes of the SI, the others none.
var (
	prefixed = map[string]Unit{
		"s": unit(1, second, 1), "g": unit(1e-3, kilogram, 1), "m": unit(1, metre, 1), "mol": unit(1, mole, 1), "K": unit(1, kelvin, 1), "A": unit(1, ampere, 1),
		"M": unit(1e3, mole, 1, metre, -3), "L": unit(1e-3, metre, 3), "l": unit(1e-3, metre, 3), "Hz": unit(1, second, -1),
		"N": unit(1, kilogram, 1, metre, 1, second, -2), "Pa": unit(1, kilogram, 1, metre, -1, second, -2), "bar": unit(1e5, kilogram, 1, metre, -1, second, -2),
		"J": unit(1, kilogram, 1, metre, 2, second, -2), "W": unit(1, kilogram, 1, metre, 2, second, -3), "cal": unit(4.184, kilogram, 1, metre, 2, second, -2),
		"eV": unit(1.602176634e-19, kilogram, 1, metre, 2, second, -2), "V": unit(1, kilogram, 1, metre, 2, second, -3, ampere, -1),
	}
	plainUnits = map[string]Unit{
		"min": unit(60, second, 1), "h": unit(3600, second, 1), "d": unit(86400, second, 1),
		"°C": {Factor: 1, Offset: 273.15, powers: [6]int{kelvin: 1}}, "°F": {Factor: 5.0 / 9, Offset: 459.67 * 5 / 9, powers: [6]int{kelvin: 1}},
		"%": unit(0.01), "ppm": unit(1e-6), "ppb": unit(1e-9), "1": unit(1),
		"atm": unit(101325, kilogram, 1, metre, -1, second, -2), "torr": unit(101325.0/760, kilogram, 1, metre, -1, second, -2),
		"molecule": unit(1/avogadro, mole, 1),
	}
	prefixes = map[string]float64{
		"f": 1e-15, "p": 1e-12, "n": 1e-9, "µ": 1e-6, "u": 1e-6, "m": 1e-3, "c": 1e-2, "d": 1e-1, "h": 1e2, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,
	}
	// unitWords are other spellings, in small letters.
	unitWords = map[string]string{
		"sec": "s", "secs": "s", "second": "s", "seconds": "s", "sekunde": "s", "sekunden": "s", "seconde": "s", "secondes": "s", "segundos": "s",
		"msec": "ms", "millisecond": "ms", "milliseconds": "ms", "usec": "µs", "microsecond": "µs", "microseconds": "µs", "nanosecond": "ns", "nanoseconds": "ns",
		"mins": "min", "minute": "min", "minutes": "min", "minuten": "min", "minutos": "min",
		"hr": "h", "hrs": "h", "hour": "h", "hours": "h", "stunde": "h", "stunden": "h", "std": "h", "heure": "h", "heures": "h", "horas": "h",
		"day": "d", "days": "d", "tag": "d", "tage": "d", "jour": "d", "jours": "d", "dias": "d",
		"degc": "°C", "deg c": "°C", "deg_c": "°C", "celsius": "°C", "℃": "°C", "degf": "°F", "fahrenheit": "°F", "kelvin": "K",
		"percent": "%", "-": "1", "–": "1", "dimensionless": "1", "liter": "L", "litre": "L", "molar": "M", "mole": "mol", "moles": "mol",
		"molec": "molecule", "molecules": "molecule", "gram": "g", "grams": "g", "pascal": "Pa", "volt": "V", "volts": "V", "mmhg": "torr",
	}
)

// ParseUnit reads a unit as people write it: "s", "min", "mol/L", "mmol·L^-1", "mol m⁻³", "mg/(L h)", "°C". What could mean
// two things, as "J/mol K", is an error, as is a symbol that is not known.
func ParseUnit(s string) (Unit, error) {
	text := cleanName(s)
	if u, ok := symbol(text); ok {
		return u, nil
	}
	p := unitParser{rest: text}
	u, err := p.product(0)
	switch {
	case err == nil && p.rest != "":
		err = fmt.Errorf("%s is left over", quote(p.rest))
	case err == nil && !(u.Factor > 0 && u.Factor <= math.MaxFloat64):
		err = fmt.Errorf("its size has no number")
	}
	if err != nil {
		return Unit{}, &Error{Msg: fmt.Sprintf("%s is not a unit that is known: %v", quote(s), err), Remedy: "write it with symbols of the SI, such as mol/L or mmol/(L s)"}
	}
	return u, nil
}

// symbol is a single unit, with or without a prefix, or the word for one.
func symbol(s string) (Unit, bool) {
	s = strings.NewReplacer("μ", "µ", "º", "°").Replace(s)
	if word, ok := unitWords[strings.ToLower(s)]; ok {
		s = word
	}
	if u, ok := plainUnits[s]; ok {
		return u, true
	}
	if u, ok := prefixed[s]; ok {
		return u, true
	}
	for p, f := range prefixes {
		if rest, ok := strings.CutPrefix(s, p); ok {
			if u, ok := prefixed[rest]; ok {
				u.Factor *= f
				return u, true
			}
		}
	}
	return Unit{}, false
}

// unitParser reads products, quotients and whole powers.
type unitParser struct{ rest string }

// product reads factors until the end, or the bracket that closes this one. After a quotient without brackets a further product has two meanings.
func (p *unitParser) product(depth int) (Unit, error) {
	const deepest = 8
	if depth > deepest {
		return Unit{}, fmt.Errorf("too many brackets")
	}
	out, sign, divided, first := unit(1), 1, false, true
	for {
		u, err := p.factor(depth)
		if err != nil {
			return out, err
		}
		if u.Offset != 0 {
			return out, fmt.Errorf("a temperature with another zero is no part of a product")
		}
		out.Factor *= math.Pow(u.Factor, float64(sign))
		for i := range out.powers {
			out.powers[i] += sign * u.powers[i]
		}
		if !first && sign > 0 && divided {
			return out, fmt.Errorf("it is not clear what belongs below the line")
		}
		first = false
		blank := strings.HasPrefix(p.rest, " ")
		p.rest = strings.TrimLeft(p.rest, " ")
		if p.rest == "" || p.rest[0] == ')' {
			return out, nil
		}
		sign = 1
		r := []rune(p.rest)[0]
		switch {
		case r == '/':
			sign, divided = -1, true
			p.rest = strings.TrimLeft(p.rest[1:], " ")
		case strings.ContainsRune("*·⋅.", r):
			p.rest = strings.TrimLeft(p.rest[len(string(r)):], " ")
		case !blank:
			return out, fmt.Errorf("%s is not expected", quote(p.rest))
		}
	}
}

func (p *unitParser) factor(depth int) (Unit, error) {
	if rest, ok := strings.CutPrefix(p.rest, "("); ok {
		p.rest = rest
		u, err := p.product(depth + 1)
		if err == nil && !strings.HasPrefix(p.rest, ")") {
			err = fmt.Errorf("a bracket is not closed")
		}
		if err != nil {
			return u, err
		}
		p.rest = p.rest[1:]
		return u, nil
	}
	end := strings.IndexFunc(p.rest, func(r rune) bool {
		return strings.ContainsRune(" /*·⋅.^()-+⁻⁰¹²³⁴⁵⁶⁷⁸⁹", r) || '0' <= r && r <= '9'
	})
	if end < 0 {
		end = len(p.rest)
	}
	if end == 0 && strings.HasPrefix(p.rest, "1") { // as in 1/s
		end = 1
	}
	name := p.rest[:end]
	u, ok := symbol(name)
	if !ok {
		return u, fmt.Errorf("%s has no meaning here", quote(name))
	}
	p.rest = p.rest[end:]
	power, err := p.power()
	if err != nil || power == 1 {
		return u, err
	}
	if u.Offset != 0 {
		return u, fmt.Errorf("a temperature with another zero has no powers")
	}
	u.Factor = math.Pow(u.Factor, float64(power))
	for i := range u.powers {
		u.powers[i] *= power
	}
	return u, nil
}

// power reads ^-3, **2, -1, 3 or ⁻³.
func (p *unitParser) power() (int, error) {
	text := strings.TrimPrefix(strings.TrimPrefix(p.rest, "**"), "^")
	digits := []byte{}
	superscripts := []rune("⁰¹²³⁴⁵⁶⁷⁸⁹")
	used := len(p.rest) - len(text)
	for i, r := range text {
		switch k := slices.Index(superscripts, r); {
		case k >= 0:
			digits = append(digits, byte('0'+k))
		case r == '⁻' || r == '-':
			digits = append(digits, '-')
		case '0' <= r && r <= '9':
			digits = append(digits, byte(r))
		default:
			text = text[:i]
		}
		if len(text) == i {
			break
		}
		used += len(string(r))
	}
	if len(digits) == 0 {
		if used > 0 {
			return 0, fmt.Errorf("a power is missing")
		}
		return 1, nil
	}
	n, err := strconv.Atoi(string(digits))
	if err != nil || n == 0 || n > 9 || n < -9 {
		return 0, fmt.Errorf("%s is no power", quote(string(digits)))
	}
	p.rest = p.rest[used:]
	return n, nil
}

// SameKind says whether numbers in one unit can be converted to the other.
func (u Unit) SameKind(v Unit) bool { return u.powers == v.powers }

// IsTime says whether the unit measures a time.
func (u Unit) IsTime() bool { return u.powers == [6]int{second: 1} }

// A Conversion turns a number x in one unit into Multiplier·x/Divisor + Offset in another. One of the two factors is 1 where that is exact, so
// that 9 µM are 0.009 mM to the last digit.
type Conversion struct{ Multiplier, Divisor, Offset float64 }

// Same says that nothing changes.
func (c Conversion) Same() bool { return c == Conversion{1, 1, 0} }

// Of converts a number.
func (c Conversion) Of(x float64) float64 { return c.Multiplier*x/c.Divisor + c.Offset }

// Convert returns the conversion between two units. A unit that is not given ("") is taken to be the other one, and units that are written
// alike need not be known. What cannot be converted is an *Error.
func Convert(from, to string) (Conversion, error) {
	same := Conversion{1, 1, 0}
	if from == "" || to == "" || cleanName(from) == cleanName(to) {
		return same, nil
	}
	u, err := ParseUnit(from)
	v, err2 := ParseUnit(to)
	if err == nil {
		err = err2
	}
	if err != nil {
		return same, &Error{Msg: fmt.Sprintf("%s cannot be converted to %s: %v", quote(from), quote(to), err.(*Error).Msg), Remedy: "write both in the same unit", Err: err}
	}
	if !u.SameKind(v) {
		return same, &Error{Msg: fmt.Sprintf("%s and %s measure different things", quote(from), quote(to)), Remedy: "check the units"}
	}
	c := ratio(u.Factor, v.Factor)
	c.Offset = (u.Offset - v.Offset) / v.Factor
	return c, nil
}

// ratio is a/b, with whole numbers where it, or its inverse, is one but for roundoff: 60, not 60.00000000000001.
func ratio(a, b float64) Conversion {
	const roundoff = 1e-13
	whole := func(x float64) bool { return x >= 1 && x < 1e15 && math.Abs(x-math.Round(x)) <= roundoff*x }
	switch {
	case whole(a / b):
		return Conversion{math.Round(a / b), 1, 0}
	case whole(b / a):
		return Conversion{1, math.Round(b / a), 0}
	}
	return Conversion{a, b, 0}
}
