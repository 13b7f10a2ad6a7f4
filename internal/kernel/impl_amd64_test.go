//go:build amd64 && !purego

package kernel

// impls are the implementations that can run here, the twin in Go last.
func impls() []string {
	list := []string{"go"}
	if useAVX2 {
		list = append([]string{"avx2"}, list...)
	}
	if useAVX512 {
		list = append([]string{"avx512"}, list...)
	}
	return list
}

// useImpl switches to an implementation and returns what switches back.
func useImpl(impl string) (restore func()) {
	two, wide := useAVX2, useAVX512
	useAVX2, useAVX512 = impl != "go", impl == "avx512"
	return func() { useAVX2, useAVX512 = two, wide }
}
