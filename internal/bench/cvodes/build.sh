#!/usr/bin/env bash
# Compiles solve.c against an installed SUNDIALS 6: build.sh DIR, where DIR/sun holds its include and lib folders (static libraries,
# built with -O3 -march=native for a fair comparison). The program is left as DIR/solve, where `stiffnode bench solvers --cvodes DIR` looks for it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$(cd "${1:?usage: build.sh DIR}" && pwd)
gcc -O3 -march=native -std=gnu11 -Wall -Wextra -I"$out/sun/include" -L"$out/sun/lib" "$here/solve.c" -o "$out/solve" \
  -Wl,-Bstatic -lsundials_cvode -lsundials_sunlinsoldense -lsundials_sunmatrixdense -lsundials_nvecserial -lsundials_generic -Wl,-Bdynamic -lm
echo "built $out/solve"
