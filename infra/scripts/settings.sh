#!/bin/sh
# Prints the settings of an environment as NAME=VALUE lines, without comments: settings.sh NAME
set -eu
file="$(dirname "$0")/../environments/$1.env"
if [ ! -f "$file" ]; then
    echo "there is no infra/environments/$1.env: copy infra/environments/example.env" >&2
    exit 1
fi
lines=$(tr -d '\r' <"$file" | grep -vE '^[[:space:]]*(#|$)') || true
if odd=$(printf '%s\n' "$lines" | grep -vE "^[A-Z][A-Z0-9_]*=([^[:space:]\"'].*)?$"); then
    echo "infra/environments/$1.env must hold lines like NAME=VALUE, without blanks around = and without quotes:" >&2
    printf '%s\n' "$odd" | sed 's/=.*/=…/' >&2
    exit 1
fi
printf '%s\n' "$lines"
