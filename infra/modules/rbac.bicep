// Who may do what with data. Owner and Contributor give none of this; each role id has its name beside it.

@description('Required. The app\'s identity.')
param identityName string

@description('Required. Object id of whom the command line signs in as; empty = nobody.')
param operatorPrincipalId string

@description('Required. What operatorPrincipalId is.')
@allowed([
  'Group'
  'ServicePrincipal'
  'User'
])
param operatorPrincipalType string

@description('Required. Storage account.')
param storageName string

@description('Required. Key Vault.')
param vaultName string

@description('Required. Application Insights component.')
param insightsName string

var storageBlobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
var storageQueueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
var storageTableDataContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
var keyVaultSecretsUser = '4633458b-17de-408a-b874-0445c86b69e6'
var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

// Queue contributor, not the narrower trigger roles: those cannot move a message to the poison queue.
var storageRoles = [storageBlobDataOwner, storageQueueDataContributor, storageTableDataContributor]
var operatorRoles = [storageQueueDataContributor, storageTableDataContributor]

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageName
}

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = {
  name: vaultName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

// Named after the identity and not after its object id, which nobody knows before it exists: a what-if would be blind.
resource storageGrants 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for roleId in storageRoles: {
    name: guid(account.id, identity.id, roleId)
    scope: account
    properties: {
      principalId: identity.properties.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
    }
  }
]

resource vaultGrant 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, identity.id, keyVaultSecretsUser)
  scope: vault
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsUser)
  }
}

resource insightsGrant 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, identity.id, monitoringMetricsPublisher)
  scope: insights
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
  }
}

resource operatorGrants 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for roleId in operatorRoles: if (!empty(operatorPrincipalId)) {
    name: guid(account.id, operatorPrincipalId, roleId)
    scope: account
    properties: {
      principalId: operatorPrincipalId
      principalType: operatorPrincipalType
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
    }
  }
]
