"""What is taken for the truth: float64 of what is given in float32, and the 64 bits of an x87 long double of what is given in float64."""

from functools import cached_property

import numpy as np

wide = {np.dtype(np.float32): np.float64, np.dtype(np.float64): np.longdouble}


def size(x):
    """The Frobenius norm."""
    largest = np.max(np.abs(x), initial=0)
    return largest * np.sqrt(np.sum((x / largest) ** 2)) if largest > 0 else largest


def rounds(n):
    """All pairs below n in n - 1 rounds (n if it is odd) of pairs that share no member."""
    even = n + n % 2
    order = np.arange(even)
    for _ in range(even - 1):
        left, right = order[: even // 2], order[even // 2 :][::-1]
        there = (left < n) & (right < n)
        yield left[there], right[there]
        order = np.concatenate([order[:1], np.roll(order[1:], 1)])


def long_svd(a):
    """One-sided Jacobi in long double, begun at the vectors of LAPACK: W = A V has orthogonal columns in the end."""
    if a.shape[0] < a.shape[1]:
        u, values, vt = long_svd(a.T)
        return vt.T, values, u.T
    v = np.linalg.svd(a.astype(np.float64), full_matrices=False)[2].T.astype(np.longdouble)
    for _ in range(2):  # Newton's step to the nearest orthogonal matrix squares the distance
        v = v @ (3 * np.eye(v.shape[1]) - v.T @ v) / 2
    w = a @ v
    for _ in range(6):
        turned = False
        for i, j in rounds(w.shape[1]):
            x, y = w[:, i], w[:, j]
            xx, yy, xy = (x * x).sum(0), (y * y).sum(0), (x * y).sum(0)
            # columns of rounding size have any direction
            wanted = np.abs(xy) > 2.0**-62 * np.sqrt(xx * yy) + 2.0**-124 * np.max(xx + yy, initial=0)
            if not wanted.any():
                continue
            turned = True
            zeta = (yy - xx) / np.where(wanted, 2 * xy, 1)
            t = np.where(wanted, np.where(zeta < 0, -1, 1) / (np.abs(zeta) + np.hypot(1, zeta)), 0)
            c = 1 / np.hypot(1, t)
            s = c * t
            for z in (w, v):
                x, y = z[:, i].copy(), z[:, j].copy()
                z[:, i], z[:, j] = c * x - s * y, s * x + c * y
        if not turned:
            break
    values = np.sqrt((w * w).sum(0))
    order = np.argsort(-values)
    values = values[order]
    return w[:, order] / np.where(values > 0, values, 1), values, v.T[order]


class Truth:
    """A matrix in the wide type, and what follows from its singular value decomposition."""

    def __init__(self, a):
        self.unit = np.finfo(a.dtype).eps / 2
        self.a = a.astype(wide[a.dtype])
        self.dtype = a.dtype

    @cached_property
    def svd(self):
        return np.linalg.svd(self.a, full_matrices=False) if self.a.dtype == np.float64 else long_svd(self.a)

    @property
    def values(self):
        return self.svd[1]

    @property
    def kappa(self):
        return self.values[0] / self.values[-1]

    @cached_property
    def ranks(self):
        """The least and the greatest rank that rounding allows at the usual threshold."""
        least = max(self.a.shape) * np.finfo(self.dtype).eps * self.values[0]
        slack = 20 * self.unit * self.values[0]
        return [int(np.sum(self.values > least + slack)), int(np.sum(self.values > least - slack))]

    @cached_property
    def pseudo_inverse(self):
        u, values, vt = self.svd
        kept = self.ranks[0]
        return (vt[:kept].T / values[:kept]) @ u[:, :kept].T

    @property
    def kept_kappa(self):
        return self.values[0] / self.values[max(0, self.ranks[0] - 1)]

    @cached_property
    def inverse(self):
        u, values, vt = self.svd
        return (vt.T / values) @ u.T

    @cached_property
    def slogdet(self):
        u, values, vt = self.svd
        sign = np.round(np.linalg.det(u.astype(np.float64)) * np.linalg.det(vt.astype(np.float64)))
        return sign, np.sum(np.log(values))

    @cached_property
    def exponential(self):
        """Taylor's series of A / 2^s with |A / 2^s| < 1/16, squared s times."""
        squarings = max(0, int(np.ceil(np.log2(max(size(self.a), 1e-300)))) + 4)
        x = self.a / 2.0**squarings
        total = term = np.eye(len(x), dtype=x.dtype)
        for k in range(1, 18):
            term = term @ x / k
            total = total + term
        for _ in range(squarings):
            total = total @ total
        return total
