package kernel

// impls are the implementations that can run here, the twin in Go last.
func impls() []string { return Instructions() }

func useImpl(impl string) (restore func()) { return UseInstructions(impl) }
