"""The gradient by torchdiffeq: float64, one thread. Its only implicit methods that adapt their steps are SciPy's, which autograd cannot pass through and
which therefore need the continuous adjoint."""

import common

LIMIT = 30  # seconds for one gradient
# METHOD:GRADIENT
COMBINATIONS = ["dopri5:autograd", "bosh3:autograd", "dopri8:autograd", "dopri5:adjoint", "scipy-LSODA:adjoint", "scipy-BDF:adjoint", "scipy-Radau:adjoint", "implicit_adams:autograd"]


def versions():
    from importlib.metadata import version

    import scipy
    import torchdiffeq

    return {name: version(name) for name in ("torch", "torchdiffeq", "scipy")}


def limited(compute, seconds):
    """compute, ended with a TimeoutError after some seconds, where the system can."""
    import signal

    if not hasattr(signal, "SIGALRM"):
        return compute()

    def stop(*_):
        raise TimeoutError(f"no gradient within {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        return compute()
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def load(problem):
    import warnings

    import torch
    import torchdiffeq

    # a solver of fixed steps only warns where it did not converge; SciPy's wrapper passes options that its solvers then warn of
    warnings.filterwarnings("error", message="Functional iteration did not converge")
    warnings.filterwarnings("ignore", message="The following arguments have no effect")
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    scale, weights, targets, u0 = (torch.tensor(x) for x in (problem.scale, problem.weights, problem.targets, problem.u0))

    class Field(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.params = torch.nn.ParameterList(torch.nn.Parameter(torch.tensor(x)) for layer in problem.layers for x in layer)
            self.evaluations = 0

        def forward(self, t, u):
            self.evaluations += 1
            y, p = u * scale, self.params
            for i in range(0, len(p) - 2, 2):
                y = torch.nn.functional.gelu(torch.addmv(p[i + 1], p[i], y), approximate="tanh")
            return torch.addmv(p[len(p) - 1], p[len(p) - 2], y) / problem.t_scale

    field = Field()
    params = list(field.params)
    # the first time is where the solve begins
    extra = 0 if problem.times[0] == problem.t0 else 1
    times = torch.tensor([problem.t0] * extra + problem.times)

    def steps(rtol):
        """Times for fixed steps, spread evenly over the logarithm of time after the first: the more, the smaller the tolerance."""
        n = max(1, round(rtol ** (-1 / 4)))
        grid = [times[:1]]
        for a, b in zip(times[:-1], times[1:]):
            part = torch.linspace(0, 1, n + 1)[1:]
            grid.append(a + (b - a) * part if a <= 0 else a * (b / a) ** part)
            grid[-1][-1] = b
        return torch.cat(grid)

    def make(combination):
        method, way = combination.split(":")
        solve = torchdiffeq.odeint if way == "autograd" else torchdiffeq.odeint_adjoint

        def compute(rtol, atol):
            options = {}
            if method.startswith("scipy-"):
                options = {"solver": method.removeprefix("scipy-")}
            elif method == "implicit_adams":
                options = {"grid_constructor": lambda *_: steps(rtol)}
            field.evaluations = 0
            states = solve(field, u0, times, rtol=rtol, atol=atol, method="scipy_solver" if method.startswith("scipy-") else method, options=options)
            loss = (weights * (states[extra:] - targets)).sum()
            return torch.autograd.grad(loss, params), field.evaluations

        def read(result):
            parts, evaluations = result
            return torch.cat([part.reshape(-1) for part in parts]).tolist(), evaluations

        return lambda rtol, atol: limited(lambda: compute(rtol, atol), LIMIT), read

    return make


if __name__ == "__main__":
    common.main("torchdiffeq", versions, COMBINATIONS, load)
