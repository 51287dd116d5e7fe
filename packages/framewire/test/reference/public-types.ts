// The public types of the umbrella, read from its sources by the compiler.
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const entry = fileURLToPath(new URL('../../src/index.ts', import.meta.url));

/** Whether it is declared in one of our packages, not in those of Node. */
function isOurs({ declarations = [] }: ts.Symbol): boolean {
  return declarations.some((declaration) =>
    /\/packages\/[^/]+\/src\//.test(declaration.getSourceFile().fileName),
  );
}

function isPublic(symbol: ts.Symbol): boolean {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  return (symbol.declarations ?? []).every(
    (declaration) => (ts.getCombinedModifierFlags(declaration) & hidden) === 0,
  );
}

/** The public types of the umbrella. */
export class PublicTypes {
  readonly #checker: ts.TypeChecker;
  readonly #module: ts.Symbol;

  constructor() {
    const program = ts.createProgram([entry], {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      allowImportingTsExtensions: true,
      customConditions: ['@framewire/source'],
      types: ['node'],
    });
    const file = program.getSourceFile(entry);
    const module = file && program.getTypeChecker().getSymbolAtLocation(file);
    if (module === undefined) throw new Error(`The compiler finds no module in ${entry}`);
    this.#checker = program.getTypeChecker();
    this.#module = module;
  }

  /** The public members of an exported class and its base classes, except those of Node. */
  members(name: string): string[] {
    return this.#namesOf(this.#checker.getDeclaredTypeOfSymbol(this.#exported(name)));
  }

  /** The public statics of an exported class. */
  statics(name: string): string[] {
    const type = this.#checker.getTypeOfSymbol(this.#exported(name));
    return this.#namesOf(type);
  }

  /** The properties of a type in the namespace `WebSocket` that our packages declare. */
  properties(name: string): ts.Symbol[] {
    return this.#ownOf(this.#checker.getDeclaredTypeOfSymbol(this.#inNamespace(name)));
  }

  /** The options of an exported class (the first argument), or of one of its statics (the last argument). */
  optionsOf(name: string, member?: string): ts.Symbol[] {
    const type = this.#checker.getTypeOfSymbol(this.#exported(name));
    const symbol = member === undefined ? undefined : this.#checker.getPropertyOfType(type, member);
    const signatures =
      symbol === undefined
        ? type.getConstructSignatures()
        : this.#checker.getTypeOfSymbol(symbol).getCallSignatures();
    const parameter = signatures[0]?.getParameters().at(symbol === undefined ? 0 : -1);
    if (parameter === undefined) throw new Error(`${name} takes no options`);
    return this.#ownOf(this.#checker.getTypeOfSymbol(parameter));
  }

  /** The defaults in the docstrings of options that are plain values. */
  defaults(options: readonly ts.Symbol[]): Record<string, unknown> {
    const plain: Record<string, unknown> = {};
    for (const option of options) {
      const text = ts.displayPartsToString(option.getDocumentationComment(this.#checker));
      const value = /\bDefault:? `?(true|false|\d+)\b/.exec(text)?.[1];
      if (value !== undefined) plain[option.name] = JSON.parse(value);
    }
    return plain;
  }

  /** The names of the types in the namespace `WebSocket`. */
  types(): string[] {
    return [...(this.#exported('WebSocket').exports?.values() ?? [])]
      .filter(({ flags }) => flags & ts.SymbolFlags.Type)
      .map(({ name }) => name);
  }

  /** The strings of a union in the namespace `WebSocket`. */
  strings(name: string): string[] {
    const type = this.#checker.getDeclaredTypeOfSymbol(this.#inNamespace(name));
    return (type.isUnion() ? type.types : []).flatMap((part) => (part.isStringLiteral() ? part.value : []));
  }

  /** The events of an exported emitter: the names that its `on` accepts as the first argument. */
  events(name: string): string[] {
    const type = this.#checker.getDeclaredTypeOfSymbol(this.#exported(name));
    const on = this.#checker.getPropertyOfType(type, 'on');
    const names = new Set<string>();
    for (const signature of on === undefined ? [] : this.#checker.getTypeOfSymbol(on).getCallSignatures()) {
      const [typeParameter] = signature.getTypeParameters() ?? [];
      const constraint = typeParameter && this.#checker.getBaseConstraintOfType(typeParameter);
      for (const part of constraint?.isUnion() ? constraint.types : []) {
        if (part.isStringLiteral()) names.add(part.value);
      }
    }
    return [...names];
  }

  #namesOf(type: ts.Type): string[] {
    return this.#ownOf(type).map(({ name }) => name);
  }

  #ownOf(type: ts.Type): ts.Symbol[] {
    return (
      this.#checker
        .getPropertiesOfType(this.#checker.getNonNullableType(this.#checker.getApparentType(type)))
        .filter((symbol) => isOurs(symbol) && isPublic(symbol))
        // The compiler's own names for members whose keys are symbols begin with `__@`.
        .filter(({ name }) => !name.startsWith('#') && !name.startsWith('__@') && name !== 'prototype')
    );
  }

  #inNamespace(name: string): ts.Symbol {
    const symbol = this.#exported('WebSocket').exports?.get(ts.escapeLeadingUnderscores(name));
    if (symbol === undefined) throw new Error(`The namespace WebSocket has no type ${name}`);
    return symbol;
  }

  #exported(name: string): ts.Symbol {
    const found = this.#checker.getExportsOfModule(this.#module).find((symbol) => symbol.name === name);
    if (found === undefined) throw new Error(`Nothing is exported by the name ${name}`);
    return found.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(found) : found;
  }
}
