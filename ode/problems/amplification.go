package problems

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// The amplification and the sizes of the states of every trial, as stiffnode bench accuracy --amplification computes them.
//
//go:embed amplification.csv
var amplificationFile string

type amplification struct {
	kappa float64
	size  []float64
}

// amplifications reads the file once. It is part of the program, so a mistake in it is a bug.
var amplifications = sync.OnceValue(func() map[string]amplification {
	out := map[string]amplification{}
	for i, line := range strings.Split(amplificationFile, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(line, ",")
		var v []float64
		for _, c := range cells[1:] {
			x, err := strconv.ParseFloat(c, 64)
			if err != nil {
				panic(fmt.Sprintf("amplification.csv:%d: %v", i+1, err))
			}
			v = append(v, x)
		}
		out[cells[0]] = amplification{v[0], v[1:]}
	}
	return out
})
