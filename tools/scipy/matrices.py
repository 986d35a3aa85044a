"""Random matrices by seed, as `.npz` archives: what both libraries are given.

Every kind is a matrix A in float64; the families that functions need are made of its singular value decomposition A = U s Vt, so that all have
the spectrum of the kind, and are rounded to the dtype, after which they are exact inputs:

    a  A, of any shape            b, v  three right sides, and one for solvers that iterate
    c  A, square and not singular to the dtype           l  its factor R transposed: lower triangular
    e  A, square, with an exponential of moderate size   p  U s Ut: positive definite
    s  U (± s) Ut: symmetric, indefinite                 w  X s X^-1: not symmetric, its spectrum real and positive
"""

import numpy as np

dtypes = {"f32": np.float32, "f64": np.float64}


def orthogonal(random, m, n):
    return np.linalg.qr(random.standard_normal((m, n)))[0]


def placed(random, values):
    n = len(values)
    return orthogonal(random, n, n) * values @ orthogonal(random, n, n).T


def ratios(n, kappa):
    return kappa ** -np.linspace(0, 1, n) if n > 1 else np.ones(1)


def graded(n):
    return 10.0 ** np.linspace(0, -6, n)


def cauchy(random, n):
    return 1 / (random.uniform(0.1, 1, (n, 1)) + random.uniform(0.1, 1, (1, n)))


def deficient(random, m, n):
    rank = (min(m, n) + 1) // 2
    return random.standard_normal((m, rank)) @ random.standard_normal((rank, n))


# What is called `far` is a scale whose square overflows.
kinds = {
    "gaussian": lambda random, n, far: random.standard_normal((n, n)),
    "placed 1": lambda random, n, far: orthogonal(random, n, n),
    "placed 1e2": lambda random, n, far: placed(random, ratios(n, 1e2)),
    "placed 1e4": lambda random, n, far: placed(random, ratios(n, 1e4)),
    "placed 1e6": lambda random, n, far: placed(random, ratios(n, 1e6)),
    "repeated": lambda random, n, far: placed(random, np.sort(random.integers(1, 4, n))[::-1] * 1.0),
    "graded rows": lambda random, n, far: random.standard_normal((n, n)) * graded(n)[:, None],
    "graded columns": lambda random, n, far: random.standard_normal((n, n)) * graded(n),
    "Hilbert": lambda random, n, far: 1 / (1.0 + np.arange(n)[:, None] + np.arange(n)),
    "Cauchy": lambda random, n, far: cauchy(random, n),
    "tiny": lambda random, n, far: random.standard_normal((n, n)) / far,
    "huge": lambda random, n, far: random.standard_normal((n, n)) * far,
    "deficient": lambda random, n, far: deficient(random, n, n),
    "tall": lambda random, n, far: random.standard_normal((2 * n + 1, n)) * ratios(n, 1e4),
    "wide": lambda random, n, far: random.standard_normal((n, 2 * n + 1)) * ratios(n, 1e4)[:, None],
    "tall deficient": lambda random, n, far: deficient(random, 2 * n + 1, n),
}
# What solvers that iterate are tried on.
iterated = [kind for kind in kinds if kind.startswith("placed")] + ["gaussian", "repeated", "tiny", "huge", "tall"]


def families(random, kind, a, dtype):
    m, n = a.shape
    u, values, vt = np.linalg.svd(a, full_matrices=False)
    known = values[-1] > 5 * np.finfo(dtype).eps * values[0] * n
    made = {"a": a, "b": random.standard_normal((m, 3))}
    if kind in iterated and m < 257:
        made["v"] = random.standard_normal(m)
    if m != n:
        return made
    symmetric = (u * np.where(random.random(n) < 0.5, -values, values)) @ u.T
    made["s"] = (symmetric + symmetric.T) / 2
    if values[0] <= 50:
        made["e"] = a
    if not known:
        return made
    positive = (u * values) @ u.T
    made |= {"c": a, "l": np.linalg.qr(a)[1].T, "p": (positive + positive.T) / 2}
    skew = np.eye(n) + 0.3 / np.sqrt(n) * random.standard_normal((n, n))
    return made | {"w": skew * values @ np.linalg.inv(skew)}


def inputs(seed, name):
    """Yields the kind and the families of each matrix of a dtype: each kind at sizes 1 and 2 and some by lot up to 130; two kinds at 257."""
    dtype = dtypes[name]
    far = {"f32": 1e30, "f64": 1e200}[name]
    for at, (kind, matrix) in enumerate(kinds.items()):
        random = np.random.default_rng([seed, at])
        sizes = [1, 2, *random.integers(3, 131, 8), 130] + ([257] if kind in ("gaussian", "placed 1e4") else [])
        for n in sizes:
            made = families(random, kind, matrix(random, n, far), dtype)
            yield kind, {family: x.astype(dtype) for family, x in made.items()}
