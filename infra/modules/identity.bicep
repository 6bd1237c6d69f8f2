// Who the app is, to Azure and to Microsoft Graph. It outlives the app, so its permissions do too.

@description('Required. Name of the identity.')
param name string

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags { *: string }

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('Resource id.')
output id string = identity.id

@description('Object id: receives roles and permissions.')
output principalId string = identity.properties.principalId

@description('Client id: names the identity in the app.')
output clientId string = identity.properties.clientId
