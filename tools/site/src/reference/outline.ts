/** The headings of a page of the reference, and the address of each declaration. */

import GithubSlugger from 'github-slugger';
import { ReferenceReflection, ReflectionKind, type DeclarationReflection, type Reflection } from 'typedoc';
import type { AddressOf } from './comment.ts';

/** A heading of a page. */
export interface Heading {
  level: number;
  title: string;
  /** What the heading names, if it is a declaration. */
  declaration?: DeclarationReflection;
}

/** The parts of a page, in order. */
const PARTS: readonly (readonly [string, ReflectionKind])[] = [
  ['Functions', ReflectionKind.Function],
  ['Classes', ReflectionKind.Class],
  ['Interfaces', ReflectionKind.Interface],
  ['Types', ReflectionKind.TypeAlias],
  ['Constants', ReflectionKind.Variable],
  ['Namespaces', ReflectionKind.Namespace],
];

/** The members of a namespace that the page shows. The umbrella's namespace repeats classes that the page already has. */
const IN_NAMESPACE = ReflectionKind.Function | ReflectionKind.Interface | ReflectionKind.TypeAlias;

/** The headings of the page of a module, in order. */
export function outlineOf(module: DeclarationReflection): Heading[] {
  const declared = (module.children ?? []).filter((each) => !(each instanceof ReferenceReflection));
  const parts = PARTS.flatMap(([title, kind]) => {
    const declarations = declared.filter((each) => each.kind === kind);
    if (declarations.length === 0) return [];
    return [{ level: 2, title }, ...declarations.flatMap((each) => headingsOf(each, 3))];
  });
  return [{ level: 1, title: `Exports of ${module.name}` }, ...parts];
}

function headingsOf(declaration: DeclarationReflection, level: number): Heading[] {
  const heading = { level, title: declaration.name, declaration };
  if (declaration.kind !== ReflectionKind.Namespace) return [heading];
  const children = (declaration.children ?? []).filter(({ kind }) => (kind & IN_NAMESPACE) !== 0);
  return [heading, ...children.flatMap((each) => headingsOf(each, level + 1))];
}

/**
 * Returns a function that finds the addresses of declarations, and of their members, on the pages of their modules.
 *
 * @param linkOf returns the address of the page of a module
 */
export function addressesOf(
  modules: readonly DeclarationReflection[],
  linkOf: (module: DeclarationReflection) => string,
): AddressOf {
  const addresses = new Map<Reflection, string>();
  for (const module of modules) {
    const slugger = new GithubSlugger();
    for (const { title, declaration } of outlineOf(module)) {
      const slug = slugger.slug(title);
      if (declaration !== undefined) addresses.set(declaration, `${linkOf(module)}#${slug}`);
    }
  }
  return (reflection) => {
    for (let each: Reflection | undefined = reflection; each !== undefined; each = each.parent) {
      const address = addresses.get(each);
      if (address !== undefined) return address;
    }
    return undefined;
  };
}
