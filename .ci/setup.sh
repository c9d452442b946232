#!/usr/bin/env bash
# Make or refresh .venv from a hashed lock: .ci/setup.sh run|dev
# "run" holds what Crossflag needs, "dev" adds what its tests need. What is up to date is skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
unset VIRTUAL_ENV PYTHONHOME PYTHONPATH
export PIP_DISABLE_PIP_VERSION_CHECK=1

wanted=${1:-dev}
stamp=.venv/crossflag.stamp
lock=requirements/$wanted.lock
[ -f "$lock" ] || { echo "setup: there is no set '$wanted'; use run or dev" >&2; exit 2; }

# The development set contains the run set: never shrink it because a demo was asked for.
installed='' there='' key=''
[ ! -f "$stamp" ] || { read -r installed key; read -r there; } <"$stamp"
if [ "$wanted" = run ] && [ "$installed" = dev ]; then
  wanted=dev lock=requirements/dev.lock
fi

usable() { "$@" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
find_python() {
  local name
  for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3}; do
    if usable "$name"; then echo "$name"; return; fi
  done
  return 1
}

# A virtual environment holds absolute paths, so one that was moved or lost its Python is made anew.
python=.venv/bin/python
if ! usable "$python" || { [ -n "$there" ] && [ "$there" != "$PWD" ]; }; then
  base=$(find_python) || { .ci/system.sh python >&2 || true; base=$(find_python); } || {
    echo "setup: no Python 3.11 or newer with the venv module was found." \
      "On Debian: apt-get install python3-venv (or say which one: make PYTHON=/path/to/python3.11)." >&2
    exit 1
  }
  echo "setup: making .venv with $("$base" --version)"
  "$base" -m venv --clear .venv
  key=''
fi

now=$("$python" - "$lock" requirements/bootstrap.lock <<'PYTHON'
import hashlib, pathlib, sys
print(hashlib.sha256(b"".join(pathlib.Path(name).read_bytes() for name in sys.argv[1:])).hexdigest())
PYTHON
)
if [ "$installed $key" = "$wanted $now" ]; then exit 0; fi

rm -f "$stamp"
echo "setup: installing $lock (checked by hash)"
"$python" -m pip install --quiet --require-hashes --only-binary :all: -r requirements/bootstrap.lock
.venv/bin/uv pip sync --quiet --python "$python" --require-hashes --no-build "$lock"

# The project itself: its folder on the path and one command. No build step, so nothing more to fetch.
site=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
echo "$PWD" >"$site/crossflag.pth"
cat >.venv/bin/crossflag <<'SCRIPT'
#!/bin/sh
exec "$(dirname "$(readlink -f "$0")")/python" -P -c \
  'import sys; sys.argv[0] = "crossflag"; import crossflag; crossflag.main()' "$@"
SCRIPT
chmod +x .venv/bin/crossflag

echo "setup: compiling the kernels"
"$python" -m models.warm

printf '%s %s\n%s\n' "$wanted" "$now" "$PWD" >"$stamp"
echo "setup: done in $SECONDS s"
