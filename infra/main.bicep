// Everything calsync needs in one subscription: names and wires only, each concern in its module.
// No key anywhere: one user-assigned identity, role assignments, and a vault for the secrets that ERP.net insists on.
targetScope = 'subscription'

@description('Required. Name of the environment; becomes part of every name and the tag by which azd finds its own.')
@minLength(1)
@maxLength(64)
param environmentName string

@description('Required. Region of everything; it must offer Flex Consumption with the chosen Python.')
@minLength(1)
param location string

@description('Required. Root of the ERP.net instance, like https://acme.my.erp.net.')
@minLength(1)
param erpnetUrl string

@description('Required. ApplicationUri of the trusted application in ERP.net.')
@minLength(1)
param erpnetClientId string

@description('Optional. Secret of the trusted application; left empty, the one in the vault stays as it is.')
@secure()
param erpnetClientSecret string = ''

@description('Optional. Whether ERP.net calls our webhook; its secret is then taken from the vault.')
param hasErpnetWebhook bool = false

@description('Conditional. Secret of the webhook where hasErpnetWebhook is true; left empty, the one in the vault stays.')
@secure()
param erpnetWebhookSecret string = ''

@description('Optional. Prefix of all tables and queues: 3 to 21 lower-case letters and digits, a letter first.')
@minLength(3)
@maxLength(21)
param statePrefix string = 'calsync'

@description('Optional. When everybody is looked at, as a six-field NCRONTAB expression in UTC.')
param syncSchedule string = '0 */15 * * * *'

@description('Optional. When ERP.net is asked for changes, as a six-field NCRONTAB expression in UTC.')
param pullSchedule string = '30 * * * * *'

@description('Optional. Further settings of the app by name, as text; what is not named keeps its default.')
param settings object = {}

@description('Optional. Python of the app; 3.13 only where the region offers it on Flex Consumption.')
@allowed([
  '3.11'
  '3.12'
  '3.13'
])
param pythonVersion string = '3.12'

@description('Optional. Upper limit of instances: six triggers stand on instances of their own, ERP.net lets few work.')
@minValue(6)
@maxValue(1000)
param maximumInstances int = 10

@description('Optional. HTTP instances kept warm: Graph drops notifications that a cold start answers too late.')
@minValue(0)
param alwaysReadyHttp int = 1

@description('Optional. Client id of the app registration for the sign-in page; empty = App Service authentication off.')
param portalClientId string = ''

@description('Optional. Whether the identity gets its Graph permissions here; needs more than Azure Owner, public cloud only.')
param assignGraphRoles bool = false

@description('Conditional. With assignGraphRoles: true where Exchange limits the mailboxes, so that Entra must not grant them.')
param hasMailboxScope bool = false

@description('Optional. Object id of the service principal that the command line signs in as; it gets queues and tables.')
param operatorPrincipalId string = ''

@description('Optional. Ids of action groups that alerts call; without them alerts only show in Azure Monitor.')
param actionGroupIds array = []

var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }
var workQueue = '${statePrefix}-work'
var tableNames = ['Users', 'State', 'Meetings', 'Journal']
var erpnetSettings = {
  ERPNET_URL: erpnetUrl
  ERPNET_CLIENT_ID: erpnetClientId
}

resource group 'Microsoft.Resources/resourceGroups@2021-04-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    name: 'id-calsync-${token}'
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    workspaceName: 'log-calsync-${token}'
    insightsName: 'appi-calsync-${token}'
    location: location
    tags: tags
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    name: 'st${token}'
    location: location
    tags: tags
    queueNames: [workQueue, '${workQueue}-poison']
    tableNames: map(tableNames, table => '${statePrefix}${table}')
    workspaceId: monitoring.outputs.workspaceId
  }
}

module vault 'modules/keyvault.bicep' = {
  name: 'vault'
  scope: group
  params: {
    name: 'kv-${token}'
    location: location
    tags: tags
    erpnetClientSecret: erpnetClientSecret
    erpnetWebhookSecret: erpnetWebhookSecret
  }
}

module rbac 'modules/rbac.bicep' = {
  name: 'rbac'
  scope: group
  params: {
    principalId: identity.outputs.principalId
    operatorPrincipalId: operatorPrincipalId
    storageName: storage.outputs.name
    vaultName: vault.outputs.name
    insightsName: monitoring.outputs.insightsName
  }
}

module plan 'modules/plan.bicep' = {
  name: 'plan'
  scope: group
  params: {
    name: 'plan-calsync-${token}'
    location: location
    tags: tags
  }
}

module app 'modules/functionapp.bicep' = {
  name: 'app'
  scope: group
  params: {
    name: 'func-calsync-${token}'
    location: location
    tags: tags
    planId: plan.outputs.id
    pythonVersion: pythonVersion
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    storageName: storage.outputs.name
    packageContainerName: storage.outputs.packageContainerName
    vaultName: vault.outputs.name
    insightsName: monitoring.outputs.insightsName
    statePrefix: statePrefix
    syncSchedule: syncSchedule
    pullSchedule: pullSchedule
    settings: union(settings, erpnetSettings)
    hasErpnetWebhook: hasErpnetWebhook
    maximumInstances: maximumInstances
    alwaysReadyHttp: alwaysReadyHttp
  }
  dependsOn: [rbac] // a first start without rights fails
}

module auth 'modules/auth.bicep' = if (!empty(portalClientId)) {
  name: 'auth'
  scope: group
  params: {
    appName: app.outputs.name
    clientId: portalClientId
  }
}

module graphRoles 'modules/graph-roles.bicep' = if (assignGraphRoles) {
  name: 'graphRoles'
  scope: group
  params: {
    principalId: identity.outputs.principalId
    hasMailboxScope: hasMailboxScope
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    storageName: storage.outputs.name
    poisonQueueName: '${workQueue}-poison'
    actionGroupIds: actionGroupIds
  }
}

@description('Name of the function app: what `func azure functionapp publish` asks for.')
output CALSYNC_APP string = app.outputs.name

@description('Resource group of everything.')
output CALSYNC_RESOURCE_GROUP string = group.name

@description('Address of the app.')
output CALSYNC_ADDRESS string = app.outputs.address

@description('Object id of the identity: who gets the Graph permissions.')
output CALSYNC_PRINCIPAL_ID string = identity.outputs.principalId

@description('Client id of the identity: the AppId that Exchange asks for.')
output CALSYNC_IDENTITY_CLIENT_ID string = identity.outputs.clientId

@description('Storage account of queues and state.')
output CALSYNC_STORAGE string = storage.outputs.name

@description('Vault of the ERP.net secrets.')
output CALSYNC_VAULT string = vault.outputs.name
