#!/bin/sh
# Prints the settings of an environment as NAME=VALUE lines, without comments: settings.sh NAME
set -eu
file="$(dirname "$0")/../environments/$1.env"
if [ ! -f "$file" ]; then
    echo "there is no infra/environments/$1.env: copy infra/environments/example.env" >&2
    exit 1
fi
grep -E '^[A-Z][A-Z0-9_]*=' "$file"
