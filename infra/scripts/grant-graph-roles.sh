#!/usr/bin/env bash
# Grants the app's identity its Microsoft Graph permissions; what is granted already stays as it is.
#   grant-graph-roles.sh OBJECT-ID [--mailbox-scope]
# OBJECT-ID is the identity's object id (output CALSYNC_PRINCIPAL_ID). With --mailbox-scope Exchange limits the
# mailboxes, and Entra grants User.Read.All only, because grants add up. Needs `az login` as somebody who may grant
# (Privileged Role Administrator).
set -euo pipefail

GRAPH=https://graph.microsoft.com/v1.0
GRAPH_APP=00000003-0000-0000-c000-000000000000

usage() {
    echo "usage: grant-graph-roles.sh OBJECT-ID [--mailbox-scope]" >&2
    exit 2
}

principal=${1:-}
[[ $principal =~ ^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$ ]] || usage
roles=(User.Read.All=df021288-bdef-4463-88db-98f22de89214)
case ${2:-} in
    "")
        roles+=(Calendars.ReadWrite=ef54d2bf-783f-4e0f-bca1-3210c0444d99)
        roles+=(MailboxSettings.Read=40f97065-369a-49f4-947c-6a255697ae91)
        ;;
    --mailbox-scope) ;;
    *) usage ;;
esac

graph_sp=$(az ad sp show --id "$GRAPH_APP" --query id -o tsv)
assignments="$GRAPH/servicePrincipals/$principal/appRoleAssignments"
granted=$(az rest --method GET --url "$assignments" --query "value[?resourceId=='$graph_sp'].appRoleId" -o tsv)

for role in "${roles[@]}"; do
    name=${role%%=*} id=${role#*=}
    if grep -qixF "$id" <<<"$granted"; then
        echo "$name: granted before"
        continue
    fi
    body="{\"principalId\":\"$principal\",\"resourceId\":\"$graph_sp\",\"appRoleId\":\"$id\"}"
    az rest --method POST --url "$assignments" --headers Content-Type=application/json --body "$body" --output none
    echo "$name: granted"
done
