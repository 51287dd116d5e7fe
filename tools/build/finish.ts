// Completes what tsup wrote to dist/ of a package: NAME.js, an ECMAScript module, and NAME.d.ts, its declarations. Writes:
//   NAME.cjs    the module in CommonJS: Node, Bun and Deno run it for both `import` and `require()`
//   NAME.mjs    re-exports the names of NAME.cjs for `import`, so that each class exists once
//   NAME.d.cts  the declarations for `require()`
//   NAME.d.mts  the declarations for `import`, which share the types of NAME.d.cts
// NAME.d.ts is removed. NAME.js is for bundlers, which use it for both `import` and `require()`, and for engines without `require()`.
// If the manifest does not name NAME.js, the script removes it, and bundlers also use NAME.cjs. Such a NAME.cjs must not import modules
// of Node, because a bundle that is an ECMAScript module has no `require()` for them.
// The script removes lines of comments. It also removes the indentation of NAME.js, because bundlers format code themselves.
// If `require()` returns a class, NAME.cjs exports the default export of `#NAME`. For bundlers, `#NAME` is NAME.js, otherwise it is
// NAME.exports.cjs.
// Usage, in the folder of a package: tsx ../../tools/build/finish.ts
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { forBundlers, toCommonJs, withoutComments, withoutIndentation, wrapperOf } from './commonjs.ts';
import { declarationsForImport, declarationsForRequire } from './declarations.ts';

const DIST = 'dist';
/** The text of the manifest, which names every entry file that is published. */
const published = readFileSync('package.json', 'utf8');
/** Whether bundlers use an ECMAScript module for any entry. Then the chunks must be published in that form too. */
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
