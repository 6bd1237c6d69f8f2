#!/bin/sh
# Runs one of the checks around a deployment with whatever Python there is: hook.sh preflight | grants | smoke
set -eu
case "${1:-}" in
    preflight | grants | smoke) ;;
    *)
        echo "usage: hook.sh preflight | grants | smoke" >&2
        exit 2
        ;;
esac
cd "$(dirname "$0")/../.."
for python in "${CALSYNC_HOOK_PYTHON:-}" python3 python py .venv/bin/python; do
    if [ -n "$python" ] && "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        exec "$python" "infra/scripts/$1.py"
    fi
done
echo "the checks of a deployment need Python 3.11 or newer on PATH, or named in CALSYNC_HOOK_PYTHON" >&2
exit 1
