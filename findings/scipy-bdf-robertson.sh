#!/usr/bin/env bash
# SciPy 1.15.3, solve_ivp(method="BDF") with its default tolerances on Robertson's problem to t = 4e10: success with a value of the wrong sign and
# more than ten orders of magnitude too large. Right: y1 = 5.2083e-8 (Hairer and Wanner, Solving Ordinary Differential Equations II, test problem
# ROBER, continued to larger times). The sum of the three, which the equations keep at 1, ends at about 20.
# Seen: y1 = -7.5e6, success True. Exits 0 while this is so, 1 when it has changed.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q "numpy==2.2.6" "scipy==1.15.3"
"$dir/venv/bin/python" - <<'PY'
import sys
import scipy
from scipy.integrate import solve_ivp
def f(t, y):
    a, b, c = 0.04 * y[0], 3e7 * y[1] * y[1], 1e4 * y[1] * y[2]
    return [c - a, a - b - c, b]
s = solve_ivp(f, (0, 4e10), [1.0, 0.0, 0.0], method="BDF")
print(f"scipy {scipy.__version__}: success {s.success}, y1 = {s.y[0, -1]:.4g} (right: 5.2083e-08), sum = {s.y[:, -1].sum():.6g}")
sys.exit(0 if s.success and abs(s.y[0, -1]) > 1 else 1)
PY
