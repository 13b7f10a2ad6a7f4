// Command gen writes the assembly of package kernel, for AVX2 with FMA and for AVX-512. It is a module of its own so that the library does not depend on the
// generator. Run it by `go generate` in the kernel's folder.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/mmcloughlin/avo/build"
)

var families = map[string]func(){
	"collocation": collocation,
	"columns":     columns,
	"denselanes":  denseLanes,
	"elementwise": elementwise,
	"inverse":     inverses,
	"lanes":       lanes,
	"multistep":   multistep,
	"network":     network,
	"panel":       panels,
	"solve":       solves,
	"stage":       stages,
	"sparse":      sparse,
	"steps":       steps,
	"tape":        tapes,
	"vector":      vectors,
}

func main() {
	family := flag.String("family", "", "which file to generate")
	wide := flag.Bool("avx512", false, "write for AVX-512 instead of AVX2")
	flag.Parse()
	if *wide {
		target = avx512
	}
	generate, ok := families[*family]
	if !ok {
		fmt.Fprintf(os.Stderr, "gen: unknown family %q\n", *family)
		os.Exit(2)
	}
	build.ConstraintExpr("amd64,!purego")
	generate()
	emitConstants()
	build.Generate()
}
