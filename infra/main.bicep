// Everything calsync needs in one subscription: names and wires only, each concern in its module.
// No key anywhere: one user-assigned identity, role assignments, and a vault for the secrets that ERP.net insists on.
// Names are made here and handed down, none comes out of a module: so a what-if can tell what it would do.
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

@description('Optional. Address of the app where a domain of your own leads to it; empty = the one that Azure gives.')
param publicUrl string = ''

@description('Optional. Further settings of the app by name, as text; what is not named keeps its default.')
param settings { *: string } = {}

@description('Optional. Python of the app; the region must offer it on Flex Consumption.')
@allowed([
  '3.11'
  '3.12'
  '3.13'
])
param pythonVersion string = '3.13'

@description('Optional. Upper limit of instances of each group: HTTP, the queue, each timer. 0 = ERPNET_MAX_SESSIONS.')
@minValue(0)
@maxValue(1000)
param maximumInstances int = 0

@description('Optional. HTTP instances kept warm: Graph drops notifications that a cold start answers too late.')
@minValue(0)
param alwaysReadyHttp int = 1

@description('Optional. How instances are replaced by an update: all at once, or a few at a time (a preview of the platform).')
@allowed([
  'Recreate'
  'RollingUpdate'
])
param updateStrategy string = 'Recreate'

@description('Optional. Client id of the app registration for the sign-in page; empty = App Service authentication off.')
param portalClientId string = ''

@description('Optional. Whether the identity gets its Graph permissions here: in a second deployment, when Entra knows it.')
param assignGraphRoles bool = false

@description('Conditional. With assignGraphRoles: true where Exchange limits the mailboxes, so that Entra must not grant them.')
param hasMailboxScope bool = false

@description('Optional. Object id of whom the command line signs in as; it gets queues and tables. Empty = nobody.')
param operatorPrincipalId string = ''

@description('Optional. What operatorPrincipalId is.')
@allowed([
  'Group'
  'ServicePrincipal'
  'User'
])
param operatorPrincipalType string = 'User'

@description('Optional. E-mail address that alerts are sent to; empty = none.')
param alertEmail string = ''

@description('Optional. Ids of further action groups that alerts call; without any, alerts only show in Azure Monitor.')
param actionGroupIds string[] = []

@description('Optional. Whether storage and vault are reached from a network of the app\'s own only.')
param hasPrivateNetwork bool = false

@description('Optional. Addresses of that network; a /24 or larger that nothing it is joined with uses.')
param networkPrefix string = '10.90.0.0/24'

@description('Optional. Copies of the state: three in one data centre, or one in each of three zones.')
@allowed([
  'Standard_LRS'
  'Standard_ZRS'
])
param storageRedundancy string = 'Standard_LRS'

@description('Optional. Whether state and secrets are locked against deletion, azd down included.')
param hasDeleteLock bool = false

@description('Optional. Whether a deleted vault and its secrets can be purged by nobody for 90 days. Never undone.')
param hasPurgeProtection bool = false

@description('Optional. Whether each access to a secret is logged.')
param hasVaultAudit bool = true

@description('Optional. GB of logs a day after which no more are taken until the next; -1 = no limit.')
@minValue(-1)
param dailyLogCapGB int = 5

// "West Europe" and westeurope are one region, and must not make two sets of names.
var region = toLower(replace(location, ' ', ''))
var token = toLower(uniqueString(subscription().id, environmentName, region))
var tags = { 'azd-env-name': environmentName }

// What Azure would refuse halfway through a deployment, refused before it begins.
var letters = 'abcdefghijklmnopqrstuvwxyz'
var digits = '0123456789'
var nameOdds = filter(
  range(0, length(environmentName)),
  i => !contains('${letters}${digits}-_.()', toLower(substring(environmentName, i, 1)))
)
var prefixOdds = filter(
  range(0, length(statePrefix)),
  i => !contains('${letters}${digits}', substring(statePrefix, i, 1))
)
var groupName = empty(nameOdds) && !endsWith(environmentName, '.')
  ? 'rg-${environmentName}'
  : fail('AZURE_ENV_NAME may hold letters, digits and - _ . ( ) only, and no full stop at its end.')
var prefix = empty(prefixOdds) && contains(letters, substring(statePrefix, 0, 1))
  ? statePrefix
  : fail('STATE_PREFIX must be 3 to 21 lower-case letters and digits, a letter first.')

var names = {
  identity: 'id-calsync-${token}'
  workspace: 'log-calsync-${token}'
  insights: 'appi-calsync-${token}'
  storage: 'st${token}'
  container: 'app-package'
  vault: 'kv-${token}'
  plan: 'plan-calsync-${token}'
  app: 'func-calsync-${token}'
  network: 'vnet-calsync-${token}'
}
var workQueue = '${prefix}-work'
var tableNames = ['Users', 'State', 'Meetings', 'Journal', 'Commands']
var erpnetSettings = {
  ERPNET_URL: erpnetUrl
  ERPNET_CLIENT_ID: erpnetClientId
}

// As many instances as ERP.net has sessions for: one more would take messages that only an instance with a session
// can serve, and where the platform lets that one go, its session is counted for another 20 minutes. The limit is that
// of each group, so HTTP has it as well, the warm instances beside it not counted: one answers some 190 notifications
// in a second of its core (make bench), and the 400 people for whom one session is advised cause less than one a second.
var sessions = int(settings.?ERPNET_MAX_SESSIONS ?? '1')
var instances = maximumInstances > 0 ? maximumInstances : sessions

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: groupName
  location: region
  tags: tags
}

module identity 'modules/identity.bicep' = {
  scope: group
  params: {
    name: names.identity
    location: region
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    workspaceName: names.workspace
    insightsName: names.insights
    location: region
    tags: tags
    dailyCapGB: dailyLogCapGB
  }
}

module storage 'modules/storage.bicep' = {
  scope: group
  params: {
    name: names.storage
    location: region
    tags: tags
    redundancy: storageRedundancy
    isPrivate: hasPrivateNetwork
    hasDeleteLock: hasDeleteLock
    packageContainerName: names.container
    queueNames: [workQueue, '${workQueue}-poison']
    tableNames: map(tableNames, table => '${prefix}${table}')
    workspaceId: monitoring.outputs.workspaceId
  }
}

module vault 'modules/keyvault.bicep' = {
  scope: group
  params: {
    name: names.vault
    location: region
    tags: tags
    isPrivate: hasPrivateNetwork
    hasDeleteLock: hasDeleteLock
    hasPurgeProtection: hasPurgeProtection
    isAudited: hasVaultAudit
    workspaceId: monitoring.outputs.workspaceId
    erpnetClientSecret: erpnetClientSecret
    erpnetWebhookSecret: erpnetWebhookSecret
  }
}

module network 'modules/network.bicep' = if (hasPrivateNetwork) {
  scope: group
  params: {
    name: names.network
    location: region
    tags: tags
    addressPrefix: networkPrefix
    storageName: names.storage
    vaultName: names.vault
  }
  dependsOn: [storage, vault] // what the private endpoints lead to
}

module rbac 'modules/rbac.bicep' = {
  scope: group
  params: {
    identityName: names.identity
    operatorPrincipalId: operatorPrincipalId
    operatorPrincipalType: operatorPrincipalType
    storageName: names.storage
    vaultName: names.vault
    insightsName: names.insights
  }
  dependsOn: [identity, storage, vault, monitoring] // who gets the roles, and on what
}

module plan 'modules/plan.bicep' = {
  scope: group
  params: {
    name: names.plan
    location: region
    tags: tags
  }
}

module app 'modules/functionapp.bicep' = {
  scope: group
  params: {
    name: names.app
    location: region
    tags: tags
    planId: plan.outputs.id
    pythonVersion: pythonVersion
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    storageName: names.storage
    packageContainerName: names.container
    vaultName: names.vault
    insightsName: names.insights
    networkName: hasPrivateNetwork ? names.network : ''
    publicUrl: publicUrl
    statePrefix: prefix
    syncSchedule: syncSchedule
    pullSchedule: pullSchedule
    settings: union(settings, erpnetSettings)
    hasErpnetWebhook: hasErpnetWebhook
    maximumInstances: instances
    alwaysReadyHttp: alwaysReadyHttp
    updateStrategy: updateStrategy
  }
  dependsOn: [rbac, network] // a first start without rights, or without a way to the state, fails
}

module auth 'modules/auth.bicep' = {
  scope: group
  params: {
    appName: names.app
    clientId: portalClientId
  }
  dependsOn: [app]
}

module graphRoles 'modules/graph-roles.bicep' = if (assignGraphRoles) {
  scope: group
  params: {
    principalId: identity.outputs.principalId
    hasMailboxScope: hasMailboxScope
  }
}

module alerts 'modules/alerts.bicep' = {
  scope: group
  params: {
    location: region
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    storageName: names.storage
    poisonQueueName: '${workQueue}-poison'
    dailyCapGB: dailyLogCapGB
    email: alertEmail
    actionGroupIds: actionGroupIds
  }
}

module reports 'modules/reports.bicep' = {
  scope: group
  params: {
    location: region
    tags: tags
    workspaceName: names.workspace
  }
  dependsOn: [monitoring]
}

@description('Name of the function app: what `func azure functionapp publish` asks for.')
output CALSYNC_APP string = names.app

@description('Resource group of everything.')
output CALSYNC_RESOURCE_GROUP string = group.name

@description('Address of the app.')
output CALSYNC_ADDRESS string = app.outputs.address

@description('Object id of the identity: who gets the Graph permissions.')
output CALSYNC_PRINCIPAL_ID string = identity.outputs.principalId

@description('Client id of the identity: the AppId that Exchange asks for.')
output CALSYNC_IDENTITY_CLIENT_ID string = identity.outputs.clientId

@description('Storage account of queues and state.')
output CALSYNC_STORAGE string = names.storage

@description('Vault of the ERP.net secrets.')
output CALSYNC_VAULT string = names.vault
