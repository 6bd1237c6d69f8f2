#!/bin/sh
# Runs one of the checks around a deployment with whatever Python there is: hook.sh preflight | grants | smoke
set -eu
cd "$(dirname "$0")/../.."
for python in "${CALSYNC_HOOK_PYTHON:-python3}" python .venv/bin/python; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        exec "$python" "infra/scripts/$1.py"
    fi
done
echo "the checks of a deployment need Python 3.11 or newer on PATH (python3 or python)" >&2
exit 1
