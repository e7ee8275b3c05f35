#!/usr/bin/env bash
# test/e2e/sites_test.sh TROUPE NATS_SERVER: deploy/sites from nothing to its end. Where there is a
# nats-server it is one broker of each site.
set -euo pipefail
troupe=$1
peer=${2:-}
cd "$(dirname "$0")/../.."
state=$(mktemp -d)
sites() { python3 deploy/sites/sites.py "$1" --state "$state/sites" --troupe "$troupe" "${@:2}" 2>&1; }
trap 'sites stop > /dev/null || true; rm -rf "$state"' EXIT

# refused TEXT COMMAND...: fails, and says TEXT.
refused() {
  local text=$1 said
  shift
  if said=$(sites "$@") || [[ $said != *"$text"* ]]; then
    echo "sites $*: expected to fail with '$text', but: $said"
    exit 1
  fi
}
refused "does not run; \`start\` begins" check
refused "MEMBER=PATH is needed" start --peer "osaka-1=$troupe"
refused "is not a program" start --peer tokyo-1=/nowhere
refused "from 1024 to" start --ports 80

peers=()
if [[ -x $peer ]]; then
  peers=(--peer "newyork-2=$peer" --peer "tokyo-1=$peer")
fi
sites start "${peers[@]}"
refused "run already" start
# On failure the brokers' own words are worth more than ours.
sites check || { tail -n 30 "$state"/sites/*.log; exit 1; }
sites stop
[[ $(sites stop) == "nothing of "* ]]
