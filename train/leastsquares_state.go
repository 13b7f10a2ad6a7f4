package train

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"slices"
)

// leastSquaresState is what a checkpoint holds.
type leastSquaresState struct {
	Now, Races, RaceEpochs, Failed int
	Racers                         []racerState
	Best                           []float64
	BestLevel                      int
	BestLoss, BestMAE              float64
	Over                           bool
	Rough                          []float64
	RoughLoss                      float64
}

type racerState struct {
	Stage, Level, Lost int
	Loss, MAE, Polish  float64
	Trail              []float64
	Done, Broken       bool
	Method             []byte
}

func (l *leastSquares) saveRacers() ([]racerState, error) {
	var out []racerState
	for _, r := range l.racers {
		b, err := r.lm.MarshalBinary()
		if err != nil {
			return nil, err
		}
		out = append(out, racerState{r.stage, r.level, r.lost, r.loss, r.mae, r.polish, slices.Clone(r.trail), r.done, r.broken, b})
	}
	return out, nil
}

func (l *leastSquares) restoreRacers(states []racerState) error {
	var racers []*racer
	for _, s := range states {
		if s.Stage < 0 || s.Stage >= len(l.stages) {
			return fmt.Errorf("stage number %d of %d", s.Stage, len(l.stages))
		}
		if s.Level < 0 || s.Level >= len(l.tolerances) {
			return fmt.Errorf("tolerance number %d of %d", s.Level, len(l.tolerances))
		}
		r, err := l.newRacer(make([]float64, l.t.total), s.Stage)
		if err != nil {
			return err
		}
		if err := r.s.setTolerance(l.tolerances[s.Level]); err != nil {
			return err
		}
		if s.Polish > 0 {
			if err := r.setPolish(l, s.Polish); err != nil {
				return err
			}
		}
		if err := r.lm.UnmarshalBinary(s.Method); err != nil {
			return err
		}
		r.level, r.lost, r.trail, r.done = s.Level, s.Lost, s.Trail, s.Done
		r.loss, r.mae, r.broken = s.Loss, s.MAE, s.Broken
		racers = append(racers, r)
	}
	l.racers = racers
	return nil
}

// MarshalBinary implements recipe.
func (l *leastSquares) MarshalBinary() ([]byte, error) {
	racers, err := l.saveRacers()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = gob.NewEncoder(&b).Encode(leastSquaresState{
		Now: l.now, Races: l.races, RaceEpochs: l.raceEpochs, Failed: l.failed, Racers: racers,
		Best: l.best, BestLoss: l.bestLoss, BestMAE: l.bestMAE, BestLevel: l.bestLevel, Over: l.over, Rough: l.rough, RoughLoss: l.roughLoss,
	})
	return b.Bytes(), err
}

// UnmarshalBinary implements recipe.
func (l *leastSquares) UnmarshalBinary(raw []byte) error {
	var s leastSquaresState
	if err := gob.NewDecoder(bytes.NewReader(raw)).Decode(&s); err != nil {
		return err
	}
	if len(s.Best) != l.t.total || s.Now < 0 {
		return fmt.Errorf("%d parameters in epoch %d where the model has %d", len(s.Best), s.Now, l.t.total)
	}
	if err := l.restoreRacers(s.Racers); err != nil {
		return err
	}
	l.now, l.races, l.raceEpochs, l.failed = s.Now, s.Races, s.RaceEpochs, s.Failed
	l.best, l.bestLoss, l.bestMAE, l.bestLevel, l.over = s.Best, s.BestLoss, s.BestMAE, s.BestLevel, s.Over
	if l.rough = nil; len(s.Rough) == l.t.total {
		l.rough, l.roughLoss = s.Rough, s.RoughLoss
	}
	return nil
}
