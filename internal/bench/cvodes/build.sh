#!/usr/bin/env bash
# Compiles solve.c and turns.c against an installed SUNDIALS 6: build.sh DIR [REFERENCES], where DIR/sun holds its include and lib folders
# (static libraries, built with -O3 -march=native for a fair comparison). DIR/solve is CVODE on known problems, for `stiffnode bench solvers
# --cvodes DIR`. DIR/turns-… are the C baseline's settings one by one, which `stiffnode bench peers --cvodes DIR` times in turns with its own; their source
# is peers/cvodes of the folder of reference material, by default one named shared in the working directory, and their flags are those of the
# baseline.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$(cd "${1:?usage: build.sh DIR [REFERENCES]}" && pwd)
flags=(-O3 -march=native -std=gnu11 -I"$out/sun/include" -L"$out/sun/lib")
libraries=(-lsundials_sunlinsoldense -lsundials_sunmatrixdense -lsundials_nvecserial -lsundials_generic -Wl,-Bdynamic -lm)
gcc "${flags[@]}" -Wall -Wextra "$here/solve.c" -o "$out/solve" -Wl,-Bstatic -lsundials_cvode "${libraries[@]}"
echo "built $out/solve"
references=${2:-${STIFFNODE_SHARED:-shared}}
if [ $# -lt 2 ] && [ ! -d "$references/peers/cvodes" ]; then
  echo "no $references/peers/cvodes here: the baseline's settings cannot be timed in turns" >&2
  exit 0
fi
baseline=$(cd "$references/peers/cvodes" && pwd)
flags+=(-mprefer-vector-width=512 -I"$baseline")
for p in 1 2; do # ROBER, POLLU
  define=(-DPROB=$p -DBUILD='"turns"')
  gcc "${flags[@]}" "${define[@]}" -DMECHANISTIC "$here/turns.c" -o "$out/turns-mech$p" -Wl,-Bstatic -lsundials_cvode "${libraries[@]}"
  gcc "${flags[@]}" "${define[@]}" "$here/turns.c" -o "$out/turns-node$p" -Wl,-Bstatic -lsundials_cvodes "${libraries[@]}"
  gcc "${flags[@]}" "${define[@]}" -DINVLS "$here/turns.c" -o "$out/turns-node${p}inv" -Wl,-Bstatic -lsundials_cvodes "${libraries[@]}"
done
echo "built $out/turns-mech1, -mech2, -node1, -node2, -node1inv, -node2inv"
