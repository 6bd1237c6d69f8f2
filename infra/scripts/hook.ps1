# Runs one of the checks around a deployment with whatever Python there is: hook.ps1 preflight | grants | smoke
param([Parameter(Mandatory)][ValidateSet('preflight', 'grants', 'smoke')][string]$Check)
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $false
Set-Location (Join-Path $PSScriptRoot '../..')
foreach ($python in $env:CALSYNC_HOOK_PYTHON, 'python3', 'python', 'py', '.venv/Scripts/python.exe') {
    if (-not $python -or -not (Get-Command $python -ErrorAction SilentlyContinue)) { continue }
    & $python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>$null
    if ($LASTEXITCODE -eq 0) {
        & $python "infra/scripts/$Check.py"
        exit $LASTEXITCODE
    }
}
[Console]::Error.WriteLine('the checks of a deployment need Python 3.11 or newer on PATH, or named in CALSYNC_HOOK_PYTHON')
exit 1
