//go:build !amd64 || purego

package kernel

func impls() []string { return []string{"go"} }

func useImpl(string) (restore func()) { return func() {} }
