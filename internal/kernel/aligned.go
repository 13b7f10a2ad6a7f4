package kernel

import "unsafe"

// lineNumbers is how many float64 a cache line holds, and the widest register.
const lineNumbers = 8

// onLine is n rounded up to whole cache lines.
func onLine(n int) int { return (n + lineNumbers - 1) &^ (lineNumbers - 1) }

// aligned is a slice that begins at a cache line: a register stored across two lines is slow to be read back.
func aligned(n int) []float64 {
	s := make([]float64, n+lineNumbers-1)
	past := int(uintptr(unsafe.Pointer(unsafe.SliceData(s)))/unsafe.Sizeof(s[0])) % lineNumbers
	from := (lineNumbers - past) % lineNumbers
	return s[from : from+n : from+n]
}
