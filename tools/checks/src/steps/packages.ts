/** The step that checks the packages as users get them: packed, unpacked into an empty folder, loaded and compiled. */

import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { commandCheck, run } from '../command.ts';
import { compileConsumers, declaredExports } from '../consumers.ts';
import { judgeDeclarations } from '../declarations.ts';
import { NODE_LINES, nodeOfLine } from '../node-lines.ts';
import { judged, skipped, sum } from '../outcome.ts';
import { judgeAddresses, judgeLinks } from '../metadata.ts';
import { install, judgeCompressionSize, judgeDependencies, judgeSize, specifiersOf } from '../packed.ts';
import { publishedPackages, readManifest, ROOT } from '../workspace.ts';
import type { Declared, Kind } from '../consumers.ts';
import type { NodeLine } from '../node-lines.ts';
import type { Outcome, Step } from '../outcome.ts';
import type { Installation, Installed } from '../packed.ts';

export const packages: Step = {
  name: 'packages',
  title:
    'publint, attw, and every export of the packed packages by import, require and TypeScript on every Node line',
  async run() {
    const installation = await install();
    try {
      const outcomes: Outcome[] = [];
      for (const each of installation.packages) outcomes.push(await judgePackage(each, installation));
      outcomes.push(judgeOrigins());
      outcomes.push(judged('the size of framewire with its layers', judgeSize(installation)));
      outcomes.push(
        judged('the packed size of the packages for compression', judgeCompressionSize(installation)),
      );
      outcomes.push(await judgeExports(installation));
      return sum(outcomes);
    } finally {
      installation.remove();
    }
  },
};

async function judgePackage(each: Installed, { packages }: Installation): Promise<Outcome> {
  const bytes = readFileSync(each.tarball);
  const tarball = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const { messages } = await publint({ pack: { tarball }, strict: true });
  const complaints = messages.map(
    (message) => formatMessage(message, each.manifest, { color: false }) ?? message.code,
  );
  return sum([
    judged(`dependencies of ${each.name}`, judgeDependencies(each, packages)),
    judged(`publint on ${each.name}`, complaints),
    judged(`older compilers on ${each.name}`, judgeDeclarations(each.path)),
    await commandCheck(`attw on ${each.name}`, 'attw', [
      each.tarball,
      '--format=ascii',
      '--no-color',
      '--no-emoji',
    ]),
  ]);
}

/** Checks the addresses and links of everything that is published, including the conformance suite. */
function judgeOrigins(): Outcome {
  const origin = readManifest(ROOT);
  const folders = [...publishedPackages().map(({ folder }) => `packages/${folder}`), 'autobahn'];
  return sum(
    folders.flatMap((folder) => {
      const links = judgeLinks(readFileSync(join(ROOT, folder, 'README.md'), 'utf8'));
      const addresses = judgeAddresses(readManifest(join(ROOT, folder)), folder, origin);
      return [judged(`links of ${folder}/README.md`, links), judged(`addresses of ${folder}`, addresses)];
    }),
  );
}

/** Checks every export with the compiler, and on every Node line. */
async function judgeExports({ folder, packages }: Installation): Promise<Outcome> {
  const declared = declaredExports(folder, packages.flatMap(specifiersOf));
  const outcomes = [...declared].map(([specifier, { values }]) =>
    judged(`declarations of ${specifier}`, values.length > 0 ? [] : ['they declare nothing']),
  );
  for (const kind of ['import', 'require', 'bundler'] satisfies Kind[]) {
    for (const [specifier, complaints] of compileConsumers(folder, kind, declared)) {
      outcomes.push(judged(`types of ${specifier} by ${kind}`, complaints));
    }
  }
  const program = join(folder, 'probe.mjs');
  copyFileSync(fileURLToPath(new URL('../probe.mjs', import.meta.url)), program);
  const entries = JSON.stringify(packages.flatMap((each) => probeEntries(each, declared)));
  for (const line of Object.keys(NODE_LINES).map(Number) as NodeLine[]) {
    outcomes.push(await probeOn(line, [program, entries], [...declared.keys()]));
  }
  return sum(outcomes);
}

/** The description of a package for the probe. */
function probeEntries(each: Installed, declared: ReadonlyMap<string, Declared>) {
  return specifiersOf(each).map((specifier) => ({
    specifier,
    values: declared.get(specifier)?.values ?? [],
    bundled: join(each.path, bundledTarget(each.manifest.exports?.[`.${specifier.slice(each.name.length)}`])),
  }));
}

/** The file that bundlers use for an `import`: that of the condition `module`, otherwise `default`. */
function bundledTarget(entry: unknown): string {
  const file = conditionOf(entry, 'module') ?? conditionOf(conditionOf(entry, 'import'), 'module');
  const taken = file ?? conditionOf(entry, 'default');
  if (typeof taken === 'string') return taken;
  throw new TypeError(`An entry of "exports" has neither "module" nor "default": ${JSON.stringify(entry)}`);
}

function conditionOf(entry: unknown, name: string): unknown {
  return typeof entry === 'object' && entry !== null ? (entry as Record<string, unknown>)[name] : undefined;
}

async function probeOn(line: NodeLine, args: string[], specifiers: string[]): Promise<Outcome> {
  const node = await nodeOfLine(line);
  if ('missing' in node) return skipped(`exports on Node ${line}: ${node.missing}`, specifiers.length);
  const { code, output } = await run(node.program, args);
  const report = code === 0 ? (JSON.parse(output) as Record<string, string[]>) : {};
  return sum(
    specifiers.map((specifier) =>
      judged(`exports of ${specifier} on Node ${line}`, report[specifier] ?? [output.trim() || 'no answer']),
    ),
  );
}
