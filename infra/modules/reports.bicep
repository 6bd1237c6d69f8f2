// What somebody may want to see: one workbook, and the same queries to go on from. What they mean: docs/operate.md.

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags { *: string }

@description('Required. Workspace with the logs.')
param workspaceName string

var reports = [
  {
    name: 'actions'
    title: 'Items written, by what was done'
    visualization: 'barchart'
    query: loadTextContent('../queries/reports/actions.kql')
  }
  {
    name: 'lag'
    title: 'Seconds from the wake-up to the write: half of them, and 95 of 100'
    visualization: 'linechart'
    query: loadTextContent('../queries/reports/lag.kql')
  }
  {
    name: 'failures'
    title: 'Failures by place and reason'
    visualization: 'barchart'
    query: loadTextContent('../queries/reports/failures.kql')
  }
  {
    name: 'queue'
    title: 'Messages of the queue: served, failed, seconds of the slowest 5 of 100'
    visualization: 'linechart'
    query: loadTextContent('../queries/reports/queue.kql')
  }
  {
    name: 'sessions'
    title: 'Instances that worked with ERP.net, each with a session of its own'
    visualization: 'linechart'
    query: loadTextContent('../queries/reports/sessions.kql')
  }
  {
    name: 'throttles'
    title: 'Answers "later", by side'
    visualization: 'barchart'
    query: loadTextContent('../queries/reports/throttles.kql')
  }
  {
    name: 'people-in-error'
    title: 'People who cannot be synced, by id'
    visualization: 'table'
    query: loadTextContent('../queries/reports/people-in-error.kql')
  }
]
var hour = 3600000
var day = 24 * hour
var timePicker = {
  type: 9
  name: 'range'
  content: {
    version: 'KqlParameterItem/1.0'
    parameters: [
      {
        id: guid(workspaceName, 'range')
        version: 'KqlParameterItem/1.0'
        name: 'range'
        label: 'Time'
        type: 4
        isRequired: true
        value: { durationMs: day }
        typeSettings: {
          selectableValues: [
            { durationMs: hour }
            { durationMs: day }
            { durationMs: 7 * day }
            { durationMs: 14 * day }
          ]
        }
      }
    ]
  }
}
var tiles = [
  for report in reports: {
    type: 3
    name: report.name
    content: {
      version: 'KqlItem/1.0'
      title: report.title
      query: report.query
      queryType: 0
      resourceType: 'microsoft.operationalinsights/workspaces'
      crossComponentResources: [workspace.id]
      timeContextFromParameter: 'range'
      size: 0
      visualization: report.visualization
    }
  }
]

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' existing = {
  name: workspaceName
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, workspaceName)
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'calsync'
    category: 'workbook'
    version: '1.0'
    sourceId: workspace.id
    serializedData: string({
      version: 'Notebook/1.0'
      items: concat([timePicker], tiles)
      fallbackResourceIds: [workspace.id]
    })
  }
}

resource searches 'Microsoft.OperationalInsights/workspaces/savedSearches@2025-07-01' = [
  for report in reports: {
    parent: workspace
    name: 'calsync-${report.name}'
    properties: {
      category: 'calsync'
      displayName: report.title
      query: report.query
      version: 2
      #disable-next-line BCP037 // an existing one is only replaced with it, whatever the published type says
      etag: '*'
    }
  }
]
