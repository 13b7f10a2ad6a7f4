package sens

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stiffnode/stiffnode/internal/testutil"
	"github.com/stiffnode/stiffnode/model"
	"github.com/stiffnode/stiffnode/nn"
	"github.com/stiffnode/stiffnode/ode"
)

// published is a network of Kim et al. (2021) with the data that it was trained on and the gradient of its loss, Eq. 14 averaged over
// all values with the residuals' signs fixed at the reference solution's, in long double arithmetic.
type published struct {
	prob  *ode.Problem
	p, y0 []float64
	times []float64
	signs []float64 // ∂L/∂y at every saved time
	want  []float64
	scale []float64
	t1    float64
}

func columnsOf(t testing.TB, path string) [][]float64 {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var rows [][]float64
	for s := bufio.NewScanner(f); s.Scan(); {
		var row []float64
		for _, w := range strings.Fields(s.Text()) {
			v, err := strconv.ParseFloat(w, 64)
			if err != nil {
				t.Fatal(err)
			}
			row = append(row, v)
		}
		rows = append(rows, row)
	}
	return rows
}

func loadPublished(t testing.TB, name string) *published {
	t.Helper()
	data := func(file string) [][]float64 {
		return columnsOf(t, testutil.Shared(t, "peers", "cvodes", "data", name+file))
	}
	raw, err := os.ReadFile(testutil.Shared(t, "reference", name+"_published_network.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Sizes  []int
		Layers []struct {
			W [][]float64
			B []float64
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	pub := &published{}
	last := len(file.Sizes) - 1
	// the reference gradient stores every weight matrix column by column
	ref, at := data("_gref.txt"), 0
	for _, l := range file.Layers {
		out, in := len(l.W), len(l.W[0])
		for r, row := range l.W {
			for c, w := range row {
				pub.p = append(pub.p, w)
				pub.want = append(pub.want, ref[at+c*out+r][0])
			}
		}
		at += out * in
		for r, b := range l.B {
			pub.p = append(pub.p, b)
			pub.want = append(pub.want, ref[at+r][0])
		}
		at += out
	}
	k := file.Sizes[0]
	cfg := model.ScaledConfig{Hidden: file.Sizes[1:last], Activation: nn.GELU, Input: model.NewInput(model.InputNone, make([]float64, k), make([]float64, k), 0)}
	for i, row := range data("_ysc.txt") {
		cfg.YScale = append(cfg.YScale, row[0])
		cfg.States = append(cfg.States, model.State{Name: "y" + strconv.Itoa(i+1), Role: model.Learned})
	}
	pub.scale = cfg.YScale
	obs, own := data("_ref.txt"), data("_noderef.txt")
	pub.y0 = make([]float64, k)
	for o, row := range obs {
		pub.times = append(pub.times, row[0])
		for i := range k {
			sign := 0.0
			if d := own[o][i+1] - row[i+1]; d != 0 {
				sign = math.Copysign(1, d)
			}
			pub.signs = append(pub.signs, sign/(cfg.YScale[i]*float64(k*len(obs))))
		}
	}
	if name == "rober" {
		pub.y0[0], cfg.TScale = 1, 1e5
	} else {
		copy(pub.y0, obs[0][1:])
		cfg.TScale = 60
	}
	pub.t1 = pub.times[len(pub.times)-1]
	s, err := model.NewScaled(cfg)
	if err != nil {
		t.Fatal(err)
	}
	pub.prob = s.Problem()
	return pub
}

func (pub *published) options(m ode.Method, rtol float64) ode.Options {
	atol := make([]float64, len(pub.scale))
	for i, s := range pub.scale {
		atol[i] = 1e-3 * rtol * s
	}
	return ode.Options{Method: m, RTol: rtol, ATol: atol}
}

// gradientError is the relative L2 error of a method's gradient against the reference.
func (pub *published) gradientError(t testing.TB, m ode.Method, method Method, rtol float64) (float64, Gradient) {
	t.Helper()
	ev, err := method.New(Setup{Problem: pub.prob, Options: pub.options(m, rtol)})
	if err != nil {
		t.Fatal(err)
	}
	var g Gradient
	if err := ev.Gradient(context.Background(), &g, pub.p, pub.y0, 0, pub.t1, pub.times, linear(pub.signs)); err != nil {
		t.Error(err)
		return math.Inf(1), g
	}
	return relL2(g.Params, pub.want), g
}

// The discrete adjoint of Radau reaches the accuracies that are expected of it on the published networks.
func TestPublishedNetworks(t *testing.T) {
	for name, limits := range map[string][3]float64{"rober": {1e-2, 3e-4, 5e-5}, "pollu": {1e-3, 1e-6, 1e-7}} {
		t.Run(name, func(t *testing.T) {
			pub := loadPublished(t, name)
			for i, rtol := range []float64{1e-3, 1e-6, 1e-8} {
				if e, g := pub.gradientError(t, ode.Radau, DiscreteReverse{}, rtol); !(e <= limits[i]) {
					t.Errorf("rtol %g: error %.2g, wanted %.2g; %s", rtol, e, limits[i], g.Forward.String())
				} else {
					t.Logf("rtol %g: error %.2g; %s", rtol, e, g.Forward.String())
				}
			}
		})
	}
}

// Every other method reaches 1e-6 at some setting.
func TestPublishedNetworksByEveryMethod(t *testing.T) {
	if os.Getenv("STIFFNODE_TEST") != "long" {
		t.Skip("set STIFFNODE_TEST=long for the table of all methods")
	}
	for _, name := range []string{"rober", "pollu"} {
		pub := loadPublished(t, name)
		for _, m := range []ode.Method{ode.Radau, ode.Rodas5P, ode.KenCarp4, ode.KenCarp5, ode.BDF} {
			for _, method := range gradientMethods() {
				if _, ok := method.(InterpolatingAdjoint); ok || !fits(m, method) {
					continue
				}
				line, reached := "", false
				for rtol := 1e-3; rtol > 1e-14 && !reached; rtol /= 10 {
					start := time.Now()
					e, g := pub.gradientError(t, m, method, rtol)
					line += fmt.Sprintf(" %.0e: %.1e (%.3g ms, %d+%d)", rtol, e, time.Since(start).Seconds()*1e3, g.Forward.Steps, g.Reverse.Steps)
					reached = e <= 1e-6
				}
				t.Logf("%s %s %s:%s", name, m.Info().Name, method.Info().Name, line)
				if !reached {
					t.Errorf("%s %s %s never reaches 1e-6", name, m.Info().Name, method.Info().Name)
				}
			}
		}
	}
}

func BenchmarkGradient(b *testing.B) {
	for _, name := range []string{"rober", "pollu"} {
		pub := loadPublished(b, name)
		for _, m := range []ode.Method{ode.Rosenbrock23, ode.AutoTsit5Rosenbrock23} {
			opt := pub.options(m, 1e-4)
			b.Run(name+"/"+m.Info().Name+"/solve", func(b *testing.B) {
				opt := opt
				opt.SaveAt = pub.times
				s, err := ode.NewSolver(pub.prob, opt)
				if err != nil {
					b.Fatal(err)
				}
				s.Field().(ode.ParamField).Bind(pub.p)
				for b.Loop() {
					if _, err := s.Solve(context.Background(), 0, pub.t1, pub.y0); err != nil {
						b.Fatal(err)
					}
				}
			})
			for _, method := range []Method{DiscreteReverse{}, DiscreteForward{Workers: 1}} {
				b.Run(name+"/"+m.Info().Name+"/"+method.Info().Name, func(b *testing.B) {
					ev, err := method.New(Setup{Problem: pub.prob, Options: opt})
					if err != nil {
						b.Fatal(err)
					}
					var g Gradient
					loss := linear(pub.signs)
					for b.Loop() {
						if err := ev.Gradient(context.Background(), &g, pub.p, pub.y0, 0, pub.t1, pub.times, loss); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(float64(g.Forward.Steps), "steps")
				})
			}
		}
	}
}
