"""The gradient by diffrax: float64, jit, tolerances as arguments so that a new one needs no new compilation."""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_cpu_multi_thread_eigen=false"

import common

MAX_STEPS = 4096
# SOLVER:ADJOINT. The first is diffrax's stiff solver of highest order with its default adjoint; with as many checkpoints as there are steps nothing is
# computed twice; forward mode carries a tangent for every parameter.
COMBINATIONS = ["Kvaerno5:default", "Kvaerno5:checkpoints", "Kvaerno3:checkpoints", "Tsit5:checkpoints", "Tsit5:default", "Kvaerno3:forward", "Kvaerno5:backsolve"]


def versions():
    from importlib.metadata import version

    import diffrax  # an installation that cannot be imported is found here
    import jax

    return {name: version(name) for name in ("jax", "jaxlib", "diffrax", "equinox", "optimistix", "lineax")}


def load(problem):
    import diffrax
    import jax
    import jax.numpy as jnp
    import numpy as np

    jax.config.update("jax_enable_x64", True)
    scale, weights = jnp.array(problem.scale), jnp.array(problem.weights)
    targets, times, u0 = jnp.array(problem.targets), jnp.array(problem.times), jnp.array(problem.u0)
    params = [(jnp.array(w), jnp.array(b)) for w, b in problem.layers]

    def field(t, u, params):
        y = u * scale
        for w, b in params[:-1]:
            y = jax.nn.gelu(w @ y + b, approximate=True)
        w, b = params[-1]
        return (w @ y + b) / problem.t_scale

    def make(combination):
        solver_name, adjoint_name = combination.split(":")
        solver = getattr(diffrax, solver_name)()
        adjoint = {
            "default": lambda: diffrax.RecursiveCheckpointAdjoint(),
            "checkpoints": lambda: diffrax.RecursiveCheckpointAdjoint(checkpoints=512),
            "forward": lambda: diffrax.ForwardMode(),
            "backsolve": lambda: diffrax.BacksolveAdjoint(),
        }[adjoint_name]()
        derivative = jax.jacfwd if adjoint_name == "forward" else jax.grad

        def loss(params, rtol, atol):
            solution = diffrax.diffeqsolve(
                diffrax.ODETerm(field), solver, problem.t0, times[-1], None, u0, params,
                saveat=diffrax.SaveAt(ts=times), adjoint=adjoint, max_steps=MAX_STEPS, throw=False,
                stepsize_controller=diffrax.PIDController(rtol=rtol, atol=atol))
            return jnp.sum(weights * (solution.ys - targets)), (solution.stats["num_steps"], solution.result)

        compiled = jax.jit(lambda params, rtol, atol: derivative(lambda p: loss(p, rtol, atol), has_aux=True)(params))

        def compute(rtol, atol):
            return jax.block_until_ready(compiled(params, rtol, atol))

        def read(result):
            tree, (steps, result) = result
            if result != diffrax.RESULTS.successful:
                raise RuntimeError(diffrax.RESULTS[result])
            flat = np.concatenate([np.asarray(leaf).ravel() for pair in tree for leaf in pair])
            return flat.tolist(), int(steps)

        return compute, read

    return make


if __name__ == "__main__":
    common.main("diffrax", versions, COMBINATIONS, load)
