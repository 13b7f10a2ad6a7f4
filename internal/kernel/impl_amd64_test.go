//go:build amd64 && !purego

package kernel

// impls are the implementations that can run here.
func impls() []string {
	if useAVX2 {
		return []string{"asm", "go"}
	}
	return []string{"go"}
}

// useImpl switches to an implementation and returns what switches back.
func useImpl(impl string) (restore func()) {
	was := useAVX2
	useAVX2 = impl == "asm"
	return func() { useAVX2 = was }
}
