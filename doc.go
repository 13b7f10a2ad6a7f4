// Package stiffnode learns stiff dynamics from time series: it returns a neural ordinary differential equation that reproduces them. Most
// programs need no more than this:
//
//	res, err := stiffnode.Train(ctx, stiffnode.Options{}, "reactor.csv")
//	err = res.Model.Save("reactor.safetensors")
//
//	m, err := stiffnode.Load("reactor.safetensors")
//	rows, err := m.Predict(ctx, []float64{1, 0, 0}, []float64{0, 1, 10, 100})
//
// Behind it are packages that stand on their own: ode solves initial value problems, stiff and differential-algebraic ones too; sens
// differentiates through them; nn evaluates networks; model, data, train and optim put these together.
//
// The method is that of Kim, Ji, Deng, Ma and Rackauckas, "Stiff neural ordinary differential equations", Chaos 31, 093122 (2021).
package stiffnode
