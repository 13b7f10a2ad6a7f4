package bench

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/nn"
)

// A publishedNetwork is one of the networks that Kim et al. (2021) released, with the data that it was trained on and
// the gradient of its loss in long double arithmetic. It is read from a folder of reference material, which is not part of
// this module.
type publishedNetwork struct {
	gradientCase
	name  string
	scale []float64
	// hidden are the widths of the hidden layers; the right-hand side is the network's output times scale over tScale.
	hidden []int
	tScale float64
	// values are the data and solution the network's own trajectory, at the saved times.
	values, solution []float64
}

// References is the folder of reference material: the one asked for, the environment variable STIFFNODE_SHARED, or a folder named
// shared beside or above the working directory. It is empty where there is none.
func References(asked string) string {
	if asked != "" {
		return asked
	}
	if dir := os.Getenv("STIFFNODE_SHARED"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	for {
		path := filepath.Join(dir, "shared", "reference", "rober_published_network.json")
		if _, err := os.Stat(path); err == nil {
			return filepath.Join(dir, "shared")
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

func readColumns(path string) ([][]float64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var rows [][]float64
	s := bufio.NewScanner(f)
	for line := 1; s.Scan(); line++ {
		var row []float64
		for _, w := range strings.Fields(s.Text()) {
			v, err := strconv.ParseFloat(w, 64)
			if err != nil {
				return nil, fmt.Errorf("%s, line %d: %w", path, line, err)
			}
			row = append(row, v)
		}
		rows = append(rows, row)
	}
	return rows, s.Err()
}

// loadNetwork reads the published network called rober or pollu.
func loadNetwork(dir, name string) (*publishedNetwork, error) {
	raw, err := os.ReadFile(filepath.Join(dir, "reference", name+"_published_network.json"))
	if err != nil {
		return nil, err
	}
	var file struct {
		Sizes  []int
		Layers []struct {
			W [][]float64
			B []float64
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, err
	}
	tables := map[string][][]float64{}
	for _, part := range []string{"gref", "ysc", "ref", "noderef"} {
		if tables[part], err = readColumns(filepath.Join(dir, "peers", "cvodes", "data", name+"_"+part+".txt")); err != nil {
			return nil, err
		}
	}
	n := &publishedNetwork{name: name}
	// the reference gradient stores every weight matrix column by column, followed by the biases
	at := 0
	for _, l := range file.Layers {
		out, in := len(l.W), len(l.W[0])
		for r, row := range l.W {
			for c, w := range row {
				n.params = append(n.params, w)
				n.exact = append(n.exact, tables["gref"][at+c*out+r][0])
			}
		}
		at += out * in
		for r, b := range l.B {
			n.params = append(n.params, b)
			n.exact = append(n.exact, tables["gref"][at+r][0])
		}
		at += out
	}
	k, last := file.Sizes[0], len(file.Sizes)-1
	cfg := model.ScaledConfig{Hidden: file.Sizes[1:last], Activation: nn.GELU, Input: model.NewInput(model.InputNone, make([]float64, k), make([]float64, k), 0)}
	for i, row := range tables["ysc"] {
		cfg.YScale = append(cfg.YScale, row[0])
		cfg.States = append(cfg.States, model.State{Name: "y" + strconv.Itoa(i+1), Role: model.Learned})
	}
	n.scale, n.hidden = cfg.YScale, cfg.Hidden
	obs, own := tables["ref"], tables["noderef"]
	n.y0 = make([]float64, k)
	for o, row := range obs {
		n.times = append(n.times, row[0])
		n.values = append(n.values, row[1:k+1]...)
		n.solution = append(n.solution, own[o][1:k+1]...)
		for i := range k {
			sign := 0.0
			if d := own[o][i+1] - row[i+1]; d != 0 {
				sign = math.Copysign(1, d)
			}
			n.weights = append(n.weights, sign/(cfg.YScale[i]*float64(k*len(obs))))
		}
	}
	if name == "rober" {
		n.y0[0], cfg.TScale = 1, 1e5
	} else {
		copy(n.y0, obs[0][1:])
		cfg.TScale = 60
	}
	n.t1 = n.times[len(n.times)-1]
	n.tScale = cfg.TScale
	s, err := model.NewScaled(cfg)
	if err != nil {
		return nil, err
	}
	n.problem = s.Problem()
	n.atol = func(rtol float64) []float64 {
		atol := make([]float64, k)
		for i, s := range n.scale {
			atol[i] = 1e-3 * rtol * s
		}
		return atol
	}
	return n, nil
}
