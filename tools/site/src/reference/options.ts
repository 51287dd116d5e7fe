/** The page of all options: links to their descriptions, and the versions that added them. */

import { ReflectionKind, type DeclarationReflection } from 'typedoc';
import { FIRST_RELEASE, sinceOf, type AddressOf } from './comment.ts';
import { outlineOf } from './outline.ts';
import { typeText } from './signature.ts';

/** Returns the page of the options of all modules. */
export function optionsPage(modules: readonly DeclarationReflection[], addressOf: AddressOf): string {
  const parts = modules.flatMap((module) => {
    const tables = interfacesOf(module).flatMap((each) => optionsText(each, addressOf));
    return tables.length === 0 ? [] : [`## ${module.name}`, ...tables];
  });
  return [
    '# Options and their versions',
    `Every option of every package, and the version that added it. The first release is ${FIRST_RELEASE}. The links lead to the descriptions.`,
    ...parts,
    '',
  ].join('\n\n');
}

/** The interfaces of a module that hold options. */
function interfacesOf(module: DeclarationReflection): DeclarationReflection[] {
  return outlineOf(module).flatMap(({ declaration }) =>
    declaration?.kind === ReflectionKind.Interface && declaration.name.endsWith('Options')
      ? [declaration]
      : [],
  );
}

function optionsText(declaration: DeclarationReflection, addressOf: AddressOf): string[] {
  const rows = (declaration.children ?? [])
    .filter(({ inheritedFrom }) => inheritedFrom?.reflection === undefined)
    .map((option) => {
      const type = option.signatures === undefined ? typeText(option.type, true) : 'function';
      return `| \`${option.name}\` | \`${type.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')}\` | ${sinceOf(option.comment)} |`;
    });
  if (rows.length === 0) return [];
  const inherited = (declaration.extendedTypes ?? []).map((type) => `\`${type.toString()}\``).join(', ');
  return [
    `### [${declaration.name}](${addressOf(declaration) ?? ''})`,
    ...(inherited === '' ? [] : [`And those of ${inherited}.`]),
    ['| option | type | added in |', '| --- | --- | --- |', ...rows].join('\n'),
  ];
}
