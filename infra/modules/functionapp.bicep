// The function app and its settings. Settings come as one set: what is not here is gone after a deployment.

@description('Required. Name of the app: distinct within its first 32 characters, they become the host id.')
@maxLength(32)
param name string

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags { *: string }

@description('Required. Resource id of the plan.')
param planId string

@description('Required. Python version.')
param pythonVersion string

@description('Required. Resource id of the identity.')
param identityId string

@description('Required. Client id of the identity.')
param identityClientId string

@description('Required. Storage account of host, queues and state.')
param storageName string

@description('Required. Container that deployments are put into.')
param packageContainerName string

@description('Required. Vault of the ERP.net secrets.')
param vaultName string

@description('Required. Application Insights component.')
param insightsName string

@description('Required. Network that the app reaches storage and vault through; empty = none.')
param networkName string

@description('Required. Address of the app where it is not the one that Azure gives; empty = that one.')
param publicUrl string

@description('Required. Prefix of tables and queues.')
param statePrefix string

@description('Required. Schedule of the timer that looks at everybody.')
param syncSchedule string

@description('Required. Schedule of the timer that asks ERP.net.')
param pullSchedule string

@description('Required. The other settings by name, as text.')
param settings { *: string }

@description('Required. Whether the webhook of ERP.net is open.')
param hasErpnetWebhook bool

@description('Required. Upper limit of instances of each group: HTTP, the queue, each timer.')
param maximumInstances int

@description('Required. HTTP instances kept warm.')
param alwaysReadyHttp int

@description('Required. How instances are replaced by an update.')
param updateStrategy string

@description('Optional. Memory of an instance in MB; Graph and the store need about 150 MB.')
@allowed([
  512
  2048
  4096
])
param instanceMemoryMB int = 2048

@description('Optional. Requests an instance serves at once; the default of 1 would start a machine for each notification.')
@minValue(1)
param httpConcurrency int = 16

var webhookSetting = hasErpnetWebhook
  ? { ERPNET_WEBHOOK_SECRET: '@Microsoft.KeyVault(VaultName=${vaultName};SecretName=erpnet-webhook-secret)' }
  : {}
var subnetId = empty(networkName) ? null : resourceId('Microsoft.Network/virtualNetworks/subnets', networkName, 'apps')

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'api' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: planId
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${account.properties.primaryEndpoints.blob}${packageContainerName}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstances
        alwaysReady: alwaysReadyHttp > 0 ? [{ name: 'http', instanceCount: alwaysReadyHttp }] : []
        triggers: { http: { perInstanceConcurrency: httpConcurrency } }
      }
      runtime: {
        name: 'python'
        version: pythonVersion
      }
      #disable-next-line BCP037 // a preview: the published type may not have it yet, the platform has
      siteUpdateStrategy: { type: updateStrategy }
    }
  }
}

// Passwords for publishing are off: deployments come with an Entra token.
resource scmPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'scm'
  properties: { allow: false }
}

resource ftpPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'ftp'
  properties: { allow: false }
}

resource appSettings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'appsettings'
  properties: union(settings, webhookSetting, {
    PUBLIC_URL: empty(publicUrl) ? 'https://${app.properties.defaultHostName}' : publicUrl
    AZURE_TENANT_ID: tenant().tenantId
    AZURE_CLIENT_ID: identityClientId
    AzureWebJobsStorage__accountName: storageName
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsStorage__clientId: identityClientId
    APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
    AzureWebJobsDisableHomepage: 'true' // the bare address is ours: it leads to the page
    STATE_PREFIX: statePrefix
    SYNC_SCHEDULE: syncSchedule
    PULL_SCHEDULE: pullSchedule
    ERPNET_CLIENT_SECRET: '@Microsoft.KeyVault(VaultName=${vaultName};SecretName=erpnet-client-secret)'
  })
}

@description('Address of the app.')
output address string = 'https://${app.properties.defaultHostName}'
