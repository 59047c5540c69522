"""Alternates the generator here with PyTorch eager and ONNX Runtime on the same random weights.

python peer.py PROGRAM [--widths 16 32 64] [--sides 256 512] [--threads 2] [--rounds 8] [--train]

PROGRAM is the built bench `networks` (see README.md). Each round runs each once; minima over the rounds of wall and
process CPU time are printed, in milliseconds, and the largest difference of the outputs' first pixel.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time

ARGS = argparse.ArgumentParser()
ARGS.add_argument("program")
ARGS.add_argument("--widths", type=int, nargs="+", default=[16, 32, 64])
ARGS.add_argument("--sides", type=int, nargs="+", default=[256, 512])
ARGS.add_argument("--threads", type=int, default=2)
ARGS.add_argument("--rounds", type=int, default=8)
ARGS.add_argument("--train", action="store_true")
ARGS.add_argument("--no-spin", action="store_true", help="peers' idle threads sleep: fairer CPU times on a busy machine")
args = ARGS.parse_args()
os.environ["OMP_NUM_THREADS"] = str(args.threads)
os.environ["RAYON_NUM_THREADS"] = str(args.threads)
# candle's own pool, for sums of large tensors, waits spinning; one thread does them as fast.
os.environ["CANDLE_NUM_THREADS"] = "1"
if args.no_spin:
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    os.environ["GOMP_SPINCOUNT"] = "0"
    os.environ["KMP_BLOCKTIME"] = "0"

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import save_file
from torch import nn

torch.set_num_threads(args.threads)


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1), nn.Conv2d(c, c, 3), nn.InstanceNorm2d(c), nn.ReLU(True),
            nn.ReflectionPad2d(1), nn.Conv2d(c, c, 3), nn.InstanceNorm2d(c))

    def forward(self, x):
        return x + self.conv_block(x)


class Generator(nn.Module):
    def __init__(self, w, blocks=9, halvings=4):
        super().__init__()
        act = nn.ReLU(True)
        m = [nn.ReflectionPad2d(3), nn.Conv2d(1, w, 7), nn.InstanceNorm2d(w), act]
        for i in range(halvings):
            c = w << i
            m += [nn.Conv2d(c, 2 * c, 3, stride=2, padding=1), nn.InstanceNorm2d(2 * c), act]
        m += [Block(w << halvings) for _ in range(blocks)]
        for i in range(halvings):
            c = w << (halvings - i)
            m += [nn.ConvTranspose2d(c, c // 2, 3, stride=2, padding=1, output_padding=1), nn.InstanceNorm2d(c // 2), act]
        m += [nn.ReflectionPad2d(3), nn.Conv2d(w, 1, 7), nn.Tanh()]
        self.model = nn.Sequential(*m)

    def forward(self, x):
        return self.model(x)


def to_onnx(net, side, path):
    """The graph is written by hand, so that no exporter has to be there."""
    nodes, init, n = [], [], [0]

    def const(a):
        n[0] += 1
        name = f"c{n[0]}"
        init.append(numpy_helper.from_array(a, name))
        return name

    def node(op, ins, **attrs):
        n[0] += 1
        out = f"t{n[0]}"
        nodes.append(helper.make_node(op, ins, [out], **attrs))
        return out

    def walk(x, m):
        if isinstance(m, Block):
            y = x
            for k in m.conv_block:
                y = walk(y, k)
            return node("Add", [x, y])
        if isinstance(m, nn.ReflectionPad2d):
            p = m.padding[0]
            return node("Pad", [x, const(np.array([0, 0, p, p, 0, 0, p, p], np.int64))], mode="reflect")
        w = lambda: [const(m.weight.detach().numpy()), const(m.bias.detach().numpy())]
        if isinstance(m, nn.ConvTranspose2d):
            return node("ConvTranspose", [x, *w()], strides=[2, 2], pads=[1] * 4, output_padding=[1, 1])
        if isinstance(m, nn.Conv2d):
            return node("Conv", [x, *w()], strides=list(m.stride), pads=list(m.padding) * 2)
        if isinstance(m, nn.InstanceNorm2d):
            c = m.num_features
            return node("InstanceNormalization", [x, const(np.ones(c, np.float32)), const(np.zeros(c, np.float32))], epsilon=1e-5)
        return node("Tanh" if isinstance(m, nn.Tanh) else "Relu", [x])

    x = "x"
    for m in net.model:
        x = walk(x, m)
    shape = [1, 1, side, side]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(x, TensorProto.FLOAT, shape)], init)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def timed(work):
    wall, cpu = time.perf_counter(), time.process_time()
    value = work()
    return time.perf_counter() - wall, time.process_time() - cpu, value


def compare(width, side, folder):
    torch.manual_seed(1)
    net = Generator(width)
    for p in net.parameters():
        if p.dim() == 4:
            nn.init.normal_(p, 0, 0.02)
    weights = f"{folder}/w{width}.safetensors"
    save_file({k: v.contiguous() for k, v in net.state_dict().items()}, weights)
    x = torch.sin(torch.arange(side * side, dtype=torch.float32) * 0.01).reshape(1, 1, side, side)
    ours = subprocess.Popen([args.program, weights, str(side)] + ["train"] * args.train,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask():
        ours.stdin.write("\n")
        ours.stdin.flush()
        wall, cpu, value = map(float, ours.stdout.readline().split())
        return wall, cpu, value

    runs = {"here": ask}
    if args.train:
        # The dead biases are not trained here either.
        live = [p for k, p in net.named_parameters() if p.dim() == 4 or k.startswith("model.38")]
        adamw = torch.optim.AdamW(live, lr=2e-4, betas=(0.5, 0.999), weight_decay=0.0, fused=True)
        target = x * 0.5

        def step():
            adamw.zero_grad()
            loss = (net(x) - target).abs().mean()
            loss.backward()
            adamw.step()
            return loss.item()

        runs["torch"] = lambda: timed(step)
    else:
        def eager():
            with torch.no_grad():
                return net(x)[0, 0, 0, 0].item()

        to_onnx(net, side, f"{folder}/g.onnx")
        options = ort.SessionOptions()
        options.intra_op_num_threads = args.threads
        if args.no_spin:
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        session = ort.InferenceSession(f"{folder}/g.onnx", options, providers=["CPUExecutionProvider"])
        feed = {"x": x.numpy()}
        runs["torch"] = lambda: timed(eager)
        runs["onnx"] = lambda: timed(lambda: float(session.run(None, feed)[0][0, 0, 0, 0]))
    times = {name: [] for name in runs}
    values = {name: [] for name in runs}
    for _ in range(args.rounds + 1):
        for name, run in runs.items():
            wall, cpu, value = run()
            times[name].append((wall, cpu))
            values[name].append(value)
    ours.stdin.close()
    ours.wait()
    # The first round warms up.
    best = {name: [1000 * min(t[i] for t in runs[1:]) for i in (0, 1)] for name, runs in times.items()}
    apart = max(abs(a - b) for name in values for a, b in zip(values["here"], values[name]))
    row = f"{width:5} {side:5}"
    for name, (wall, cpu) in best.items():
        row += f" | {name} {wall:7.1f} wall {cpu:7.1f} cpu"
    for name in list(best)[1:]:
        row += f" | here/{name} {best['here'][0] / best[name][0]:.2f} wall {best['here'][1] / best[name][1]:.2f} cpu"
    print(row, f"| apart {apart:.1e}", flush=True)


with tempfile.TemporaryDirectory() as folder:
    print(f"torch {torch.__version__}, onnxruntime {ort.__version__}, {args.threads} threads, ms, minimum of {args.rounds}")
    for side in args.sides:
        for width in args.widths:
            compare(width, side, folder)
sys.exit(0)
