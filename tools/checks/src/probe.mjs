// Runs inside the folder of the packed packages, on any Node line: loads each by `import` and by `require`, and prints
// as JSON what is wrong, by specifier. The argument is a JSON list of { specifier, values, commonjs }: the names that
// the declarations promise, and the file of the CommonJS build.
import { createRequire } from 'node:module';
import process from 'node:process';

const require = createRequire(import.meta.url);

/** The name under which a module says what `require()` of it gives. */
const WHOLE = 'module.exports';

const report = {};
for (const entry of JSON.parse(process.argv[2])) {
  report[entry.specifier] = await judge(entry).catch((error) => [String(error)]);
}
process.stdout.write(JSON.stringify(report));

async function judge({ specifier, values, commonjs }) {
  const imported = await import(specifier);
  return [
    ...judgeNames(imported, values),
    ...judgeRequired(imported, require(specifier)),
    ...judgeBuild(imported, require(commonjs)),
  ];
}

function judgeNames(imported, values) {
  const names = Object.keys(imported).filter((name) => name !== WHOLE);
  return [
    ...values.filter((name) => imported[name] === undefined).map((name) => `import does not give ${name}`),
    ...names.filter((name) => !values.includes(name)).map((name) => `${name} is exported and not declared`),
  ];
}

/** `require` gives what `import` gives: not something equal, the same. */
function judgeRequired(imported, required) {
  const complaints = named(imported)
    .filter((name) => required[name] !== imported[name])
    .map((name) => `require gives another ${name} than import`);
  if (WHOLE in imported) {
    if (required !== imported[WHOLE]) complaints.push(`require does not give the export "${WHOLE}"`);
    if (required !== imported.default) complaints.push('require does not give the default export');
  }
  return complaints;
}

/** The CommonJS build, for tools that can load nothing else, has every name too. */
function judgeBuild(imported, built) {
  const complaints = named(imported)
    .filter((name) => typeof built[name] !== typeof imported[name])
    .map((name) => `the CommonJS build does not give ${name}`);
  if (WHOLE in imported && typeof built !== typeof imported[WHOLE]) {
    complaints.push(`the CommonJS build is no ${typeof imported[WHOLE]}`);
  }
  return complaints;
}

function named(imported) {
  return Object.keys(imported).filter((name) => name !== WHOLE && name !== 'default');
}
