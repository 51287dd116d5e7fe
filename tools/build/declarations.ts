// The declarations of a package for each kind of module, made of those that tsup bundled for ECMAScript modules.

const EXPORT_LIST = /^export \{(.*)\};$/m;
/** An export by a name in quotes, `"module.exports"`: engines read it, no program can name it. */
const QUOTED = /([\w$]+) as (['"])module\.exports\2(?:, )?/;
/** What is exported from another package. It is a static of the class too, and cannot stand next to `export =`. */
const EXPORTED_FROM = /^export \{[^}]*\} from .*;\n/gm;

/** Whether `require()` gives one of the exports, instead of an object with all of them. */
function isOneDeclared(text: string): boolean {
  return QUOTED.test(EXPORT_LIST.exec(text)?.[1] ?? '');
}

/**
 * Declarations for `require()`: the same, or `export =` where one export is named `module.exports`.
 *
 * @param text the declarations of the ECMAScript module
 */
export function declarationsForRequire(text: string): string {
  const [, name] = QUOTED.exec(EXPORT_LIST.exec(text)?.[1] ?? '') ?? [];
  const own = name ? text.replaceAll(EXPORTED_FROM, '').replace(EXPORT_LIST, `export = ${name};`) : text;
  return withCommonJsPaths(own);
}

/**
 * Declarations for `import`, which share every type with those for `require()`, except where `require()` gives one class.
 *
 * @param text the declarations of the ECMAScript module
 * @param file the path of those for `require()`, as an import names it
 */
export function declarationsForImport(text: string, file: string): string {
  if (!isOneDeclared(text)) return `export * from ${JSON.stringify(file)};\n`;
  // Compilers before TypeScript 5.6 cannot read a name in quotes.
  return withCommonJsPaths(text.replace(EXPORT_LIST, (list) => list.replace(QUOTED, '')));
}

/** The other declaration files of the package exist for `require()` alone. */
function withCommonJsPaths(text: string): string {
  return text.replaceAll(/(from ['"]\.[^'"]*)\.js(?=['"])/g, '$1.cjs');
}
