package problems

// largeTrials are the further problems with a reference solution.
func largeTrials() []*Trial {
	return []*Trial{
		newTrial(longRober()),
	}
}

// longRober is ROBER up to 4e10, where y1 = 5.2083e-8 and a small negative value of it grows without bound.
func longRober() *Problem {
	p := ROBER()
	p.Name, p.Title, p.T1 = "ROBER-4e10", "Robertson's autocatalytic reaction up to 4e10", 4e10
	p.Checks = []float64{4e10}
	return p
}
