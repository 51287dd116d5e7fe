/** Which package may import which, and the other rules for imports. Takes sources and returns complaints, without I/O. */

import { posix } from 'node:path';
import ts from 'typescript';
import type { Manifest } from './workspace.ts';

/** The packages of this workspace that each package may import, and no others. By folder. */
export const ARROWS: Readonly<Record<string, readonly string[]>> = {
  codec: [],
  deflate: [],
  handshake: [],
  'permessage-deflate': ['deflate'],
  reconnect: [],
  stream: ['client', 'connection'],
  topics: ['connection'],
  redis: ['topics'],
  nats: ['topics'],
  connection: ['codec'],
  client: ['connection', 'handshake', 'permessage-deflate'],
  server: ['connection', 'handshake', 'permessage-deflate'],
  framewire: ['client', 'server', 'connection', 'handshake', 'permessage-deflate', 'codec'],
};

/** The packages that run in any engine: they depend on nothing, and import Node's modules only in src/kernels/. */
const SANS_IO = ['codec', 'deflate', 'handshake'];

const KERNELS = 'src/kernels/';

/** The parts of a package that the rules are about. */
export interface PackageSources {
  folder: string;
  manifest: Manifest;
  /** The text of each file of src/ and test/ by its path from the package's folder, with forward slashes. */
  files: ReadonlyMap<string, string>;
}

/** What is wrong with the imports of a package, one sentence each. */
export function judgeImports({ folder, manifest, files }: PackageSources): string[] {
  const allowed = ARROWS[folder];
  if (!allowed) return [`packages/${folder} is not in the table of arrows (tools/checks/src/arrows.ts)`];
  const complaints = judgeManifest(folder, manifest, allowed);
  for (const [file, text] of files) {
    for (const specifier of importsOf(text)) {
      const complaint = specifier.startsWith('.')
        ? judgeRelative(file, specifier)
        : file.startsWith('src/')
          ? judgeBare(folder, manifest, allowed, file, specifier)
          : undefined;
      if (complaint !== undefined)
        complaints.push(`packages/${folder}/${file} imports ${specifier}: ${complaint}`);
    }
  }
  return complaints;
}

function judgeManifest(folder: string, manifest: Manifest, allowed: readonly string[]): string[] {
  const complaints = listedIn(manifest).flatMap((name) => {
    const target = workspaceFolder(name);
    return target === undefined || allowed.includes(target)
      ? []
      : [`packages/${folder}/package.json lists ${name}: ${noArrow(folder, target)}`];
  });
  const dependencies = Object.keys(manifest.dependencies ?? {});
  if (SANS_IO.includes(folder) && dependencies.length > 0) {
    complaints.push(
      `packages/${folder}/package.json lists ${dependencies.join(', ')}: a sans-I/O package must not have dependencies`,
    );
  }
  return complaints;
}

function judgeRelative(file: string, specifier: string): string | undefined {
  const target = posix.join(posix.dirname(file), specifier);
  if (target.startsWith('../')) return 'a relative import must stay in its package';
  return file.startsWith('src/') && !target.startsWith('src/')
    ? 'sources may import only sources'
    : undefined;
}

function judgeBare(
  folder: string,
  manifest: Manifest,
  allowed: readonly string[],
  file: string,
  specifier: string,
): string | undefined {
  if (specifier.startsWith('#')) return undefined;
  if (specifier.startsWith('node:')) {
    return SANS_IO.includes(folder) && !file.startsWith(KERNELS)
      ? `a sans-I/O package may import Node's modules only in ${KERNELS}`
      : undefined;
  }
  const name = packageName(specifier);
  const target = workspaceFolder(name);
  if (target !== undefined && !allowed.includes(target)) return noArrow(folder, target);
  return listedIn(manifest).includes(name) ? undefined : `its package.json does not list ${name}`;
}

function noArrow(from: string, to: string): string {
  return `${from} may not import ${to}`;
}

function listedIn({ dependencies, peerDependencies, optionalDependencies }: Manifest): string[] {
  return Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies });
}

function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/** The folder of a package of this workspace, by its name. */
function workspaceFolder(name: string): string | undefined {
  if (name === 'framewire') return name;
  return name.startsWith('@framewire/') ? name.slice('@framewire/'.length) : undefined;
}

/** Everything that a source imports: statically, by `import()`, by `require()`, and only for types. */
export function importsOf(text: string): string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
}

/** The imports that remain at run time. Types may refer to each other in a cycle, modules may not. */
function importsAtRunTime(text: string): string[] {
  const compilerOptions = {
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
    verbatimModuleSyntax: true,
  };
  return importsOf(ts.transpileModule(text, { compilerOptions }).outputText);
}

/** The import cycles among a package's files at run time, each as the path from a file back to itself. */
export function findCycles({ manifest, files }: Omit<PackageSources, 'folder'>): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) cycles.push([...path.slice(at), file].join(' -> '));
    if (at >= 0 || done.has(file)) return;
    for (const specifier of importsAtRunTime(files.get(file) ?? '')) {
      for (const target of targetsOf(file, specifier, manifest)) visit(target, [...path, file]);
    }
    done.add(file);
  };
  for (const file of files.keys()) visit(file, []);
  return cycles;
}

/** The files of its own package that an import may refer to. */
function targetsOf(file: string, specifier: string, manifest: Manifest): string[] {
  if (specifier.startsWith('.')) return [posix.join(posix.dirname(file), specifier)];
  return specifier.startsWith('#') ? sourcesIn(manifest.imports?.[specifier]) : [];
}

/** Every source named somewhere in the conditions of an entry of `imports`. */
function sourcesIn(entry: unknown): string[] {
  if (typeof entry === 'string') return entry.startsWith('./src/') ? [entry.slice(2)] : [];
  return typeof entry === 'object' && entry !== null ? Object.values(entry).flatMap(sourcesIn) : [];
}
