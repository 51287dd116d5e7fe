// Runs in the folder of the packed packages, on any Node line. Loads each package by `import` and by `require()`, and prints the
// complaints as JSON, by specifier. The argument is a JSON list of { specifier, values, bundled }: `values` are the names that the
// declarations have, and `bundled` is the file that bundlers use.
import { createRequire } from 'node:module';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);

const report = {};
for (const entry of JSON.parse(process.argv[2])) {
  report[entry.specifier] = await judge(entry).catch((error) => [String(error)]);
}
process.stdout.write(JSON.stringify(report));

async function judge({ specifier, values, bundled }) {
  const imported = await import(specifier);
  return [
    ...judgeNames('import', imported, values),
    ...judgeRequired(imported, require(specifier)),
    ...judgeNames('the module for bundlers', await import(pathToFileURL(bundled).href), values),
  ];
}

function judgeNames(way, given, values) {
  const names = Object.keys(given);
  return [
    ...values.filter((name) => given[name] === undefined).map((name) => `${way} does not have ${name}`),
    ...names
      .filter((name) => !values.includes(name))
      .map((name) => `${way} has ${name}, which is not declared`),
  ];
}

/** `require()` must return the same values as `import`, not equal ones. */
function judgeRequired(imported, required) {
  const complaints = Object.keys(imported)
    .filter((name) => name !== 'default' && required[name] !== imported[name])
    .map((name) => `require has a different ${name} than import`);
  if ('default' in imported && required !== imported.default) {
    complaints.push('require does not return the default export');
  }
  return complaints;
}
