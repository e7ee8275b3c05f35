#!/usr/bin/env bash
# scripts/fuzz.sh BIN_DIR MINUTES: runs every libFuzzer target on its corpus; new inputs are kept
# beside the build, findings end the run with an error.
set -euo pipefail
bin=$1
minutes=$2
for fuzzer in "$bin"/*_fuzz; do
  name=$(basename "$fuzzer" _fuzz)
  found=$(dirname "$bin")/corpus/$name
  mkdir -p "$found"
  echo "== $name, $minutes minutes"
  words=()
  if [ -f "test/fuzz/dictionaries/$name" ]; then words=("-dict=test/fuzz/dictionaries/$name"); fi
  "$fuzzer" "${words[@]}" -max_total_time=$((minutes * 60)) -timeout=10 -rss_limit_mb=2048 \
    -print_final_stats=1 "$found" "test/fuzz/corpus/$name" 2> "$found.log" || { tail -n 40 "$found.log"; exit 1; }
  grep -E 'number_of_executed_units|average_exec_per_sec' "$found.log"
done
echo "no findings"
