// Completes what tsup has put into dist/ of a package: NAME.js, an ECMAScript module, and NAME.d.ts, its declarations. Adds:
//   NAME.cjs    the same module in CommonJS: what Node, Bun and Deno run, whether a program imports or requires it
//   NAME.mjs    the names of NAME.cjs for `import`, so that there is one of each class
//   NAME.d.cts  the declarations, and NAME.d.mts, which hands them on (NAME.d.ts goes)
// NAME.js is for bundlers, which take it for `import` and `require`, and for engines that have no `require`. It goes where the manifest
// does not name it: then bundlers take NAME.cjs, as all others do. That may import no module of Node, for which a bundle in the form
// of an ECMAScript module has no `require`. Lines of comments go too, and from NAME.js, which bundlers print in their own way, also
// the indentation. Where
// `require()` gives one class, NAME.cjs takes it from the default export of `#NAME`: of NAME.js in a bundler, and elsewhere of
// NAME.exports.cjs.
// Usage, in the folder of a package: tsx ../../tools/build/finish.ts
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { forBundlers, toCommonJs, withoutComments, withoutIndentation, wrapperOf } from './commonjs.ts';
import { declarationsForImport, declarationsForRequire } from './declarations.ts';

const DIST = 'dist';
/** What the package exports by its name and subpaths, and not by a chunk or `#name`. */
const published = readFileSync('package.json', 'utf8');
/** Whether bundlers take an entry as an ECMAScript module, and so its chunks. */
const HAS_MODULES = /"\.\/dist\/[\w-]+\.js"/.test(published);

for (const file of readdirSync(DIST, { recursive: true, encoding: 'utf8' })) {
  const path = join(DIST, file);
  if (file.endsWith('.d.ts')) finishDeclarations(path);
  else if (file.endsWith('.js')) finishModule(path);
}

function finishModule(path: string): void {
  const text = withoutComments(readFileSync(path, 'utf8'));
  const stem = path.slice(0, -'.js'.length);
  const name = basename(stem);
  if (isPublished(`${stem}.exports.cjs`)) {
    writeFileSync(`${stem}.exports.cjs`, toCommonJs(forBundlers(text)));
    writeFileSync(`${stem}.cjs`, `module.exports = require("#${name}").default;\n`);
  } else {
    writeFileSync(`${stem}.cjs`, toCommonJs(text));
  }
  if (isPublished(`${stem}.mjs`)) writeFileSync(`${stem}.mjs`, wrapperOf(`./${name}.cjs`, text));
  if (isPublished(path) || (HAS_MODULES && name.startsWith('chunk-')))
    writeFileSync(path, withoutIndentation(forBundlers(text)));
  else rmSync(path);
}

function finishDeclarations(path: string): void {
  const text = readFileSync(path, 'utf8');
  const stem = path.slice(0, -'.d.ts'.length);
  writeFileSync(`${stem}.d.cts`, declarationsForRequire(text));
  if (isPublished(`${stem}.d.mts`)) {
    writeFileSync(`${stem}.d.mts`, declarationsForImport(text, `./${basename(stem)}.cjs`));
  }
  rmSync(path);
}

/** Whether an entry of the manifest names the file. */
function isPublished(path: string): boolean {
  return published.includes(`"./${path.replaceAll('\\', '/')}"`);
}
