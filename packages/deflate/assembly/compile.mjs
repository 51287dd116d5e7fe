// Compiles the AssemblyScript of this folder into modules that hold WebAssembly as text: one that is published, and one that checks
// each access to memory, for tests. Run by the build; also set-up of vitest, where it compiles only what has changed.
import asc from 'assemblyscript/asc';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const assembly = dirname(fileURLToPath(import.meta.url));
const root = dirname(assembly);

const MODULES = [
  { file: join(root, 'src', 'generated', 'module.ts'), options: ['--noAssert'] },
  { file: join(root, 'test', 'generated', 'checked.ts'), options: [] },
];

/** In pages of 64 KiB, what the areas take (`areas.ts`), and one behind them for what the compiler adds. */
const PAGES = 14;
const OPTIONS = [
  ['-O3', '--converge', '--runtime', 'stub', '--use', 'abort=', '--enable', 'simd'],
  ['--initialMemory', String(PAGES), '--memoryBase', String((PAGES - 1) * 65_536)],
].flat();

/** What the optimizer says where one more pass made the module longer: it keeps the shorter one. */
const CONVERGED = 'Last converge was suboptimal.';

/** Compiles what is older than its sources. */
export async function setup() {
  const stamp = `// ${sourcesHash()}`;
  for (const each of MODULES) {
    if (readStamp(each.file) !== stamp) await compile(each, stamp);
  }
}

async function compile({ file, options }, stamp) {
  let binary;
  const { error, stderr } = await asc.main(['index.ts', '--outFile', 'module.wasm', ...OPTIONS, ...options], {
    readFile: (name, base) => {
      try {
        return readFileSync(join(base === '.' ? assembly : base, name), 'utf8');
      } catch {
        return null;
      }
    },
    writeFile: (_, contents) => {
      binary = contents;
    },
    listFiles: () => [],
  });
  const report = stderr.toString().replace(CONVERGED, '').trim();
  if (error !== null || report !== '') throw new Error(`${report}\n${String(error)}`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(
    file,
    `${stamp}\n/** The module as text, made by assembly/compile.mjs. */\nexport const MODULE: string = '${textOf(binary)}';\n`,
  );
}

/**
 * A character for each byte below 87, which most are, and two for each of the others. Base64 would be longer, and an archive of it a
 * third longer: what repeats in the module would not repeat in the text. `src/module-text.ts` reads it.
 */
function textOf(bytes) {
  const characters = Array.from({ length: 0x7f - 0x20 }, (_, index) => String.fromCharCode(0x20 + index));
  const plain = characters.filter((character) => !'"$\'<\\`'.includes(character));
  const base = plain.length - 2;
  return Array.from(bytes, (byte) => {
    const prefix = byte < base ? '' : byte < 2 * base ? plain[base] : plain[base + 1];
    return prefix + plain[byte % base];
  }).join('');
}

function sourcesHash() {
  const hash = createHash('sha256');
  for (const name of readdirSync(assembly).sort())
    hash.update(name).update(readFileSync(join(assembly, name)));
  return hash.digest('hex');
}

function readStamp(file) {
  try {
    return readFileSync(file, 'utf8').split('\n', 1)[0];
  } catch {
    return undefined;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await setup();
