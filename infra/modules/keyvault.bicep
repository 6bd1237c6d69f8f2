// The secrets that no identity can replace. Written only where one is given, so that deploying again keeps them.

@description('Required. Name of the vault: 3 to 24 characters.')
@minLength(3)
@maxLength(24)
param name string

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags object

@description('Optional. Secret of the trusted application; empty = left as it is.')
@secure()
param erpnetClientSecret string = ''

@description('Optional. Secret that ERP.net sends with its webhook; empty = left as it is.')
@secure()
param erpnetWebhookSecret string = ''

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
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
  }
}

resource clientSecret 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = if (!empty(erpnetClientSecret)) {
  parent: vault
  name: 'erpnet-client-secret'
  properties: { value: erpnetClientSecret }
}

resource webhookSecret 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = if (!empty(erpnetWebhookSecret)) {
  parent: vault
  name: 'erpnet-webhook-secret'
  properties: { value: erpnetWebhookSecret }
}

@description('Name of the vault.')
output name string = vault.name
