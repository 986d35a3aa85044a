"""SciPy on the same matrices, and the errors of both: `judge.py inputs FOLDER SEED DTYPE …`, then `judge.py judge FOLDER DTYPE … [--kinds]`.

An error is in units of rounding (half an eps), over the condition number where a small change of the input does as much. A function is wanting where
the worst of ours, of a kind of matrix, is more than 20 times the worst of SciPy's, or of what is less than 4 units.
"""

import sys
import warnings
from collections import defaultdict
from pathlib import Path

import numpy as np
import scipy.linalg as lapack

from iterations import iterative, report_solves, solved
from matrices import inputs
from truth import Truth, size

bound, floor = 20, 4


def ratio(x, y):
    """x / y, where 0 / 0 is 0."""
    return x / y if y > 0 else (0 if x == 0 else np.inf)


def apart(t, x, truth, growth):
    """|X - truth| over |truth| growth, where the dtype can hold the truth."""
    limits, sizes = np.finfo(t.dtype), np.abs(truth)
    if np.max(sizes, initial=0) > limits.max / 1e3 or np.min(sizes[sizes > 0], initial=1) < limits.tiny * 1e3:
        return None
    return ratio(size(x - truth), size(truth) * growth)


def off_orthogonal(q):
    """|QtQ - I| over its size."""
    return size(q.T @ q - np.eye(q.shape[1])) / np.sqrt(q.shape[1])


def residual(a, x, b):
    return ratio(size(b - a @ x), size(a) * size(x) + size(b))


def componentwise(a, x, b):
    return np.max(np.abs(b - a @ x) / (np.abs(a) @ np.abs(x) + np.abs(b)))


def least_squares(t, x, b):
    best = t.pseudo_inverse @ b
    kappa = t.kept_kappa
    growth = kappa + kappa**2 * ratio(size(b - t.a @ best), t.values[0] * size(best))
    return apart(t, x, best, growth)


def determinant(t, x):
    sign, log = t.slogdet
    return apart(t, x, sign * np.exp(log), t.kappa)


def log_determinant(t, sign, log):
    right, truth = t.slogdet
    return abs(log - truth) / (abs(truth) + t.kappa) if sign == right else np.inf


def decomposition(a, q, r):
    return max(ratio(size(q @ r - a), size(a)), off_orthogonal(q))


def eigen(a, values, vectors):
    return max(ratio(size(a @ vectors - vectors * values), size(a)), off_orthogonal(vectors))


def singular(t, u, s, vh):
    return max(ratio(size((u * s) @ vh - t.a), size(t.a)), off_orthogonal(u), off_orthogonal(vh.T), spectrum(t.values, s))


def spectrum(truth, found):
    return np.max(np.abs(truth - found)) / np.max(np.abs(truth))


def power(t, x, k):
    truth = np.linalg.matrix_power(t.a if k > 0 else t.inverse, abs(k))
    growth = t.values[0] ** k if k > 0 else t.values[-1] ** k * t.kappa
    return apart(t, x, truth, growth * np.sqrt(len(truth)) / size(truth))


def exponential(t, x):
    return apart(t, x, t.exponential, max(1, t.values[0]))


def number(x, truth, growth=1):
    return abs(x - truth) / truth / growth


def ranked(t, x):
    return 0 if t.ranks[0] <= x <= t.ranks[1] else np.inf


def condition_1(t, x):
    return number(x, np.abs(t.a).sum(0).max() * np.abs(t.inverse).sum(0).max(), t.kappa)


def rcond(a):
    return max(a.shape) * np.finfo(a.dtype).eps


# numpy.linalg computes float32 in float64: what SciPy lacks is made of factors of SciPy's, which keep the dtype.
def lu_slogdet(a):
    factors, pivots = lapack.lu_factor(a)
    diagonal = np.diag(factors)
    swaps = np.sum(pivots != np.arange(len(a)))
    return {"sign": np.prod(np.sign(diagonal)) * (-1) ** swaps, "logdet": np.sum(np.log(np.abs(diagonal)))}


def svd_cond(a):
    values = lapack.svdvals(a)
    return values[0] / values[-1]


def svd_rank(a):
    values = lapack.svdvals(a)
    return np.sum(values > rcond(a) * values[0])


def certain(t, error):
    """Where rounding does not decide the rank."""
    return error() if t.ranks[0] == t.ranks[1] else None


# name: the families that it needs; how SciPy is called on them; the error of what was found, of the truths of the families
functions = {
    "cholesky": ("p", lambda p: lapack.cholesky(p, lower=True), lambda p, x: ratio(size(x @ x.T - p.a), size(p.a))),
    "solveTriangular": (
        "lb",
        lambda l, b: lapack.solve_triangular(l, b, lower=True),
        lambda l, b, x: componentwise(l.a, x, b.a),
    ),
    "solve": ("cb", lapack.solve, lambda c, b, x: residual(c.a, x, b.a)),
    "lstsq": (
        "ab",
        lambda a, b: lapack.lstsq(a, b, cond=rcond(a))[0],
        lambda a, b, x: certain(a, lambda: least_squares(a, x, b.a)),
    ),
    "inv": ("c", lapack.inv, lambda c, x: apart(c, x, c.inverse, c.kappa)),
    "det": ("c", lapack.det, determinant),
    "slogdet": ("c", lu_slogdet, log_determinant),
    "qr": ("a", lambda a: dict(zip("qr", lapack.qr(a, mode="economic"))), lambda a, q, r: decomposition(a.a, q, r)),
    "eigh": (
        "s",
        lambda s: dict(zip(("values", "vectors"), lapack.eigh(s))),
        lambda s, values, vectors: eigen(s.a, values, vectors),
    ),
    "eigvalsh": ("s", lapack.eigvalsh, lambda s, x: spectrum(s.values, np.sort(np.abs(x))[::-1])),
    "svd": ("a", lambda a: dict(zip(("u", "s", "vh"), lapack.svd(a, full_matrices=False))), singular),
    "svdvals": ("a", lapack.svdvals, lambda a, x: spectrum(a.values, x)),
    "pinv": (
        "a",
        lapack.pinv,
        lambda a, x: certain(a, lambda: apart(a, x, a.pseudo_inverse, a.kept_kappa)),
    ),
    "matrixPower 5": ("c", lambda c: np.linalg.matrix_power(c, 5), lambda c, x: power(c, x, 5)),
    "matrixPower -2": ("c", lambda c: np.linalg.matrix_power(lapack.inv(c), 2), lambda c, x: power(c, x, -2)),
    "expm": ("e", lapack.expm, exponential),
    "matrixNorm fro": ("a", lapack.norm, lambda a, x: number(x, size(a.a))),
    "matrixNorm 1": ("a", lambda a: lapack.norm(a, 1), lambda a, x: number(x, np.abs(a.a).sum(0).max())),
    "matrixNorm inf": ("a", lambda a: lapack.norm(a, np.inf), lambda a, x: number(x, np.abs(a.a).sum(1).max())),
    "matrixNorm 2": ("a", lambda a: lapack.svdvals(a)[0], lambda a, x: number(x, a.values[0])),
    "matrixNorm nuc": ("a", lambda a: lapack.svdvals(a).sum(), lambda a, x: number(x, a.values.sum())),
    "cond": ("c", svd_cond, lambda c, x: number(x, c.kappa, c.kappa)),
    "cond 1": ("c", lambda c: lapack.norm(c, 1) * lapack.norm(lapack.inv(c), 1), condition_1),
    "matrixRank": ("a", svd_rank, ranked),
}


def read(path):
    """The arrays of an archive by the parts of their names: m0.qr.q."""
    tree = {}
    with np.load(path) as archive:
        for name in archive.files:
            *above, last = name.split(".")
            place = tree
            for part in above:
                place = place.setdefault(part, {})
            place[last] = archive[name]
    return tree


def attempted(call, operands):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return call(*operands)
    except np.linalg.LinAlgError:
        return None


def error_of(error, truths, found):
    """In units; infinite where nothing was found, None where the truth is out of the dtype's reach."""
    parts = [] if found is None else found.values() if isinstance(found, dict) else [found]
    value = error(*truths, *[np.asarray(x).astype(truths[0].a.dtype) for x in parts]) if parts else np.nan
    if value is None:
        return None
    return float(value / truths[0].unit) if np.isfinite(value) else np.inf


def judge(folder, dtypes):
    """The worst errors of ours and of SciPy's by (function, dtype, kind), and the cases they are of; and what solvers that iterate did."""
    worst, solves = defaultdict(list), []
    for dtype in dtypes:
        given, found = read(folder / f"{dtype}.npz"), read(folder / f"{dtype}.ours.npz")
        for key, matrix in given.items():
            kind = key.split("-")[0]
            truths = {family: Truth(x) for family, x in matrix.items()}
            for name, x in found[key].items():
                if name in iterative:
                    solves.append(solved(name, dtype, kind, matrix, x))
                    continue
                needs, scipy, error = functions[name]
                operands, known = [matrix[family] for family in needs], [truths[family] for family in needs]
                errors = [error_of(error, known, y) for y in (x, attempted(scipy, operands))]
                if None not in errors:
                    worst[name, dtype, kind].append((*errors, len(matrix["a"])))
    return worst, solves


def row(groups):
    """Over several kinds of matrix: cases, the worst of ours and of SciPy's, and where ours is worst beside SciPy's on the same kind."""
    kinds = {kind: [max(one[side] for one in errors) for side in (0, 1)] for kind, errors in groups.items()}
    beside = {kind: ours / max(theirs, floor) if ours > floor else 0 for kind, (ours, theirs) in kinds.items()}
    kind = max(beside, key=beside.get)
    cases = sum(len(errors) for errors in groups.values())
    return cases, *map(max, zip(*kinds.values())), beside[kind], f"{kind}, {max(groups[kind])[2]} rows"


def report(worst, by_kind):
    """Prints a line for each function and dtype, or kind as well; returns how many are wanting."""
    lines, wanting = defaultdict(dict), 0
    for (name, dtype, kind), errors in worst.items():
        lines[name, dtype, kind if by_kind else ""][kind] = errors
    print(f"{'function':18} {'dtype':5} {'cases':>5} {'ours':>9} {'SciPy':>9} {'ratio':>6}  most, on one kind of matrix")
    for (name, dtype, _), groups in sorted(lines.items(), key=lambda line: (list(functions).index(line[0][0]), line[0])):
        cases, ours, theirs, beside, where = row(groups)
        bad = not beside <= bound
        wanting += bad
        note = f"{'WORSE: ' if bad else ''}{beside:.2g} on {where}" if beside > 0 or by_kind else ""
        print(f"{name:18} {dtype:5} {cases:5} {ours:9.3g} {theirs:9.3g} {ratio(ours, theirs):6.2g}  {note}".rstrip())
    return wanting


def main():
    task, folder, *words = sys.argv[1:]
    folder = Path(folder)
    if task == "inputs":
        seed, *dtypes = words
        for dtype in dtypes:
            drawn = enumerate(inputs(int(seed), dtype))
            arrays = {f"{kind}-{at}.{family}": x for at, (kind, made) in drawn for family, x in made.items()}
            np.savez(folder / dtype, **arrays)
        return 0
    with np.errstate(all="ignore"):
        worst, solves = judge(folder, [word for word in words if word != "--kinds"])
    wanting = report(worst, "--kinds" in words) + report_solves(solves)
    cases = sum(len(errors) for errors in worst.values()) + len(solves)
    print(f"\n{cases} cases; " + (f"{wanting} lines where ours is worse" if wanting else "ours holds in all"))
    return 1 if wanting else 0


if __name__ == "__main__":
    sys.exit(main())
