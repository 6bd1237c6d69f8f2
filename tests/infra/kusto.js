// Reads queries as Kusto's own language service does: JSON comes in, {library, tables, queries}, and goes out as
// {name: [what is wrong, ...]}. The library finds its own parts as globals.
const fs = require('fs');
const path = require('path');

const { library, tables, queries } = JSON.parse(fs.readFileSync(0, 'utf8'));
require(path.join(library, 'bridge.min.js'));
require(path.join(library, 'Kusto.Language.Bridge.min.js'));

const { GlobalState, KustoCode, Symbols } = global.Kusto.Language;
const known = Object.entries(tables).map(([name, columns]) => new Symbols.TableSymbol.$ctor7(name, columns));
const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor('workspace', known));

function mistakes(query) {
  const code = KustoCode.ParseAndAnalyze(query, globals);
  const found = global.Bridge.toArray(code.GetDiagnostics());
  return found.map((one) => `${one.Severity} at ${one.Start}: ${one.Message}`);
}

console.log(JSON.stringify(Object.fromEntries(Object.entries(queries).map(([name, query]) => [name, mistakes(query)]))));
