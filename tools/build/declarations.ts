// The declarations of a package for each kind of module, made of those that tsup bundled for ECMAScript modules.

const EXPORT_LIST = /^export \{(.*)\};$/m;
/** An export by a name in quotes, `"module.exports"`: engines read it, no program can name it. */
const QUOTED = /([\w$]+) as (['"])module\.exports\2(?:, )?/;
/** What is exported from another package. It is a static of the class too, and cannot stand next to `export =`. */
const EXPORTED_FROM = /^export \{[^}]*\} from .*;\n/gm;
/** An import from a file of the package that several modules share. */
const IMPORTED_FROM_CHUNK = /^import \{[^}]*\} from ['"]\.\/.*;\n/gm;
/** A type that ECMAScript modules export, and that the namespace of the class has by the same name: `type A = Class.A`. */
const OF_NAMESPACE = /^(?:\/\*\*.*\*\/\n)?type (\w+)(?:<.*>)? = (\w+)\.\1(?:<.*>)?;\n/gm;

/** The one export that `require()` gives, where it does not give an object with all of them. */
function oneDeclared(text: string): string | undefined {
  return QUOTED.exec(EXPORT_LIST.exec(text)?.[1] ?? '')?.[1];
}

/**
 * Declarations for `require()`: the same, or `export =` where one export is named `module.exports`.
 *
 * @param text the declarations of the ECMAScript module
 */
export function declarationsForRequire(text: string): string {
  const one = oneDeclared(text);
  if (one === undefined) return withCommonJsPaths(text);
  const own = text.replaceAll(EXPORTED_FROM, '').replaceAll(OF_NAMESPACE, '');
  return withCommonJsPaths(own.replace(EXPORT_LIST, `export = ${one};`));
}

/**
 * Declarations for `import`, which share every type with those for `require()`. Where that gives a class with a namespace, what
 * a module exports is an alias of what hangs on the class: so a program can merge its own properties with the types in both kinds of modules.
 *
 * @param text the declarations of the ECMAScript module
 * @param file the path of those for `require()`, as an import names it
 */
export function declarationsForImport(text: string, file: string): string {
  const one = oneDeclared(text);
  if (one === undefined) return `export * from ${JSON.stringify(file)};\n`;
  // Compilers before TypeScript 5.6 cannot read a name in quotes.
  const own = text.replace(EXPORT_LIST, (list) => list.replace(QUOTED, ''));
  if (!text.includes(`declare namespace ${one} {`)) return withCommonJsPaths(own);
  const types = [...text.matchAll(OF_NAMESPACE)].map(([, name]) => name);
  const exported = (EXPORT_LIST.exec(own)?.[1] ?? '')
    .split(',')
    .map((item) => item.trim().replace(/^type /, ''));
  // Renamed exports and the class itself are not members of the namespace.
  const [members, others] = partition(exported, (name) => /^\w+$/.test(name) && name !== one);
  return withCommonJsPaths(
    [
      ...(text.match(IMPORTED_FROM_CHUNK) ?? []),
      ...(text.match(EXPORTED_FROM) ?? []),
      `import ${one} = require(${JSON.stringify(file)});\n`,
      ...members.map((name) => `import ${name} = ${one}.${name};\n`),
      `export { ${[...others, ...members.map((name) => (types.includes(name) ? `type ${name}` : name))].join(', ')} };\n`,
    ].join(''),
  );
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [yes: T[], no: T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}

/** The other declaration files of the package exist for `require()` alone. */
function withCommonJsPaths(text: string): string {
  return text.replaceAll(/(from ['"]\.[^'"]*)\.js(?=['"])/g, '$1.cjs');
}
