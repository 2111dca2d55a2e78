# Sourced by the scripts: the project's folder as `root`, and every folder that a command writes to inside it.
# Settings of the person's own are dropped, so that the commands do the same everywhere.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
venv="$root/.venv"
cache="$root/.cache"

for name in $(compgen -v RSERVER_) $(compgen -v JUPYTER_); do unset "$name"; done
unset name PYTHONPATH PYTHONHOME VIRTUAL_ENV CONDA_PREFIX

export JUPYTER_DATA_DIR="$cache/jupyter/data"
export JUPYTER_CONFIG_DIR="$cache/jupyter/config"
# Short: with the transport ipc the sockets lie here, and the system allows their paths 107 bytes.
export JUPYTER_RUNTIME_DIR="$cache/jr"
export JUPYTER_PLATFORM_DIRS=0
export IPYTHONDIR="$cache/ipython"
export MPLCONFIGDIR="$cache/matplotlib"
export RSERVER_DATA_DIR="$cache/server"
export RSERVER_RUNTIME_DIR="$cache/run"
export RSERVER_CONFIG="$cache/profiles.toml"
export PYTHONNOUSERSITE=1

mkdir -p "$JUPYTER_DATA_DIR" "$JUPYTER_CONFIG_DIR" "$IPYTHONDIR" "$MPLCONFIGDIR" "$cache/setup"
mkdir -p -m 700 "$JUPYTER_RUNTIME_DIR" "$RSERVER_RUNTIME_DIR"

say() { printf '%s\n' "$*"; }
fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# The project's own TypeScript programs.
run_script() {
  local script="$1"
  shift
  node "$root/node_modules/tsx/dist/cli.mjs" "$root/scripts/$script" "$@"
}
