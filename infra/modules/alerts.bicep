// What somebody should look at; what to do about each stands in docs/operate.md.

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags { *: string }

@description('Required. Workspace with the logs.')
param workspaceId string

@description('Required. Storage account of the queues.')
param storageName string

@description('Required. Queue of the messages that were given up.')
param poisonQueueName string

@description('Required. E-mail address that alerts are sent to; empty = none.')
param email string

@description('Required. Ids of further action groups to call.')
param actionGroupIds string[]

var mailGroupId = resourceId('Microsoft.Insights/actionGroups', 'calsync-mail')
var groupIds = empty(email) ? actionGroupIds : concat(actionGroupIds, [mailGroupId])

// The host records each run of a function as a request by the function's name, unsampled (host.json); the app tells
// each round in a line of its own (jobs/telling.py).
var alerts = [
  {
    name: 'poison-queue'
    title: 'calsync: a message was given up'
    severity: 1
    every: 'PT15M'
    over: 'PT15M'
    operator: 'GreaterThan'
    threshold: 0
    query: 'StorageQueueLogs | where AccountName == "${storageName}" and OperationName == "PutMessage" and Uri contains "/${poisonQueueName}/"'
  }
  {
    name: 'failing-functions'
    title: 'calsync: a timer or the queue function failed'
    severity: 2
    every: 'PT15M'
    over: 'PT15M'
    operator: 'GreaterThan'
    threshold: 0
    query: 'AppRequests | where Name in ("sync", "pull", "keeper", "housekeeping", "work") and Success == false'
  }
  {
    name: 'silent-timers'
    title: 'calsync: no timer ran for an hour'
    severity: 1
    every: 'PT1H'
    over: 'PT1H'
    operator: 'LessThan'
    threshold: 1
    query: 'AppRequests | where Name in ("sync", "pull")'
  }
  {
    name: 'users-in-error'
    title: 'calsync: users cannot be synced'
    severity: 3
    every: 'PT1H'
    over: 'P1D'
    operator: 'GreaterThan'
    threshold: 0
    query: 'AppTraces | where Message startswith "round " | extend told = parse_json(substring(Message, 6)) | summarize arg_max(TimeGenerated, told) by user = tostring(told.user) | where told.operational == false'
  }
]

resource mail 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: 'calsync-mail'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'calsync'
    enabled: true
    emailReceivers: [
      {
        name: 'operator'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

resource rules 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for alert in alerts: {
    name: 'calsync-${alert.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: alert.title
      severity: alert.severity
      enabled: true
      autoMitigate: true
      skipQueryValidation: true // a table exists only after its first row
      scopes: [workspaceId]
      evaluationFrequency: alert.every
      windowSize: alert.over
      criteria: {
        allOf: [
          {
            query: alert.query
            timeAggregation: 'Count'
            operator: alert.operator
            threshold: alert.threshold
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      actions: { actionGroups: groupIds }
    }
    dependsOn: [mail]
  }
]
