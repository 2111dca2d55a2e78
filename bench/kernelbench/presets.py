"""What is run in each language. {N}: number of lines or bytes, {T}: number of ticks, {S}: seconds."""

LINE = "".join(chr(97 + i % 26) for i in range(79))
LINE_BYTES = len(LINE) + 1

R = dict(
    trivial="1+1",
    assign="x <- 1",
    stream='for (i in 1:{N}) cat("' + LINE + '\\n")',
    stream_bulk='cat(rep("' + LINE + '\\n", {N}), sep="")',
    flood='x <- strrep("' + LINE + '\\n", 1000); for (i in 1:{N}) cat(x)',
    size='cat(strrep("' + LINE + '\\n", {N}))',
    live='for (i in 1:{T}) { cat(sprintf("%.6f\\n", as.numeric(Sys.time()))); flush.console(); Sys.sleep(0.1) }',
    live_plain='for (i in 1:{T}) { cat(sprintf("%.6f\\n", as.numeric(Sys.time()))); Sys.sleep(0.1) }',
    complete="x <- mean(rnor",
    inspect="mean",
    is_complete="f <- function(x) {",
    error='stop("boom")',
    sleep="Sys.sleep({S})",
    spin="repeat {}",
    spin_for="end <- Sys.time() + {S}; while (Sys.time() < end) NULL",
    subprocess='system("sleep {S}")',
    state_set="kb_state <- 12345L",
    state_get="kb_state",
    rich=[
        ("plot", "plot(1:10)", "image/png"),
        ("table", "head(mtcars)", "text/html"),
        ("ggplot", "library(ggplot2); print(ggplot(mtcars, aes(wt, mpg)) + geom_point())", "image/png"),
    ],
    # A program that says that it is ready, waits for a line, and then runs the code.
    bare=lambda code: ["Rscript", "-e", 'cat("ready\\n"); input <- file("stdin"); invisible(readLines(input, 1L)); close(input)\n' + code],
)

PYTHON = dict(
    trivial="1+1",
    assign="x = 1",
    stream='for i in range({N}):\n    print("' + LINE + '")',
    stream_bulk='print(("' + LINE + '\\n") * {N}, end="")',
    flood='x = ("' + LINE + '\\n") * 1000\nfor i in range({N}):\n    print(x, end="")',
    size='print(("' + LINE + '\\n") * {N}, end="")',
    live='import time\nfor i in range({T}):\n    print("%.6f" % time.time(), flush=True)\n    time.sleep(0.1)',
    live_plain='import time\nfor i in range({T}):\n    print("%.6f" % time.time())\n    time.sleep(0.1)',
    complete="x = 'abc'.sta",
    inspect="len",
    is_complete="def f(x):",
    error='raise ValueError("boom")',
    sleep="import time; time.sleep({S})",
    spin="while True: pass",
    spin_for="import time\nend = time.time() + {S}\nwhile time.time() < end: pass",
    subprocess='import subprocess; subprocess.run(["sleep", "{S}"])',
    state_set="kb_state = 12345",
    state_get="kb_state",
    rich=[
        ("plot", "import matplotlib.pyplot as plt\nplt.plot(range(10)); plt.show()", "image/png"),
        (
            "table",
            "import pandas as pd\n"
            "pd.DataFrame({'c%d' % j: [float(i * j) for i in range(6)] for j in range(11)})",
            "text/html",
        ),
    ],
    bare=lambda code: ["python3", "-c", 'import sys; print("ready", flush=True); sys.stdin.readline()\n' + code],
)

# Kernels that run nothing: only what any cell can be measured by.
NOTHING = dict(trivial="1+1", assign="x", complete="x", inspect="x", is_complete="x", rich=[])

PRESETS = dict(r=R, python=PYTHON, nothing=NOTHING)
