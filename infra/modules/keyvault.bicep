// The secrets that no identity can replace. Written only where one is given, so that deploying again keeps them.

@description('Required. Name of the vault: 3 to 24 characters.')
@minLength(3)
@maxLength(24)
param name string

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags { *: string }

@description('Required. Whether the vault is reached by a private endpoint only (network.bicep).')
param isPrivate bool

@description('Required. Whether the vault is locked against deletion.')
param hasDeleteLock bool

@description('Required. Whether nobody can purge what was deleted. Never undone.')
param hasPurgeProtection bool

@description('Required. Whether each access to a secret is logged.')
param isAudited bool

@description('Required. Workspace that the accesses are logged to.')
param workspaceId string

@description('Optional. Secret of the trusted application; empty = left as it is.')
@secure()
param erpnetClientSecret string = ''

@description('Optional. Secret that ERP.net sends with its webhook; empty = left as it is.')
@secure()
param erpnetWebhookSecret string = ''

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    // True or not said: the service refuses false.
    enablePurgeProtection: hasPurgeProtection ? true : null
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: isPrivate ? 'Deny' : 'Allow'
    }
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
  }
}

resource clientSecret 'Microsoft.KeyVault/vaults/secrets@2025-05-01' = if (!empty(erpnetClientSecret)) {
  parent: vault
  name: 'erpnet-client-secret'
  properties: { value: erpnetClientSecret }
}

resource webhookSecret 'Microsoft.KeyVault/vaults/secrets@2025-05-01' = if (!empty(erpnetWebhookSecret)) {
  parent: vault
  name: 'erpnet-webhook-secret'
  properties: { value: erpnetWebhookSecret }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (isAudited) {
  name: 'secret-accesses'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'AuditEvent'
        enabled: true
      }
    ]
  }
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (hasDeleteLock) {
  name: 'calsync-secrets'
  scope: vault
  properties: {
    level: 'CanNotDelete'
    notes: 'Holds the secrets of ERP.net.'
  }
}
