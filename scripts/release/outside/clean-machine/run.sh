#!/bin/sh
# Runs the blocks of a document, /walk/blocks/N.sh, in order, in a clean folder. N.setting says what has to be there
# before; N.until is the text at which a program is stopped. Output and status go to N.output and N.status.
set -eu

mkdir -p /root/clean
cd /root/clean
# What the examples of the documents name.
SERVICE_KEY=the-key-of-a-service-of-this-document
export SERVICE_KEY
echo figures >figures.xlsx
echo report >report.pdf

main() {
  for block in $(find /walk/blocks -name '*.sh' | sort -V); do
    block=${block%.sh}
    status=0
    sh /walk/make-setting.sh "$(cat "$block.setting")" >"$block.output" 2>&1 || status=$?
    if [ "$status" -ne 0 ]; then
      echo 'The setting could not be made.' >>"$block.output"
    elif [ -s "$block.until" ]; then
      run_until "$block" || status=$?
    else
      sh -e "$block.sh" >"$block.output" 2>&1 </dev/null || status=$?
    fi
    echo "$status" >"$block.status"
  done
}

# Stops the program at the end of the block once it has said what it should, and expects that it ends well.
run_until() {
  : >"$1.output"
  setsid sh -e "$1.sh" >"$1.output" 2>&1 </dev/null &
  runner=$!
  seconds=0
  until grep -qF "$(cat "$1.until")" "$1.output"; do
    kill -0 "$runner" 2>/dev/null || return 1
    [ "$seconds" -lt 120 ] || return 124
    sleep 1
    seconds=$((seconds + 1))
  done
  pkill -TERM -o -s "$runner" -f runtime/node
  wait "$runner"
}

main
exit
