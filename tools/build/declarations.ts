// Makes the declarations for `require()` and for `import` from those that tsup bundled for ECMAScript modules.

const EXPORT_LIST = /^export \{(.*)\};$/m;
/** The export named `"module.exports"`, with its quotes. `require()` returns its value. */
const QUOTED = /([\w$]+) as (['"])module\.exports\2(?:, )?/;
/** A re-export from another package. The class also has it as a static, and TypeScript does not allow it next to `export =`. */
const EXPORTED_FROM = /^export \{[^}]*\} from .*;\n/gm;
/** An import from a file that several modules of the package share. */
const IMPORTED_FROM_CHUNK = /^import \{[^}]*\} from ['"]\.\/.*;\n/gm;
/** An alias of a type in the namespace of the class, with the same name: `type A = Class.A`. */
const OF_NAMESPACE = /^(?:\/\*\*.*\*\/\n)?type (\w+)(?:<.*>)? = (\w+)\.\1(?:<.*>)?;\n/gm;

/** The name of the export that `require()` returns, or `undefined` if it returns an object with all exports. */
function nameOfWhole(text: string): string | undefined {
  return QUOTED.exec(EXPORT_LIST.exec(text)?.[1] ?? '')?.[1];
}

/**
 * The declarations for `require()`: with `export =` if one export is named `module.exports`, otherwise with the same exports.
 *
 * @param text the declarations of the ECMAScript module
 */
export function declarationsForRequire(text: string): string {
  const whole = nameOfWhole(text);
  if (whole === undefined) return withCommonJsPaths(text);
  const own = text.replaceAll(EXPORTED_FROM, '').replaceAll(OF_NAMESPACE, '');
  return withCommonJsPaths(own.replace(EXPORT_LIST, `export = ${whole};`));
}

/**
 * The declarations for `import`, which share every type with those for `require()`. If `require()` returns a class with a namespace, the
 * exports are aliases of the members of that namespace. A program can then add its own properties to the types for both kinds of modules.
 *
 * @param text the declarations of the ECMAScript module
 * @param file the path of the declarations for `require()`, as an import names it
 */
export function declarationsForImport(text: string, file: string): string {
  const whole = nameOfWhole(text);
  if (whole === undefined) return `export * from ${JSON.stringify(file)};\n`;
  // TypeScript before 5.6 cannot parse an export name in quotes.
  const own = text.replace(EXPORT_LIST, (list) => list.replace(QUOTED, ''));
  if (!text.includes(`declare namespace ${whole} {`)) return withCommonJsPaths(own);
  const types = [...text.matchAll(OF_NAMESPACE)].map(([, name]) => name);
  const exported = (EXPORT_LIST.exec(own)?.[1] ?? '')
    .split(',')
    .map((item) => item.trim().replace(/^type /, ''));
  // Renamed exports and the class itself are not members of the namespace.
  const [members, others] = partition(exported, (name) => /^\w+$/.test(name) && name !== whole);
  return withCommonJsPaths(
    [
      ...(text.match(IMPORTED_FROM_CHUNK) ?? []),
      ...(text.match(EXPORTED_FROM) ?? []),
      `import ${whole} = require(${JSON.stringify(file)});\n`,
      ...members.map((name) => `import ${name} = ${whole}.${name};\n`),
      `export { ${[...others, ...members.map((name) => (types.includes(name) ? `type ${name}` : name))].join(', ')} };\n`,
    ].join(''),
  );
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [yes: T[], no: T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}

/** The other declaration files of the package exist only in the form for `require()`. */
function withCommonJsPaths(text: string): string {
  return text.replaceAll(/(from ['"]\.[^'"]*)\.js(?=['"])/g, '$1.cjs');
}
