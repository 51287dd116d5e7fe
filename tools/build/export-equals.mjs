// Gives CommonJS declarations the export that the CommonJS build has: the class itself, `export = NAME`.
// Usage: node export-equals.mjs FILE NAME
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';

const [, , file, name] = process.argv;
const source = readFileSync(file, 'utf8');
const exportList = /^export \{[^}]*\};$/m;
// What is handed on from another package is a static of the class too, and may not stand beside `export =`.
const handedOn = /^export \{[^}]*\} from .*;\n/gm;
if (!exportList.test(source)) throw new Error(`${file} has no list of exports to replace`);
writeFileSync(file, source.replace(handedOn, '').replace(exportList, `export = ${name};`));
