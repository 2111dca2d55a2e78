#!/usr/bin/python3
"""kernelbench - side by side benchmark of Jupyter kernels over the wire protocol.

Needs only the standard library, pyzmq, and jupyter_client (to find kernelspecs).
Everything on the measuring side is a small raw client (own HMAC/JSON), so that the
client's own cost is low and the same for every kernel; `@echo` is a built-in
pseudo-kernel that does no work: it gives the floor of harness + ZMQ + JSON.

  kernelbench.py --kernel ir --kernel python3 --rounds 3 --json out.json --md out.md
  kernelbench.py --kernel ir --kernel mine:r --init 'mine=%connect demo' ...
  kernelbench.py --report baseline.json mine.json            (no run; one table of both)

Kernels are interleaved (A B C, A B C, ...); each round starts a fresh process of each.
"""
import argparse, hashlib, hmac, json, os, platform, re, shutil, signal, socket
import statistics, subprocess, sys, tempfile, time, uuid
import zmq

L79 = "".join(chr(97 + i % 26) for i in range(79))
DELIM = b"<IDS|MSG>"

# ----------------------------------------------------------------------------- presets
# {N} number of lines, {T} number of ticks; rich: [(name, code, wanted mime)]
PRESETS = {
    "r": dict(
        trivial="1+1", assign="x <- 1",
        stream='for (i in 1:{N}) cat("' + L79 + '\\n")',
        stream_bulk='cat(rep("' + L79 + '\\n", {N}), sep="")',
        live='for (i in 1:{T}) { cat(sprintf("%.6f\\n", as.numeric(Sys.time()))); flush.console(); Sys.sleep(0.1) }',
        live_plain='for (i in 1:{T}) { cat(sprintf("%.6f\\n", as.numeric(Sys.time()))); Sys.sleep(0.1) }',
        complete="x <- mean(rnor", inspect="mean", is_complete="f <- function(x) {",
        error='stop("boom")',
        sleep="Sys.sleep({S})", spin="repeat {}", state_set="kb_state <- 12345L", state_get="kb_state",
        rich=[("plot", "plot(1:10)", "image/png"), ("table", "head(mtcars)", "text/html"),
              ("ggplot", "library(ggplot2); print(ggplot(mtcars, aes(wt, mpg)) + geom_point())", "image/png")]),
    "python": dict(
        trivial="1+1", assign="x = 1",
        stream='for i in range({N}):\n    print("' + L79 + '")',
        stream_bulk='print(("' + L79 + '\\n") * {N}, end="")',
        live='import time\nfor i in range({T}):\n    print("%.6f" % time.time(), flush=True)\n    time.sleep(0.1)',
        live_plain='import time\nfor i in range({T}):\n    print("%.6f" % time.time())\n    time.sleep(0.1)',
        complete="x = 'abc'.sta", inspect="len", is_complete="def f(x):",
        error='raise ValueError("boom")',
        sleep="import time; time.sleep({S})", spin="while True: pass", state_set="kb_state = 12345", state_get="kb_state",
        rich=[("plot", "import matplotlib.pyplot as plt\nplt.plot(range(10)); plt.show()", "image/png"),
              ("table", "import pandas as pd\npd.DataFrame({'c%d' % j: [float(i * j) for i in range(6)] for j in range(11)})", "text/html")]),
    "javascript": dict(
        trivial="1+1", assign="var x = 1;",
        stream='for (let i = 0; i < {N}; i++) console.log("' + L79 + '");',
        stream_bulk='console.log(("' + L79 + '\\n").repeat({N}));',
        live='for (let i = 0; i < {T}; i++) { console.log(((performance.timeOrigin + performance.now()) / 1000).toFixed(6)); await new Promise(r => setTimeout(r, 100)); }',
        live_plain=None,
        complete="let kbq = Math.fl", inspect="Math.floor", is_complete="function f(x) {",
        error='throw new Error("boom")',
        sleep="await new Promise(r => setTimeout(r, {S} * 1000));", spin="while (true) {}", state_set="var kb_state = 12345;", state_get="console.log(kb_state)",
        rich=[]),
    "echo": dict(
        trivial="1+1", assign="x", stream="%stream {N} 1", stream_bulk="%stream {N} 100", live=None, live_plain=None,
        complete="x", inspect="x", is_complete="x", error=None, sleep=None, spin=None, state_set=None, state_get=None, rich=[]),
}
PRESETS["tslab"] = dict(PRESETS["javascript"], rich=[
    ("table", 'var tslab = require("tslab"); tslab.display.html("<table><tr><td>1</td></tr></table>")', "text/html")])
PRESETS["deno"] = dict(PRESETS["javascript"], rich=[
    ("table", "Deno.jupyter.html`<table><tr><td>1</td></tr></table>`", "text/html")])
PRESETS["ijs"] = dict(PRESETS["javascript"],
    live='$$.async(); (async () => { for (let i = 0; i < {T}; i++) { console.log(((performance.timeOrigin + performance.now()) / 1000).toFixed(6)); await new Promise(r => setTimeout(r, 100)); } $$.done(); })();',
    sleep="$$.async(); setTimeout(() => $$.done(), {S} * 1000);",
    rich=[("table", '$$.html("<table><tr><td>1</td></tr></table>")', "text/html")])
BY_NAME = {"tslab": "tslab", "jslab": "tslab", "deno": "deno", "javascript": "ijs", "@echo": "echo"}
BY_LANG = {"echo": "echo", "r": "r", "python": "python", "javascript": "javascript", "typescript": "javascript"}

# ----------------------------------------------------------------------------- process tree
def tree(pid):
    kids = {}
    for d in os.listdir("/proc"):
        if d.isdigit():
            try:
                s = open("/proc/%s/stat" % d).read()
                kids.setdefault(int(s[s.rindex(")") + 2:].split()[1]), []).append(int(d))
            except OSError:
                pass
    out, todo = [], [pid]
    while todo:
        p = todo.pop()
        out.append(p)
        todo += kids.get(p, [])
    return out

def mem(pid):
    """RSS and PSS (MiB) and CPU seconds of a process tree."""
    rss = pss = cpu = n = 0
    tck = os.sysconf("SC_CLK_TCK")
    for p in tree(pid):
        try:
            for l in open("/proc/%d/smaps_rollup" % p):
                if l.startswith("Rss:"): rss += int(l.split()[1])
                if l.startswith("Pss:"): pss += int(l.split()[1])
            f = open("/proc/%d/stat" % p).read()
            f = f[f.rindex(")") + 2:].split()
            cpu += sum(int(x) for x in f[11:15]) / tck
            n += 1
        except OSError:
            pass
    return dict(rss_mib=rss / 1024, pss_mib=pss / 1024, cpu_s=cpu, procs=n)

def calibrate():
    """A fixed piece of CPU work; a slow one says that the machine was busy."""
    b, t = b"x" * 4_000_000, time.perf_counter()
    for _ in range(3): hashlib.sha256(b).digest()
    return (time.perf_counter() - t) * 1e3

def pct(v, q):
    v = sorted(v)
    if not v: return None
    k = (len(v) - 1) * q / 100
    i = int(k)
    return v[i] + (v[min(i + 1, len(v) - 1)] - v[i]) * (k - i)

# ----------------------------------------------------------------------------- raw client
class Dead(Exception): pass
class Timeout(Exception): pass

LIVE = set()
def reap(*_a):
    for k in list(LIVE):
        try: os.killpg(k.proc.pid, signal.SIGKILL)
        except OSError: pass
        shutil.rmtree(k.dir, ignore_errors=True)
    if _a: os._exit(143)

class Kernel:
    def __init__(self, name, argv, env, interrupt_mode="signal", resource_dir="", log=None, cwd=None):
        self.name, self.interrupt_mode = name, interrupt_mode
        self.dir = tempfile.mkdtemp(prefix="kernelbench-")
        cf = os.path.join(self.dir, "kernel-%s.json" % uuid.uuid4())
        socks, ports = [], {}
        for c in ("shell", "iopub", "stdin", "control", "hb"):
            s = socket.socket(); s.bind(("127.0.0.1", 0)); socks.append(s)
            ports[c + "_port"] = s.getsockname()[1]
        for s in socks: s.close()
        self.key = uuid.uuid4().hex.encode()
        self.ports = ports
        json.dump(dict(ports, ip="127.0.0.1", key=self.key.decode(), transport="tcp",
                       signature_scheme="hmac-sha256", kernel_name=name), open(cf, "w"))
        os.chmod(cf, 0o600)
        e = dict(os.environ); e.update(env); e["JPY_PARENT_PID"] = str(os.getpid())
        e.pop("PYTHONUNBUFFERED", None)
        argv = [a.replace("{connection_file}", cf).replace("{resource_dir}", resource_dir) for a in argv]
        self.log = open(log, "ab") if log else subprocess.DEVNULL
        self.session = uuid.uuid4().hex
        self.mac = hmac.new(self.key, digestmod=hashlib.sha256)
        self.n, self.bad_sig, self.checked = 0, 0, 0
        # the sockets connect first, so that nothing that the kernel publishes is lost
        self.ctx = zmq.Context()
        self.sock = {}
        for c, t in (("shell", zmq.DEALER), ("control", zmq.DEALER), ("stdin", zmq.DEALER), ("iopub", zmq.SUB), ("hb", zmq.REQ)):
            s = self.ctx.socket(t)
            s.linger = 0; s.rcvhwm = 0; s.sndhwm = 0
            s.setsockopt(zmq.RECONNECT_IVL, 3)       # ZMQ's 100 ms would quantize the cold start
            if t == zmq.DEALER: s.identity = self.session.encode()
            if t == zmq.SUB: s.subscribe(b"")
            self.sock[c] = s
        self.t0 = time.perf_counter()
        self.proc = subprocess.Popen(argv, env=e, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                     start_new_session=True, cwd=cwd or self.dir)
        LIVE.add(self)
        for c, s in self.sock.items(): s.connect("tcp://127.0.0.1:%d" % ports[c + "_port"])
        self.poller = zmq.Poller()
        for c in ("shell", "iopub", "control", "stdin"): self.poller.register(self.sock[c], zmq.POLLIN)
        self.sockname = {s: c for c, s in self.sock.items()}

    # -- wire
    def sign(self, parts):
        m = self.mac.copy()
        for p in parts: m.update(p)
        return m.hexdigest().encode()

    def send(self, chan, typ, content):
        self.n += 1
        mid = "%s_%d" % (self.session, self.n)
        h = json.dumps(dict(msg_id=mid, username="kernelbench", session=self.session, msg_type=typ, version="5.3",
                            date=time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + ".%06dZ" % (time.time() % 1 * 1e6))).encode()
        p = [h, b"{}", b"{}", json.dumps(content).encode()]
        self.sock[chan].send_multipart([DELIM, self.sign(p)] + p)
        return mid

    def parse(self, frames, check=False):
        i = frames.index(DELIM)
        if check:
            self.checked += 1
            if frames[i + 1] != self.sign(frames[i + 2:i + 6]): self.bad_sig += 1
        return json.loads(frames[i + 2]), json.loads(frames[i + 3] or b"{}"), frames[i + 5]

    def execute(self, code, silent=False, store=True, stop=True):
        return self.send("shell", "execute_request", dict(code=code, silent=silent, store_history=store and not silent,
                         user_expressions={}, allow_stdin=False, stop_on_error=stop))

    def alive(self):
        if self.proc.poll() is not None: raise Dead("kernel exited with %s" % self.proc.returncode)

    def wait(self, mid, timeout=30, need=("reply", "idle"), chan="shell", check=False):
        """Until reply and idle of one request. Returns dict of perf_counter times, reply content, outputs."""
        r = dict(out=[]); end = time.perf_counter() + timeout; mb = mid.encode()
        while not all(k in r for k in need):
            left = end - time.perf_counter()
            if left <= 0: raise Timeout("%s: no %s in %gs" % (self.name, [k for k in need if k not in r], timeout))
            ev = self.poller.poll(min(left, 0.5) * 1000)
            if not ev: self.alive(); continue
            for s, _ in ev:
                while True:
                    try: f = s.recv_multipart(zmq.NOBLOCK)
                    except zmq.Again: break
                    t = time.perf_counter(); tw = time.time()
                    i = f.index(DELIM)
                    if mb not in f[i + 3]: continue
                    h, ph, c = self.parse(f, check)
                    if ph.get("msg_id") != mid: continue
                    ty = h["msg_type"]
                    if ty == "status":
                        st = json.loads(c)["execution_state"]
                        r.setdefault(st, t)
                    elif self.sockname[s] in ("shell", "control"):
                        r["reply"] = t; r["reply_type"] = ty; r["content"] = json.loads(c)
                    else:
                        r["out"].append((t, tw, ty, c))
        return r

    def rt(self, mid, t, **kw):
        r = self.wait(mid, **kw)
        r["ms"] = (max(r[k] for k in ("reply", "idle") if k in r) - t) * 1e3
        r["reply_ms"] = (r["reply"] - t) * 1e3 if "reply" in r else None
        return r

    def drain(self, ms=50):
        while self.poller.poll(ms):
            for s in list(self.sock.values()):
                if s.type == zmq.REQ: continue
                try:
                    while True: s.recv_multipart(zmq.NOBLOCK)
                except zmq.Again: pass

    # -- life
    def start(self, trivial, timeout=60):
        """Cold start: from just before the spawn to the first kernel_info_reply; then to a first executed cell."""
        mid = self.send("shell", "kernel_info_request", {})
        r = self.wait(mid, timeout, need=("reply",))
        d = dict(info_ms=(r["reply"] - self.t0) * 1e3)
        self.info = r["content"]
        missed = 0
        while missed < 20 and "idle" not in r:    # iopub may be connected only after shell
            try: self.wait(mid, 0.04, need=("idle",)); break
            except Timeout: missed += 1; mid = self.send("shell", "kernel_info_request", {})
        x = self.wait(self.execute(trivial), timeout)
        d.update(first_exec_ms=(max(x["reply"], x["idle"]) - self.t0) * 1e3, idle_missed=missed)
        return d

    def interrupt(self):
        if self.interrupt_mode == "message":
            return self.send("control", "interrupt_request", {})
        os.killpg(self.proc.pid, signal.SIGINT)

    def shutdown(self, limit=10):
        pids = tree(self.proc.pid)
        t = time.perf_counter()
        mid = self.send("control", "shutdown_request", dict(restart=False))
        d = dict(reply_ms=None, exit_ms=None, orphans=0)
        end = t + limit
        while time.perf_counter() < end:
            if self.poller.poll(2):
                for s in (self.sock["control"], self.sock["shell"], self.sock["iopub"]):
                    try:
                        while True:
                            f = s.recv_multipart(zmq.NOBLOCK); now = time.perf_counter()
                            h, ph, _ = self.parse(f)
                            if ph.get("msg_id") == mid and h["msg_type"] == "shutdown_reply" and d["reply_ms"] is None:
                                d["reply_ms"] = (now - t) * 1e3
                    except zmq.Again: pass
            if self.proc.poll() is not None:
                d["exit_ms"] = (time.perf_counter() - t) * 1e3; break
        time.sleep(0.2)
        d["orphans"] = sum(1 for p in pids if p != self.proc.pid and os.path.exists("/proc/%d" % p))
        self.close()
        return d

    def close(self):
        LIVE.discard(self)
        try: os.killpg(self.proc.pid, signal.SIGKILL)
        except OSError: pass
        try: self.proc.wait(5)
        except Exception: pass
        for s in self.sock.values(): s.close(0)
        self.ctx.term()
        shutil.rmtree(self.dir, ignore_errors=True)
        if self.log is not subprocess.DEVNULL: self.log.close()

# ----------------------------------------------------------------------------- measures
def m_roundtrip(k, P, A):
    for _ in range(A.n_warm):
        try: k.wait(k.execute(P["trivial"]), 3, check=True)
        except Timeout: pass
    ms, rep = [], []
    missed = 0
    for _ in range(A.n_exec):
        t = time.perf_counter()
        try: r = k.rt(k.execute(P["trivial"]), t, timeout=3)
        except Timeout:
            missed += 1
            if missed > 10: return dict(error="%d of %d cells without reply or idle in 3 s" % (missed, missed + len(ms)), missed=missed)
            continue
        ms.append(r["ms"]); rep.append(r["reply_ms"])
    return dict(missed=missed, p50=pct(ms, 50), p95=pct(ms, 95), p99=pct(ms, 99), reply_p50=pct(rep, 50), n=len(ms),
                bad_signatures=k.bad_sig, checked=k.checked, samples=[round(x, 4) for x in ms],
                out_types=sorted({o[2] for o in r["out"]}))

def m_throughput(k, P, A):
    k.drain(20)
    t = time.perf_counter()
    ids = [k.execute(P["assign"], silent=True) for _ in range(A.n_silent)]
    sent = time.perf_counter()
    left, idle, last, ok, moved = set(ids), False, ids[-1].encode(), 0, t
    while left or not idle:
        ev = k.poller.poll(500)
        if ev: moved = time.perf_counter()
        elif time.perf_counter() > moved + 10: return dict(error="%d replies missing, last idle %s" % (len(left), idle))
        if not ev: k.alive()
        for s, _ in ev:
            try:
                while True:
                    f = s.recv_multipart(zmq.NOBLOCK); i = f.index(DELIM)
                    if k.sockname[s] == "iopub":
                        if last in f[i + 3] and b'"idle"' in f[i + 5]: idle = True
                    else:
                        left.discard(json.loads(f[i + 3]).get("msg_id")); ok += b'"ok"' in f[i + 5]
            except zmq.Again: pass
    d = time.perf_counter() - t
    return dict(total_s=d, cells_per_s=A.n_silent / d, send_s=sent - t, ok=ok)

def stream_one(k, code, n):
    k.drain(20)
    raw = []; t = time.perf_counter(); mid = k.execute(code, store=False); mb = mid.encode()
    reply = idle = status = None; stray = 0; iop, sh = k.sock["iopub"], k.sock["shell"]; end = t + 240
    while reply is None or idle is None:
        ev = k.poller.poll(500)
        if time.perf_counter() > end or (reply and not ev and time.perf_counter() > max(reply, raw[-1][0] if raw else 0) + 5): break
        if not ev: k.alive()
        for s, _ in ev:
            try:
                while True:
                    f = s.recv_multipart(zmq.NOBLOCK); now = time.perf_counter(); i = f.index(DELIM)
                    if mb not in f[i + 3]:
                        stray += s is iop and L79.encode() in f[i + 5]; continue
                    if s is iop:
                        if b'"execution_state"' in f[i + 5] and b'"idle"' in f[i + 5]: idle = now
                        else: raw.append((now, f[i + 2], f[i + 5]))
                    elif s is sh: reply = now; status = json.loads(f[i + 5]).get("status")
            except zmq.Again: pass
    late = 0; quiet = time.perf_counter(); stop = quiet + 30
    while time.perf_counter() < min(stop, quiet + 0.5):      # what still comes after idle
        if not k.poller.poll(100): continue
        for s in (iop, sh):
            try:
                while True:
                    f = s.recv_multipart(zmq.NOBLOCK); i = f.index(DELIM); quiet = time.perf_counter()
                    late += f[i + 5].count(L79.encode())
            except zmq.Again: pass
    msgs = nb = 0; texts = []; first = last = None; biggest = 0   # a line may be split over two messages
    for now, h, c in raw:
        if b'"stream"' not in h: continue
        x = json.loads(c)["text"]
        msgs += 1; nb += len(x); texts.append(x); biggest = max(biggest, len(x)); first = first or now; last = now
    lines = "".join(texts).count(L79)
    tot = max(reply or end, idle or end) - t
    if status != "ok" or not msgs: return dict(error="status %s, %d messages, %d late lines" % (status, msgs, late))
    bad = {} if reply and idle else dict(error="no %s; %d of %d lines in %.0f s" % ("idle" if reply else "reply", lines, n, tot))
    return dict(bad, total_s=tot, mb_s=nb / 1e6 / tot, messages=msgs, bytes=nb, lines=lines, lost=n - lines - late, late=late, stray=stray, status=status, largest=biggest,
                first_ms=(first - t) * 1e3 if first else None, complete=reply is not None and idle is not None)

def m_stream(k, P, A): return stream_one(k, P["stream"].replace("{N}", str(A.lines)), A.lines)
def m_stream_bulk(k, P, A): return stream_one(k, P["stream_bulk"].replace("{N}", str(A.lines)), A.lines)

def live_one(k, code, T):
    t = time.perf_counter(); r = k.rt(k.execute(code, store=False), t, timeout=60)
    lags, n = [], 0
    for tp, tw, ty, c in r["out"]:
        if ty == "stream":
            x = [float(v) for v in re.findall(r"\d{10}\.\d{3,6}", json.loads(c)["text"])]
            if x: n += 1
            lags += [(tw - v) * 1e3 for v in x]
    if len(lags) != T: return dict(error="%d of %d ticks, status %s" % (len(lags), T, r["content"].get("status")))
    return dict(p50=pct(lags, 50), p95=pct(lags, 95), max=max(lags) if lags else None, ticks=len(lags), messages=n,
                total_ms=r["ms"], lags=[round(x, 3) for x in lags])

def m_live(k, P, A): return live_one(k, P["live"].replace("{T}", str(A.ticks)), A.ticks)
def m_live_plain(k, P, A): return live_one(k, P["live_plain"].replace("{T}", str(A.ticks)), A.ticks)

def many(k, A, typ, content, warm, n, look):
    v, r, missed, first = [], None, 0, None
    for i in range(warm + n):
        t = time.perf_counter()
        try: r = k.rt(k.send("shell", typ, content), t, timeout=3)
        except Timeout:
            missed += 1
            if missed > 5: return dict(error="%d requests without reply or idle in 3 s" % missed)
            continue
        if i >= warm: v.append(r["ms"])
        if first is None: first = r["ms"]
    return dict(look(r["content"]), missed=missed, p50=pct(v, 50), p95=pct(v, 95), first=first, n=n)

def m_complete(k, P, A):
    return many(k, A, "complete_request", dict(code=P["complete"], cursor_pos=len(P["complete"])), 10, 100,
                lambda c: dict(matches=len(c.get("matches", [])), status=c.get("status")))
def m_inspect(k, P, A):
    return many(k, A, "inspect_request", dict(code=P["inspect"], cursor_pos=len(P["inspect"]), detail_level=0), 3, 50,
                lambda c: dict(found=c.get("found"), status=c.get("status"), mimes=sorted(c.get("data") or {})))
def m_is_complete(k, P, A):
    return many(k, A, "is_complete_request", dict(code=P["is_complete"]), 5, 100, lambda c: dict(status=c.get("status")))

def m_error(k, P, A):
    v = []
    for i in range(15):
        time.sleep(0.3)                    # some kernels abort all that comes shortly after an error
        t = time.perf_counter(); r = k.rt(k.execute(P["error"]), t)
        if i >= 3: v.append(r["ms"])
    time.sleep(0.3)
    return dict(p50=pct(v, 50), status=r["content"].get("status"), ename=r["content"].get("ename"), out=[o[2] for o in r["out"]])

def m_rich(k, P, A):
    d = {}
    for name, code, mime in P["rich"]:
        v, arr, size, seen = [], [], 0, set()
        for i in range(9):
            t = time.perf_counter(); r = k.rt(k.execute(code), t, timeout=60)
            v.append(r["ms"])
            for tp, tw, ty, c in r["out"]:
                if ty in ("display_data", "execute_result"):
                    data = json.loads(c)["data"]; seen |= set(data)
                    if mime in data: size = len(data[mime]); arr.append((tp - t) * 1e3)
        d[name] = dict(first_ms=v[0], p50=pct(v[1:], 50), arrive_p50=pct(arr[1:], 50), ok=size > 0, size=size, mimes=sorted(seen),
                       status=r["content"].get("status"), evalue=r["content"].get("evalue"))
    return d

def m_hb(k, P, A):
    s, v = k.sock["hb"], []
    for i in range(210):
        t = time.perf_counter(); s.send(b"ping")
        if not s.poll(3000): return dict(error="no heartbeat reply in 3 s")
        s.recv()
        if i >= 10: v.append((time.perf_counter() - t) * 1e3)
    return dict(p50=pct(v, 50), p95=pct(v, 95))

def m_busy(k, P, A):
    """Heartbeat and control channel while a cell sleeps for 1.5 s (asked 0.3 s into it)."""
    t = time.perf_counter(); mid = k.execute(P["sleep"].replace("{S}", "1.5"), store=False)
    k.wait(mid, need=("busy",)); time.sleep(0.3)
    a = time.perf_counter(); k.sock["hb"].send(b"ping")
    hb = (time.perf_counter() - a) * 1e3 if k.sock["hb"].poll(5000) else None
    if hb is not None: k.sock["hb"].recv()
    a = time.perf_counter(); c = k.send("control", "kernel_info_request", {})
    try: ctl = (k.wait(c, 4, need=("reply",))["reply"] - a) * 1e3
    except Timeout: ctl = None
    try: k.wait(mid, 5, need=("idle",))      # may have been swallowed by the wait above
    except Timeout: pass
    return dict(hb_ms=hb, control_ms=ctl)

def m_interrupt(k, P, A, which="sleep", n=3):
    res = []
    code = P[which].replace("{S}", "30")
    for _ in range(n):
        k.wait(k.execute(P["state_set"]), 20)
        mid = k.execute(code); k.wait(mid, 20, need=("busy",))
        try:
            early = k.wait(mid, 0.5, need=("reply",)); res.append(dict(error="the cell ended before the interrupt: %s" % early["content"].get("status"))); break
        except Timeout: pass
        except Dead as e: res.append(dict(error=str(e))); break
        t = time.perf_counter(); k.interrupt()
        try:
            r = k.rt(mid, t, timeout=8)
            d = dict(ms=r["ms"], reply_ms=r["reply_ms"], status=r["content"].get("status"), ename=r["content"].get("ename"))
        except (Timeout, Dead) as e:
            res.append(dict(error=str(e)[:200])); break
        try:
            time.sleep(0.3)
            r = k.wait(k.execute(P["state_get"]), 20)
            d["state_survives"] = any(b"12345" in o[3] for o in r["out"] if o[2] != "execute_input")
        except (Timeout, Dead) as e:
            d["state_survives"] = False; d["after"] = str(e)[:200]; res.append(d); break
        res.append(d)
    ok = [d["ms"] for d in res if "ms" in d]
    return dict(p50=pct(ok, 50) if ok else None, state_survives=bool(res) and all(d.get("state_survives") for d in res), runs=res)

MEASURES = [("hb", m_hb), ("roundtrip", m_roundtrip), ("complete", m_complete), ("inspect", m_inspect), ("is_complete", m_is_complete),
            ("throughput", m_throughput), ("error", m_error), ("stream", m_stream), ("stream_bulk", m_stream_bulk), ("live", m_live),
            ("live_plain", m_live_plain), ("busy", m_busy), ("rich", m_rich)]
NEEDS = dict(live="live", live_plain="live_plain", busy="sleep", rich="rich", error="error", stream="stream", stream_bulk="stream_bulk")

# ----------------------------------------------------------------------------- one round
def find(name, A):
    """-> argv, env, interrupt_mode, resource_dir, language"""
    if name == "@echo":
        return [sys.executable, os.path.abspath(__file__), "--echo-kernel", "{connection_file}"], {}, "signal", "", "echo"
    for s in A.spec:
        n, _, d = s.partition("=")
        if n == name:
            f = d if d.endswith(".json") else os.path.join(d, "kernel.json")
            j = json.load(open(f))
            return j["argv"], j.get("env", {}), j.get("interrupt_mode", "signal"), os.path.dirname(os.path.abspath(f)), j["language"]
    from jupyter_client.kernelspec import KernelSpecManager
    s = KernelSpecManager().get_kernel_spec(name)
    return list(s.argv), {k: os.path.expandvars(v) for k, v in s.env.items()}, s.interrupt_mode, s.resource_dir, s.language

def one_round(name, preset, A, codes, init):
    P = dict(PRESETS[preset]); P.update(codes)
    argv, env, mode, rd, lang = find(name, A)
    if argv[0] in ("python", "python3") and os.path.exists("/usr/bin/python3"): argv[0] = "/usr/bin/python3"
    cwd = next((c.split("=", 1)[1] for c in A.cwd if c.startswith(name + "=")), None)
    mk = lambda: Kernel(name, argv, env, mode, rd, A.log, cwd)
    R = dict(load=os.getloadavg()[0], calib_ms=calibrate(), interrupt_mode=mode)
    k = mk()
    try:
        R["cold"] = k.start(P["trivial"]); R["info"] = {x: k.info.get(x) for x in ("protocol_version", "implementation", "implementation_version")}
        R["info"]["language"] = (k.info.get("language_info") or {}).get("name")
        if init: R["init_ms"] = k.rt(k.execute(init), time.perf_counter(), timeout=120)["ms"]
        time.sleep(0.3); R["mem_start"] = mem(k.proc.pid)
        for m, fn in MEASURES:
            if (A.only and m not in A.only) or m in A.skip: continue
            if m in NEEDS and not P.get(NEEDS[m]): continue
            try: R[m] = fn(k, P, A)
            except Timeout as e:
                R[m] = dict(error=str(e)[:300]); k.drain(500)
            except Dead: raise
            except Exception as e: R[m] = dict(error="%s: %s" % (type(e).__name__, str(e)[:300]))
            if A.verbose: print("    %s %s %s" % (name, m, json.dumps({a: b for a, b in R[m].items() if a not in ("samples", "lags")})[:400]), flush=True)
        R["mem_end"] = mem(k.proc.pid)
        R["shutdown"] = k.shutdown()
    except Exception as e:
        R["failed"] = "%s: %s" % (type(e).__name__, str(e)[:300]); k.close()
    if P.get("sleep") and "interrupt" not in A.skip and (not A.only or "interrupt" in A.only):
        for key, which, n in (("interrupt", "sleep", 3), ("interrupt_spin", "spin", 1)):
            k = mk()
            try:
                R["cold_" + key] = k.start(P["trivial"])
                if init: k.wait(k.execute(init), 120)
                R[key] = m_interrupt(k, P, A, which, n)
                if A.verbose: print("    %s %s %s" % (name, key, json.dumps(R[key])[:400]), flush=True)
                R["shutdown_" + key] = k.shutdown(3) if R[key]["p50"] is not None else k.close()
            except Exception as e:
                R[key] = dict(error="%s: %s" % (type(e).__name__, str(e)[:300])); k.close()
    return R

# ----------------------------------------------------------------------------- report
ROWS = [  # label, path, unit, digits, better
    ("cold start: launch -> kernel_info_reply", "cold.info_ms", "ms", 0, "low"),
    ("cold start: launch -> first cell done", "cold.first_exec_ms", "ms", 0, "low"),
    ("start again at once: launch -> first cell done", "cold_interrupt.first_exec_ms", "ms", 0, "low"),
    ("CPU used until ready", "mem_start.cpu_s", "s", 2, "low"),
    ("execute `1+1` p50 (reply and idle)", "roundtrip.p50", "ms", 3, "low"),
    ("execute `1+1` p95", "roundtrip.p95", "ms", 3, "low"),
    ("execute `1+1` p99", "roundtrip.p99", "ms", 3, "low"),
    ("cells without reply or idle", "roundtrip.missed", "", 0, "low"),
    ("silent cells, pipelined", "throughput.cells_per_s", "cells/s", 0, "high"),
    ("error cell p50", "error.p50", "ms", 2, "low"),
    ("stream line by line: total", "stream.total_s", "s", 2, "low"),
    ("stream line by line: rate", "stream.mb_s", "MB/s", 2, "high"),
    ("stream line by line: messages", "stream.messages", "", 0, None),
    ("stream line by line: first chunk", "stream.first_ms", "ms", 1, "low"),
    ("stream line by line: lines after idle", "stream.late", "", 0, "low"),
    ("stream line by line: lines lost", "stream.lost", "", 0, "low"),
    ("stream one big write: total", "stream_bulk.total_s", "s", 3, "low"),
    ("stream one big write: rate", "stream_bulk.mb_s", "MB/s", 1, "high"),
    ("stream one big write: messages", "stream_bulk.messages", "", 0, None),
    ("stream one big write: lines after idle", "stream_bulk.late", "", 0, "low"),
    ("stream one big write: lines lost", "stream_bulk.lost", "", 0, "low"),
    ("live ticks (flushed): lag p50", "live.p50", "ms", 2, "low"),
    ("live ticks (flushed): lag p95", "live.p95", "ms", 2, "low"),
    ("live ticks (no flush): lag p50", "live_plain.p50", "ms", 2, "low"),
    ("live ticks (no flush): lag p95", "live_plain.p95", "ms", 2, "low"),
    ("complete p50", "complete.p50", "ms", 2, "low"),
    ("complete: matches", "complete.matches", "", 0, None),
    ("inspect p50", "inspect.p50", "ms", 2, "low"),
    ("is_complete p50", "is_complete.p50", "ms", 3, "low"),
    ("interrupt of a sleep: until idle", "interrupt.p50", "ms", 1, "low"),
    ("  state survives", "interrupt.state_survives", "", 0, None),
    ("interrupt of a busy loop: until idle", "interrupt_spin.p50", "ms", 1, "low"),
    ("  state survives", "interrupt_spin.state_survives", "", 0, None),
    ("plot: first", "rich.plot.first_ms", "ms", 0, "low"),
    ("plot: then p50", "rich.plot.p50", "ms", 1, "low"),
    ("ggplot: first", "rich.ggplot.first_ms", "ms", 0, "low"),
    ("ggplot: then p50", "rich.ggplot.p50", "ms", 1, "low"),
    ("table (html): first", "rich.table.first_ms", "ms", 1, "low"),
    ("table (html): then p50", "rich.table.p50", "ms", 2, "low"),
    ("heartbeat p50", "hb.p50", "ms", 3, "low"),
    ("heartbeat while a cell sleeps 1.5 s", "busy.hb_ms", "ms", 1, "low"),
    ("control kernel_info while it sleeps", "busy.control_ms", "ms", 1, "low"),
    ("RSS of the tree at start", "mem_start.rss_mib", "MiB", 0, "low"),
    ("RSS of the tree at end", "mem_end.rss_mib", "MiB", 0, "low"),
    ("PSS of the tree at start", "mem_start.pss_mib", "MiB", 0, "low"),
    ("PSS of the tree at end", "mem_end.pss_mib", "MiB", 0, "low"),
    ("processes", "mem_end.procs", "", 0, None),
    ("shutdown: reply", "shutdown.reply_ms", "ms", 1, "low"),
    ("shutdown: process gone", "shutdown.exit_ms", "ms", 1, "low"),
    ("orphan processes left", "shutdown.orphans", "", 0, "low"),
    ("load average before the run", "load", "", 2, None),
    ("calibration (fixed CPU work)", "calib_ms", "ms", 1, None),
]

def dig(d, path):
    for p in path.split("."):
        if not isinstance(d, dict) or p not in d or isinstance(d.get("error"), str): return None
        d = d[p]
    return d

def summary(rounds):
    s = {}
    for _, path, *_r in ROWS:
        v = [x for x in (dig(r, path) for r in rounds) if x is not None]
        if not v: s[path] = None
        elif isinstance(v[0], bool): s[path] = all(v)
        else: s[path] = dict(median=statistics.median(v), min=min(v), max=max(v), n=len(v))
    return s

def table(data):
    names = list(data["kernels"]); base = names[0]
    S = {n: summary(data["kernels"][n]["rounds"]) for n in names}
    o = ["Medians over the rounds that succeeded, of %s (`[k/n ok]` where some failed: such a median flatters); in brackets the ratio to `%s` (for every row: its value / that of `%s`)." %
         ("/".join(str(len(data["kernels"][n]["rounds"])) for n in names), base, base), "",
         "| measure | unit | better | " + " | ".join(names) + " |", "|---|---|---|" + "---|" * len(names)]
    for label, path, unit, dg, better in ROWS:
        if all(S[n][path] is None for n in names): continue
        row = []
        for n in names:
            v, b = S[n][path], S[base][path]
            if v is None: row.append("-")
            elif isinstance(v, bool): row.append("yes" if v else "NO")
            else:
                x = "%.*f" % (dg, v["median"])
                tried = sum(1 for r in data["kernels"][n]["rounds"] if path.split(".")[0] in r)
                if v["n"] < tried: x += " [%d/%d ok]" % (v["n"], tried)
                if better and n != base and isinstance(b, dict) and b["median"]: x += " (%.3g)" % (v["median"] / b["median"])
                row.append(x)
        o.append("| %s | %s | %s | %s |" % (label, unit, better or "", " | ".join(row)))
    errs = {}
    for n in names:
        for r in data["kernels"][n]["rounds"]:
            if r.get("failed"): errs.setdefault((n, "session", re.sub(r"\d+", "#", r["failed"])[:60]), []).append(r["failed"])
            for key, v in r.items():
                if not isinstance(v, dict): continue
                e = v.get("error") if isinstance(v.get("error"), str) else next((x.get("error") or x.get("after") for x in v.get("runs", []) if isinstance(x, dict) and (x.get("error") or x.get("after"))), None)
                if e: errs.setdefault((n, key, re.sub(r"\d+", "#", e)[:60]), []).append(e)
    errs = ["- %s, %s: %d of %d rounds: %s" % (n, key, len(v), sum(1 for r in data["kernels"][n]["rounds"] if key == "session" or key in r), v[0]) for (n, key, _), v in errs.items()]
    if errs: o += ["", "Failures:", ""] + errs
    return "\n".join(o) + "\n"

# ----------------------------------------------------------------------------- the echo kernel
def echo_kernel(cf):
    c = json.load(open(cf)); ctx = zmq.Context(); key = c["key"].encode()
    mac = hmac.new(key, digestmod=hashlib.sha256)
    def bind(t, n):
        s = ctx.socket(t); s.linger = 500; s.sndhwm = 0; s.rcvhwm = 0; s.bind("tcp://127.0.0.1:%d" % c[n + "_port"]); return s
    iopub, shell, control, hb = bind(zmq.PUB, "iopub"), bind(zmq.ROUTER, "shell"), bind(zmq.ROUTER, "control"), bind(zmq.REP, "hb")
    bind(zmq.ROUTER, "stdin"); ses = uuid.uuid4().hex; n = [0]; count = 0
    def out(s, ids, typ, parent, content):
        n[0] += 1
        p = [json.dumps(dict(msg_id="%s_%d" % (ses, n[0]), username="k", session=ses, msg_type=typ, version="5.3", date="2020-01-01T00:00:00.000000Z")).encode(),
             parent, b"{}", json.dumps(content).encode()]
        m = mac.copy()
        for x in p: m.update(x)
        s.send_multipart(ids + [DELIM, m.hexdigest().encode()] + p)
    po = zmq.Poller()
    for s in (shell, control, hb): po.register(s, zmq.POLLIN)
    while True:
        for s, _ in po.poll():
            f = s.recv_multipart()
            if s is hb: hb.send_multipart(f); continue
            i = f.index(DELIM); h = json.loads(f[i + 2]); par = f[i + 2]; ids = f[:i]; con = json.loads(f[i + 5]); ty = h["msg_type"]
            out(iopub, [b"status"], "status", par, dict(execution_state="busy"))
            rep = dict(status="ok")
            if ty == "execute_request":
                count += 1; rep.update(execution_count=count, user_expressions={}, payload=[])
                if not con["silent"]: out(iopub, [b"execute_input"], "execute_input", par, dict(code=con["code"], execution_count=count))
                if con["code"].startswith("%stream"):
                    tot, per = map(int, con["code"].split()[1:]); txt = (L79 + "\n") * per
                    for _ in range(tot // per): out(iopub, [b"stream"], "stream", par, dict(name="stdout", text=txt))
                elif not con["silent"]: out(iopub, [b"execute_result"], "execute_result", par, dict(execution_count=count, data={"text/plain": "2"}, metadata={}))
            elif ty == "kernel_info_request":
                rep.update(protocol_version="5.3", implementation="echo", implementation_version="1", banner="", help_links=[],
                           language_info=dict(name="echo", version="1", mimetype="text/plain", file_extension=".txt"))
            elif ty == "complete_request": rep.update(matches=[], cursor_start=0, cursor_end=0, metadata={})
            elif ty == "inspect_request": rep.update(found=False, data={}, metadata={})
            elif ty == "is_complete_request": rep.update(status="complete")
            elif ty == "shutdown_request": rep.update(restart=con.get("restart"))
            out(s, ids, ty.replace("_request", "_reply"), par, rep)
            out(iopub, [b"status"], "status", par, dict(execution_state="idle"))
            if ty == "shutdown_request": ctx.destroy(200); return

# ----------------------------------------------------------------------------- main
def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--echo-kernel": return echo_kernel(sys.argv[2])
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--kernel", action="append", default=[], metavar="NAME[:PRESET]", help="kernelspec name, or @echo; PRESET one of " + " ".join(PRESETS))
    ap.add_argument("--spec", action="append", default=[], metavar="NAME=DIR", help="take NAME's kernel.json from DIR")
    ap.add_argument("--cwd", action="append", default=[], metavar="NAME=DIR", help="directory to start NAME in (a fresh temporary one otherwise)")
    ap.add_argument("--init", action="append", default=[], metavar="NAME=CODE", help="cell to run after the cold start (CODE or @file)")
    ap.add_argument("--code", action="append", default=[], metavar="NAME:KEY=CODE", help="replace one snippet for one kernel")
    keys = sorted({k for p in PRESETS.values() for k in p if k != "rich"})
    for key in keys: ap.add_argument("--code-" + key.replace("_", "-"), dest="code_" + key, help=argparse.SUPPRESS if key != "trivial" else "replace a snippet for all kernels (also: %s)" % ", ".join("--code-" + x.replace("_", "-") for x in keys))
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--n-exec", type=int, default=300); ap.add_argument("--n-warm", type=int, default=30)
    ap.add_argument("--n-silent", type=int, default=1000); ap.add_argument("--lines", type=int, default=100000); ap.add_argument("--ticks", type=int, default=20)
    ap.add_argument("--only", action="append", default=[], help="measure only: " + " ".join([m for m, _ in MEASURES] + ["interrupt"]))
    ap.add_argument("--skip", action="append", default=[])
    ap.add_argument("--json"); ap.add_argument("--md"); ap.add_argument("--log", help="the kernels' own stdout and stderr go here")
    ap.add_argument("--verbose", "-v", action="store_true")
    ap.add_argument("--report", nargs="+", metavar="JSON", help="no run: one table from saved results (first kernel is the base)")
    A = ap.parse_args()
    import atexit
    atexit.register(reap); signal.signal(signal.SIGTERM, reap)
    signal.signal(signal.SIGINT, signal.default_int_handler)   # else a run started with & hands "ignore SIGINT" down to the kernels
    if A.report:
        d = dict(kernels={})
        for f in A.report:
            for n, v in json.load(open(f))["kernels"].items(): d["kernels"][n if n not in d["kernels"] else n + "@" + os.path.basename(f)] = v
        t = table(d)
        if A.md: open(A.md, "w").write(t)
        return print(t)
    if not A.kernel: ap.error("name a kernel")
    if A.log: A.log = os.path.abspath(A.log)
    plan = []
    for s in A.kernel:
        name, _, preset = s.partition(":")
        if not preset: preset = BY_NAME.get(name) or BY_LANG.get(find(name, A)[4].lower())
        if preset not in PRESETS: ap.error("no preset for %s" % name)
        codes = {k: getattr(A, "code_" + k) for k in keys if getattr(A, "code_" + k) is not None}
        for c in A.code:
            n, _, rest = c.partition(":")
            if n == name: codes.update([rest.split("=", 1)])
        init = next((i.split("=", 1)[1] for i in A.init if i.startswith(name + "=")), None)
        if init and init.startswith("@"): init = open(init[1:]).read()
        plan.append((name, preset, codes, init))
    data = dict(meta=dict(date=time.strftime("%Y-%m-%dT%H:%M:%S%z"), argv=sys.argv[1:], host=platform.node(), cpus=os.cpu_count(), kernel=platform.release(),
                          python=platform.python_version(), pyzmq=zmq.__version__, libzmq=zmq.zmq_version()),
                kernels={n: dict(preset=p, rounds=[]) for n, p, _, _ in plan})
    def save():
        if A.json:
            data["summary"] = {n: summary(v["rounds"]) for n, v in data["kernels"].items()}
            json.dump(data, open(A.json + ".tmp", "w"), indent=1); os.replace(A.json + ".tmp", A.json)
    for r in range(A.rounds):
        for name, preset, codes, init in plan:
            t = time.time(); print("round %d/%d %s" % (r + 1, A.rounds, name), flush=True)
            try: R = one_round(name, preset, A, codes, init)
            except Exception as e: R = dict(failed="%s: %s" % (type(e).__name__, str(e)[:300]))
            R["took_s"] = time.time() - t; data["kernels"][name]["rounds"].append(R); save()
            print("  took %.1f s%s" % (R["took_s"], ", FAILED " + R["failed"] if R.get("failed") else ""), flush=True)
    t = table(data); print(t)
    if A.md: open(A.md, "w").write("# kernelbench, %s\n\n`%s`\n\n%s" % (data["meta"]["date"], " ".join(A.kernel), t))

if __name__ == "__main__": main()
