# Runs one of the checks around a deployment with whatever Python there is: hook.ps1 preflight | grants | smoke
param([Parameter(Mandatory)][ValidateSet('preflight', 'grants', 'smoke')][string]$Check)
$ErrorActionPreference = 'Stop'
Set-Location (Join-Path $PSScriptRoot '../..')
foreach ($python in 'python3', 'python', 'py') {
    if (-not (Get-Command $python -ErrorAction SilentlyContinue)) { continue }
    & $python -c 'import sys; sys.exit(sys.version_info < (3, 11))'
    if ($LASTEXITCODE -eq 0) {
        & $python "infra/scripts/$Check.py"
        exit $LASTEXITCODE
    }
}
[Console]::Error.WriteLine('the checks of a deployment need Python 3.11 or newer on PATH (python or py)')
exit 1
