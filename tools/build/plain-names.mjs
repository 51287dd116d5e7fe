// Takes out of declarations what is exported by a name in quotes, `"module.exports"`: it is for engines, no program can say it,
// and compilers before TypeScript 5.6 cannot read the file that has it.
// Usage: node plain-names.mjs FILE...
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';

const exportList = /^export \{.*\};$/m;
const quoted = /[\w$]+ as (['"]).*?\1(?:, )?/g;
for (const file of process.argv.slice(2)) {
  const source = readFileSync(file, 'utf8');
  const [list = ''] = exportList.exec(source) ?? [];
  if (!quoted.test(list)) throw new Error(`${file} exports nothing by a name in quotes`);
  writeFileSync(file, source.replace(exportList, list.replace(quoted, '')));
}
