// Package paper reproduces what Kim, Ji, Deng, Ma, Rackauckas, "Stiff neural ordinary differential equations", Chaos 31, 093122
// (2021), shows: every figure and claim is an Entry that runs the experiment and compares each claim with what was measured in
// that run. Make runs entries, caches their results by configuration, and writes the figures, the data behind them and a report.
package paper
