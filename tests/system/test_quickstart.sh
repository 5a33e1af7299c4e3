#!/bin/bash
# The first thing anybody runs must work, say that the books agree, and leave nothing behind.
set -euo pipefail
TMPDIR=$(mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
"$LOYALTY_SOURCE/quickstart" | tee "$TMPDIR/output"
grep -qx 'purchases sent      90' "$TMPDIR/output"
grep -qx 'lost                0' "$TMPDIR/output"
grep -qx 'doubled             0' "$TMPDIR/output"
grep -q 'Lunch card: 7 of 9' "$TMPDIR/output"
grep -q 'You have earned: A free lunch' "$TMPDIR/output"
grep -q 'queued as event' "$TMPDIR/output" # the daemon was killed while tills were selling
rm "$TMPDIR/output"
if [ -n "$(ls -A "$TMPDIR")" ]; then
    echo "left behind: $(ls -A "$TMPDIR")" >&2
    exit 1
fi
