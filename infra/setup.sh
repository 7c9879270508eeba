#!/usr/bin/env bash
# Makes a virtual environment that holds exactly what a lock file names; does nothing when it is made already.
#
#   infra/setup.sh [FOLDER [LOCK]]      default: .venv infra/requirements/development.txt
#
# The default folder also gets the project itself, editable. Needs Python 3.11 or newer and nothing else: uv comes out
# of the lock; where it has no wheel or cannot reach what pip is set up for, pip does the work, only slower.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=${1:-.venv}
lock=${2:-infra/requirements/development.txt}
development=infra/requirements/development.txt
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

# What the folder was made from. It is written last, so that an interrupted set-up is done again.
wanted() { cat "$lock"; [ "$folder" != .venv ] || cat pyproject.toml; }
if [ -x "$folder/bin/python" ] && "$folder/bin/python" -c '' 2>/dev/null && wanted | cmp -s - "$folder/made-from"; then
  exit 0
fi

find_python() {
  local name
  for name in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python3.14 python; do
    if command -v "$name" >/dev/null &&
      "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  {
    echo "No usable Python was found: it takes Python 3.11 or newer with its venv module."
    for name in ${PYTHON:-} python3.14 python3.13 python3.12 python3.11 python3; do
      command -v "$name" >/dev/null || continue
      echo "  $(command -v "$name"): $("$name" --version 2>&1)," \
        "$("$name" -c 'import venv, ensurepip' 2>/dev/null && echo 'too old' || echo 'without venv (on Debian and Ubuntu: install python3-venv)')"
    done
    echo "Install one, or name it: make setup PYTHON=/path/to/python3.11"
  } >&2
  return 1
}

say() { echo "setup: $*" >&2; }
[ -w "${HOME:-/}" ] || export UV_NO_CACHE=1
export UV_SYSTEM_CERTS=1 # trust whom the machine trusts, as pip does

if [ -x "$folder/bin/uv" ] && "$folder/bin/python" -c '' 2>/dev/null; then
  say "bringing $folder up to date with $lock"
else
  python=$(find_python)
  say "making $folder with $("$python" --version) from $lock (ten seconds to a minute)"
  "$python" -m venv --clear "$folder"
fi

install_uv() {
  local lines status=0
  lines=$(mktemp)
  sed -n '/^uv==/,/[^\\]$/p' "$development" >"$lines"
  "$folder/bin/python" -m pip install -qq --no-deps --require-hashes -r "$lines" || status=$?
  rm -f "$lines"
  return "$status"
}

if { [ -x "$folder/bin/uv" ] || install_uv; } &&
  "$folder/bin/uv" pip install --quiet --python "$folder/bin/python" --require-hashes -r "$lock"; then
  :
else
  say "uv cannot do it here; going on with pip, which takes a few minutes"
  "$folder/bin/python" -m pip install -qq --no-deps --require-hashes -r "$lock"
fi
if [ "$folder" = .venv ]; then
  # compat: a plain path file, which costs a starting process nothing
  "$folder/bin/python" -m pip install -qq --no-deps --no-build-isolation --no-index \
    --config-settings editable_mode=compat -e .
fi
wanted >"$folder/made-from"
say "done"
