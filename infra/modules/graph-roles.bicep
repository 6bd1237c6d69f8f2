// What the app may do in Microsoft Graph. The one who deploys needs AppRoleAssignment.ReadWrite.All and
// Application.Read.All; where that is somebody else's business: ../scripts/grant-graph-roles.sh.
extension microsoftGraphV1

@description('Required. Object id of the app\'s identity.')
param principalId string

@description('Required. Whether Exchange limits the mailboxes: grants add up, so Entra then gives User.Read.All only.')
param hasMailboxScope bool

var calendarsReadWrite = 'ef54d2bf-783f-4e0f-bca1-3210c0444d99'
var mailboxSettingsRead = '40f97065-369a-49f4-947c-6a255697ae91'
var userReadAll = 'df021288-bdef-4463-88db-98f22de89214'
var roleIds = hasMailboxScope ? [userReadAll] : [userReadAll, calendarsReadWrite, mailboxSettingsRead]

resource graph 'Microsoft.Graph/servicePrincipals@v1.0' existing = {
  appId: '00000003-0000-0000-c000-000000000000'
}

resource grants 'Microsoft.Graph/appRoleAssignedTo@v1.0' = [
  for roleId in roleIds: {
    appRoleId: roleId
    principalId: principalId
    resourceId: graph.id
  }
]
