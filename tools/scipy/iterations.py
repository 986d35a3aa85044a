"""Solvers that iterate: steps and true residuals of ours beside SciPy's, to the same tolerance, with as many steps allowed.

What ours promises is a residual ‖b - A x‖ / ‖b‖; SciPy's minres and lsmr have rules of their own, so that their columns only inform.
"""

import warnings
from collections import defaultdict

import numpy as np
import scipy.sparse.linalg as krylov

from truth import Truth, size

tolerances = {"f32": 1e-5, "f64": 1e-10}
converged = 0


def counted(solver, a, b, **options):
    """The solution, whether the solver says that it is one, and how often it called back, once a step."""
    steps = [0]

    def step(_):
        steps[0] += 1

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        x, info = solver(a, b, callback=step, **options)
    return x, info == 0, steps[0]


def restarted(a, b, rtol, maxiter):
    restart = min(len(b), 30)
    return counted(
        krylov.gmres, a, b, rtol=rtol, restart=restart, maxiter=-(-maxiter // restart), callback_type="pr_norm"
    )


def least_squares(a, b, rtol, maxiter):
    x, reason, steps, *_ = krylov.lsmr(a, b, atol=rtol, btol=rtol, conlim=0, maxiter=maxiter)
    return x, reason in (0, 1, 2), steps


def plain(solver):
    return lambda a, b, rtol, maxiter: counted(solver, a, b, rtol=rtol, maxiter=maxiter)


# name: the family, SciPy's
iterative = {
    "cg": ("p", plain(krylov.cg)),
    "minres": ("s", plain(krylov.minres)),
    "gmres": ("w", restarted),
    "bicgstab": ("w", plain(krylov.bicgstab)),
    "lsmr": ("a", least_squares),
}


def lack(name, truth, x, b):
    """What a solver promises to make small, and how much of it is rounding: b - A x over b, or A^T r over A and r where that is smaller."""
    x, a = x.astype(truth.a.dtype), truth.a
    if not np.isfinite(x).all():
        return np.inf, 0
    r = b - a @ x
    rounding = np.sqrt(len(b)) * truth.unit * size(np.abs(a) @ np.abs(x)) / size(b)
    residual = size(r) / size(b)
    if name != "lsmr" or size(r) == 0:
        return float(residual), float(rounding)
    slope = size(a.T @ r) / (truth.values[0] * size(r))
    return float(min(residual, slope)), float(max(rounding, rounding / residual))


def solved(name, dtype, kind, matrix, ours):
    """Of ours and SciPy's: residual, whether it is small enough, whether the solver says so but rounding does not explain it, steps."""
    family, scipy = iterative[name]
    a, b = matrix[family], matrix["v"]
    truth, tolerance = Truth(a), 1.01 * tolerances[dtype]
    theirs = scipy(a, b, tolerances[dtype], min(1000, 10 * a.shape[1]))
    sides = []
    for x, claimed, steps in ((ours["x"], int(ours["status"]) == converged, int(ours["iterations"])), theirs):
        residual, rounding = lack(name, truth, x, b)
        near = residual <= tolerance + rounding
        sides.append((residual, residual <= tolerance, near, bool(claimed and not near), steps))
    return name, dtype, f"{kind}, {len(b)} rows", sides


def report_solves(solves):
    """Prints a line for each solver and dtype; returns how many are wanting: by a claim that is false, or a system that only SciPy solves."""
    groups = defaultdict(list)
    for name, dtype, where, sides in solves:
        groups[name, dtype].append((where, *sides))
    heads = ("solved", "SciPy", "false claims", "SciPy", "missed", "steps", "SciPy", "most")
    print("\n{:18} dtype cases {:>7} {:>7} {:>13} {:>7} {:>7} {:>7} {:>7} {:>6}".format("solver", *heads))
    wanting = 0
    for (name, dtype), group in sorted(groups.items(), key=lambda one: (list(iterative).index(one[0][0]), one[0][1])):
        reached, false = ([sum(one[side][at] for one in group) for side in (1, 2)] for at in (1, 3))
        missed = [one for one in group if one[2][1] and not one[1][2]]
        both = [(one[1][4], one[2][4]) for one in group if one[1][1] and one[2][1]]
        steps = [sum(pair[side] for pair in both) for side in (0, 1)]
        most = max((ours / max(1, theirs) for ours, theirs in both), default=0)
        print(
            f"{name:18} {dtype:5} {len(group):5} {reached[0]:7} {reached[1]:7} {false[0]:13} {false[1]:7} {len(missed):7}",
            f"{steps[0]:7} {steps[1]:7} {most:6.2g}",
        )
        for where, ours, theirs in [one for one in group if one[1][3]] + missed:
            print(f"    {where}: residual {ours[0]:.2g} after {ours[4]} steps, SciPy's {theirs[0]:.2g} after {theirs[4]}")
        wanting += false[0] > 0 or len(missed) > 0
    return wanting
