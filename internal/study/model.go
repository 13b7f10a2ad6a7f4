package study

import (
	"context"

	"github.com/stiffnode/stiffnode/data"
	"github.com/stiffnode/stiffnode/train"
)

// Result is what the recipe has made of a seed after the given number of epochs, with the recipe's data.
func (r *Recipe) Result(ctx context.Context, seed uint64, epochs int) (*train.Result, *data.Set, error) {
	cfg, set, err := r.Load()
	if err != nil {
		return nil, nil, err
	}
	cfg.Train.Seed, cfg.Train.Epochs = seed, epochs
	t, err := train.New(cfg, set)
	if err != nil {
		return nil, nil, err
	}
	defer t.Close()
	res, err := t.Run(ctx)
	if err != nil {
		return nil, nil, err
	}
	return res, set, nil
}
