//go:build amd64 && !purego

package kernel

// Instructions are the sets of vector instructions that the kernels can use on this processor, the fastest first and the plain Go twin, "go",
// last. The first is in use.
func Instructions() []string {
	list := []string{"go"}
	if useAVX2 {
		list = append([]string{"avx2"}, list...)
	}
	if useAVX512 {
		list = append([]string{"avx512"}, list...)
	}
	return list
}

// UseInstructions makes the kernels use one of Instructions and returns what switches back. It is for comparisons: nothing may compute
// meanwhile, and what was made before keeps the layout of its instructions.
func UseInstructions(name string) (restore func()) {
	two, wide := useAVX2, useAVX512
	useAVX2, useAVX512 = name != "go", name == "avx512"
	return func() { useAVX2, useAVX512 = two, wide }
}
