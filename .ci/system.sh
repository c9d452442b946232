#!/usr/bin/env bash
# Install what Python packages cannot bring: .ci/system.sh python|browser|postgresql|java|faketime
# With root and apt it installs; otherwise it says what is missing and what that leaves out. It never fails.
set -uo pipefail

available() { command -v "$1" >/dev/null 2>&1; }
present() {
  case $1 in
    python) python3 -c 'import ensurepip, venv' 2>/dev/null ;;
    browser) available chromium || available chromium-browser || available google-chrome ;;
    java) available java ;;
    faketime) compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' >/dev/null ;;
    postgresql) available initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ;;
  esac
}
install() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq -o DPkg::Lock::Timeout=120 update &&
    apt-get -qq -y -o DPkg::Lock::Timeout=120 install --no-install-recommends "$@" >/dev/null
}

for need in "$@"; do
  case $need in
    python) packages=(python3-venv) without="Crossflag cannot be set up" ;;
    browser) packages=(chromium fonts-liberation) without="the tests marked 'browser' (the console in a real browser) are left out" ;;
    postgresql) packages=(postgresql) without="the tests of the store on PostgreSQL are left out" ;;
    java) packages=(default-jre-headless) without="the tests marked 'spark' and --engine spark are left out" ;;
    faketime) packages=(libfaketime) without="the test of a service whose clock is stepped is left out" ;;
    *) echo "system: '$need' is not known; use python, browser, postgresql, java or faketime" >&2; continue ;;
  esac
  present "$need" && continue
  if [ "$(id -u)" = 0 ] && available apt-get; then
    echo "system: installing ${packages[*]}"
    install "${packages[@]}" && present "$need" && continue
    echo "system: apt-get could not install ${packages[*]}: $without." >&2
  else
    echo "system: ${packages[*]} missing: $without. As root on Debian: apt-get install ${packages[*]}" >&2
  fi
done
exit 0
