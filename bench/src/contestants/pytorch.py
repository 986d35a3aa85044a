"""PyTorch on the CPU, in the protocol of respond.ts: JSON lines in, JSON lines out.

Eager mode, as it is used; torch.jit is no faster on these sizes. Where PyTorch 1.13 has no forward mode for an operation it says so."""

import json
import os
import sys
import time

replies = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))


def words(count, seed):
    """word(i, seed) of inputs.ts for i < count."""
    with np.errstate(over="ignore"):
        h = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B1) + np.uint32((seed * 0x85EBCA77) & 0xFFFFFFFF)
        h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
        h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
        return h ^ (h >> np.uint32(16))


def given(spec):
    shape, seed = spec["shape"], spec["seed"]
    if spec["kind"] == "onehot":
        rows, classes = shape
        out = np.zeros(shape, dtype=np.float32)
        out[np.arange(rows), words(rows, seed) % np.uint32(classes)] = 1
        return torch.from_numpy(out)
    count = int(np.prod(shape, dtype=np.int64)) if shape else 1
    if spec["kind"] == "index":
        return torch.from_numpy((words(count, seed) % np.uint32(spec["high"])).astype(np.int64).reshape(shape))
    u = (words(count, seed) >> np.uint32(8)).astype(np.float64) * 2.0**-23 - 1
    return torch.from_numpy((spec.get("offset", 0) + spec.get("scale", 1) * u).astype(np.float32).reshape(shape))


def leaves(inputs, letter):
    found = []
    while f"{letter}{len(found)}" in inputs:
        found.append(inputs[f"{letter}{len(found)}"])
    return found


class Pure:
    """A function of the same arguments each time."""

    def __init__(self, call):
        self.run = call

    def result(self):
        out = self.run()
        return list(out) if isinstance(out, (list, tuple)) else [out]


class Training:
    """w ← w − lr ∇, in place."""

    def __init__(self, weights, loss, lr):
        self.weights = [w.clone().requires_grad_() for w in weights]
        self.loss, self.lr = loss, lr

    def run(self):
        value = self.loss(self.weights)
        grads = torch.autograd.grad(value, self.weights)
        with torch.no_grad():
            torch._foreach_add_(self.weights, grads, alpha=-self.lr)
        return value

    def result(self):
        before = [w.detach().double() for w in self.weights]
        value = self.run()
        return [w.detach().double() - b for w, b in zip(self.weights, before)] + [value]


def fresh(tensors):
    return [t.detach().requires_grad_() for t in tensors]


def loss_of(params):
    bend = torch.relu if params["activation"] == "relu" else torch.tanh

    def loss(p, x, y):
        h = x
        for i in range(0, len(p), 2):
            h = torch.addmm(p[i + 1], h if i == 0 else bend(h), p[i])
        if params["loss"] == "xent":
            return -(y * F.log_softmax(h, 1)).sum(1).mean()
        return (h - y).square().sum(1).mean()

    return loss


def op(form, x):
    return x if form == "n" else x.transpose(-1, -2)


def matmul(i, p):
    f, g = p["form"]
    return Pure(lambda: torch.matmul(op(f, i["a"]), op(g, i["b"])))


def chain(i, p):
    def call():
        x = i["x"]
        t = torch.tanh(x * 1.5 + 0.25)
        return ((torch.exp(t * 0.5) - x) * t + 0.125) * 0.75 - t

    return Pure(call)


def reduction(i, p):
    return Pure((lambda: i["x"].sum()) if p["axis"] < 0 else (lambda: i["x"].sum(p["axis"])))


def softmax(i, p):
    def call():
        (x,) = fresh([i["x"]])
        value = -(i["y"] * F.log_softmax(x, 1)).sum(1).mean()
        return [value, *torch.autograd.grad(value, x)]

    return Pure(call)


def mlp_step(i, p):
    loss = loss_of(p)
    return Training(leaves(i, "p"), lambda w: loss(w, i["x"], i["y"]), 0.01)


def mlp_step_vmap(i, p):
    """By hand in batched products: torch 1.13 has no torch.func."""

    def loss(w):
        members = w[0].shape[0]
        x = i["x"].expand(members, -1, -1)
        h = torch.tanh(torch.baddbmm(w[1][:, None], x, w[0]))
        z = torch.baddbmm(w[3][:, None], h, w[2])
        return (z - i["y"]).square().sum(2).mean(1)

    class Members(Training):
        def run(self):
            values = self.loss(self.weights)
            grads = torch.autograd.grad(values.sum(), self.weights)
            with torch.no_grad():
                torch._foreach_add_(self.weights, grads, alpha=-self.lr)
            return values

    return Members(leaves(i, "p"), loss, 0.01)


def forward(i, p):
    loss, w = loss_of(p), leaves(i, "p")

    def call():
        with torch.no_grad():
            return loss(w, i["x"], i["y"])

    return Pure(call)


def gradient(i, p):
    loss = loss_of(p)

    def call():
        w = fresh(leaves(i, "p"))
        value = loss(w, i["x"], i["y"])
        return [value, *torch.autograd.grad(value, w)]

    return Pure(call)


def hvp_reverse(i, p):
    loss = loss_of(p)

    def call():
        w = fresh(leaves(i, "p"))
        g = torch.autograd.grad(loss(w, i["x"], i["y"]), w, create_graph=True)
        return torch.autograd.grad(g, w, leaves(i, "v"))

    return Pure(call)


def hvp_forward(i, p):
    import torch.autograd.forward_ad as fwd

    loss = loss_of(p)

    def call():
        with fwd.dual_level():
            w = [fwd.make_dual(a.detach().requires_grad_(), v) for a, v in zip(leaves(i, "p"), leaves(i, "v"))]
            g = torch.autograd.grad(loss(w, i["x"], i["y"]), w, create_graph=True)
            return [fwd.unpack_dual(d).tangent.detach() for d in g]

    return Pure(call)


def hvp_kept(i, p):
    loss, w, v = loss_of(p), fresh(leaves(i, "p")), leaves(i, "v")
    g = torch.autograd.grad(loss(w, i["x"], i["y"]), w, create_graph=True)
    return Pure(lambda: torch.autograd.grad(g, w, v, retain_graph=True))


def hvp_k(i, p):
    loss = loss_of(p)
    vs = [leaves(i, f"v{j}_") for j in range(p["k"])]

    def call():
        w = fresh(leaves(i, "p"))
        g = torch.autograd.grad(loss(w, i["x"], i["y"]), w, create_graph=True)
        out = []
        for v in vs:
            out += torch.autograd.grad(g, w, v, retain_graph=True)
        return out

    return Pure(call)


def neumann(i, p):
    loss = loss_of(p)

    def call():
        w, h = fresh(leaves(i, "p")), fresh(leaves(i, "h"))
        penalty = sum((torch.exp(b) * a.square()).sum() for a, b in zip(w, h))
        g = torch.autograd.grad(loss(w, i["x"], i["y"]) + 0.5 * penalty, w, create_graph=True)
        term = leaves(i, "v")
        series = [t.clone() for t in term]
        for _ in range(p["terms"]):
            hv = torch.autograd.grad(g, w, term, retain_graph=True)
            term = torch._foreach_add(term, hv, alpha=-p["alpha"])
            torch._foreach_add_(series, term)
        return [-m for m in torch.autograd.grad(g, h, series)]

    return Pure(call)


def conv(i, p):
    def call():
        x, f = fresh([i["x"], i["f"]])
        out = F.conv2d(x, f, stride=p["stride"], padding=p["pad"])
        return [out, *torch.autograd.grad(out, [x, f], i["ct"])]

    return Pure(call)


def batch_norm(i, p):
    def call():
        x, scale, shift = fresh([i["x"], i["scale"], i["shift"]])
        out = F.batch_norm(x, None, None, scale, shift, training=True)
        return [out, *torch.autograd.grad(out, [x, scale, shift], i["ct"])]

    return Pure(call)


def resnet18(i, p):
    names = [name for name in i if name not in ("x", "y")]

    def loss(weights):
        w = dict(zip(names, weights))

        def layer(name, v, strides=1):
            f = w[f"{name}Filter"]
            out = F.conv2d(v, f, stride=strides, padding=1 if f.shape[2] == 3 else 0)
            return F.batch_norm(out, None, None, w[f"{name}Scale"], w[f"{name}Shift"], training=True)

        h = torch.relu(layer("stem", i["x"]))
        for stage in range(4):
            for block in range(2):
                name = f"s{stage}b{block}"
                strides = 2 if f"{name}cFilter" in w else 1
                straight = layer(f"{name}c", h, strides) if strides == 2 else h
                h = torch.relu(layer(f"{name}b", torch.relu(layer(f"{name}a", h, strides))) + straight)
        logits = h.mean((2, 3)) @ w["headWeight"] + w["headBias"]
        return -(i["y"] * F.log_softmax(logits, 1)).sum(1).mean()

    return Training([i[name] for name in names], loss, 0.001)


def lstm(i, p):
    """torch.nn.LSTM: its own fused loop. Its weights are transposed, its gates in the same order."""
    units, batch, length = p["units"], p["batch"], p["length"]
    net = torch.nn.LSTM(units, units)
    with torch.no_grad():
        net.weight_ih_l0.copy_(i["wx"].t())
        net.weight_hh_l0.copy_(i["wh"].t())
        net.bias_ih_l0.copy_(i["b"])
        net.bias_hh_l0.zero_()
    weights = [net.weight_ih_l0, net.weight_hh_l0, net.bias_ih_l0]

    def call():
        hs, _ = net(i["x"])
        value = (hs * i["ct"]).sum() / (length * batch)
        return [value, *torch.autograd.grad(value, weights)]

    class Lstm(Pure):
        def result(self):
            value, wx, wh, b = call()
            return [value, wx.t(), wh.t(), b]

    return Lstm(call)


def embedding(i, p):
    def call():
        (table,) = fresh([i["table"]])
        out = F.embedding(i["indices"], table)
        return [out, *torch.autograd.grad(out, table, i["ct"])]

    return Pure(call)


def scan(i, p):
    def call():
        with torch.no_grad():
            h = i["h"]
            for _ in range(p["steps"]):
                h = torch.tanh(torch.addmm(i["b"], h, i["w"]))
            return h

    return Pure(call)


def eager(i, p):
    return Pure(lambda: i["x"] + i["y"])


def call(i, p):
    return Pure(lambda: i["w"] - 0.01 * i["g"])


def kernels(i, p):
    def chained():
        out = i["x"]
        for _ in range(p["count"]):
            out = out @ i["w"]
        return out

    return Pure(chained)


tasks = {
    "matmul": matmul, "chain": chain, "sum": reduction, "softmax": softmax, "mlp-step": mlp_step,
    "mlp-step-vmap": mlp_step_vmap, "forward": forward, "gradient": gradient, "hvp": hvp_reverse,
    "hvp-forward": hvp_forward, "hvp-reverse": hvp_reverse, "hvp-kept": hvp_kept, "hvp-k": hvp_k, "neumann": neumann,
    "conv": conv, "batch-norm": batch_norm, "resnet18": resnet18, "lstm": lstm, "embedding": embedding, "scan": scan,
    "eager": eager, "jit-call": call, "jit-kernels": kernels,
}
missing = {"compile": "eager: nothing is compiled", "neumann-jvp": "its only way is measured as neumann"}


def digest(tensor):
    flat = tensor.detach().double().reshape(-1).numpy()
    step = max(1, -(-flat.size // 2048))
    return {"count": int(flat.size), "norm": float(np.linalg.norm(flat)), "sample": flat[::step].tolist()}


def timed(prepared, inner):
    begun = time.perf_counter()
    for _ in range(inner):
        prepared.run()
    return 1000 * (time.perf_counter() - begun) / inner


def warm(prepared, ms):
    begun = time.perf_counter()
    times, inner = [timed(prepared, 1)], 1
    while (len(times) < 2 and times[0] < 3000) or 1000 * (time.perf_counter() - begun) < ms:
        times.append(timed(prepared, inner))
        inner = max(1, min(10_000, round(2 / times[-1])))
    return min(times[len(times) // 2 :])


prepared = None


def answer(message):
    global prepared
    kind = message["kind"]
    if kind == "start":
        return {"version": f"{torch.__version__} CPU, {torch.get_num_threads()} threads", "tasks": list(tasks)}
    if kind == "prepare":
        make = tasks.get(message["task"])
        if make is None:
            return {"missing": missing.get(message["task"], "not written")}
        prepared = make({name: given(spec) for name, spec in message["inputs"].items()}, message["params"])
        return {"results": {f"r{j}": digest(t) for j, t in enumerate(prepared.result())}}
    if kind == "warm":
        return {"ms": warm(prepared, message["ms"])}
    if kind == "turn":
        return {"times": [timed(prepared, message["inner"]) for _ in range(message["samples"])]}
    prepared = None
    return {"peakBytes": None}


for line in sys.stdin:
    try:
        reply = answer(json.loads(line))
    except Exception as error:  # the harness says it, and goes on
        reply = {"error": (str(error) or type(error).__name__).split("\n")[0][:300]}
    replies.write(json.dumps(reply) + "\n")
    replies.flush()
