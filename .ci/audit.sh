#!/usr/bin/env bash
# Looks every locked package up among known vulnerabilities. Without an advisory source within reach
# it says so in one line and ends well: an audit that could not be made is no finding.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

said=$(mktemp)
trap 'rm -f "$said"' EXIT
status=0
for lock in run dev spark; do
  timeout 300 .venv/bin/python -m pip_audit --requirement "requirements/$lock.lock" --require-hashes \
    --disable-pip --progress-spinner off --timeout 10 >"$said" 2>&1 || status=$?
  if [ "$status" -eq 0 ]; then
    echo "audit: requirements/$lock.lock: nothing known"
  elif grep -qiE "connection|timed? ?out|resolve|unreachable|proxy|ServiceError|Max retries|40[34]|50[0-9]" "$said"; then
    echo "audit: SKIPPED, no source of advisories can be reached from here"
    exit 0
  else
    cat "$said"
    exit "$status"
  fi
done
