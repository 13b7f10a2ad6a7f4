//go:build !amd64 || purego

package kernel

// Instructions are the sets of vector instructions that the kernels can use: none here but the plain Go twin.
func Instructions() []string { return []string{"go"} }

// UseInstructions makes the kernels use one of Instructions and returns what switches back.
func UseInstructions(string) (restore func()) { return func() {} }
