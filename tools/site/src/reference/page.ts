/** The page of a module: every export with its declaration and its docstring. */

import {
  ReferenceReflection,
  ReflectionKind,
  type DeclarationReflection,
  type SignatureReflection,
} from 'typedoc';
import { commentText, partsText, type AddressOf } from './comment.ts';
import { outlineOf } from './outline.ts';
import { aliasText, headText, methodText, propertyText, signatureText, typeText } from './signature.ts';

/** The length of a line that fits into a page of usual width. */
const LONGEST_LINE = 66;

/** Returns the page of a module. */
export function modulePage(module: DeclarationReflection, readme: string, addressOf: AddressOf): string {
  const blocks = outlineOf(module).flatMap((heading) => [
    `${'#'.repeat(heading.level)} ${heading.title}`,
    ...(heading.declaration === undefined ? [] : declarationText(heading.declaration, addressOf)),
  ]);
  const intro = `Every export, from the docstrings of the sources. The [README](${readme}) has examples.`;
  return [blocks[0], intro, ...blocks.slice(1), ...reexportsText(module, addressOf), ''].join('\n\n');
}

/** The exports that a module takes from other modules, and other names of its own exports. */
function reexportsText(module: DeclarationReflection, addressOf: AddressOf): string[] {
  const lines = (module.children ?? [])
    .filter((each) => each instanceof ReferenceReflection)
    .map((each) => {
      const address = addressOf(each.getTargetReflectionDeep());
      return `- ${address === undefined ? `\`${each.name}\`` : `[\`${each.name}\`](${address})`}`;
    });
  return lines.length === 0 ? [] : ['## Also exported', lines.join('\n')];
}

function declarationText(declaration: DeclarationReflection, addressOf: AddressOf): string[] {
  switch (declaration.kind) {
    case ReflectionKind.Function:
      return (declaration.signatures ?? []).flatMap((each) => functionText(each, addressOf));
    case ReflectionKind.Class:
    case ReflectionKind.Interface:
      return [
        codeBlock(headText(declaration)),
        ...described(declaration, addressOf),
        membersText(declaration, addressOf),
      ];
    case ReflectionKind.TypeAlias:
      return [codeBlock(aliasText(declaration)), ...described(declaration, addressOf)];
    case ReflectionKind.Namespace:
      return described(declaration, addressOf);
    default:
      return [
        codeBlock(`const ${declaration.name}: ${typeText(declaration.type)}`),
        ...described(declaration, addressOf),
      ];
  }
}

function described({ comment }: DeclarationReflection, addressOf: AddressOf): string[] {
  const text = commentText(comment, addressOf);
  return text === '' ? [] : [text];
}

function functionText(signature: SignatureReflection, addressOf: AddressOf): string[] {
  return [
    codeBlock(`function ${signatureText(signature, LONGEST_LINE)}`),
    signatureComment(signature, addressOf),
  ];
}

/** The docstring of a signature, with a list of the parameters that it describes. */
function signatureComment(signature: SignatureReflection, addressOf: AddressOf): string {
  const parameters = (signature.parameters ?? []).flatMap(({ name, comment }) => {
    const text = partsText(comment?.summary ?? [], addressOf);
    return text === '' ? [] : [`- \`${name}\`: ${indented(text)}`];
  });
  const text = commentText(signature.comment, addressOf);
  return [text, parameters.join('\n')].filter((part) => part !== '').join('\n\n');
}

/** The members of a class or an interface, each as a list item. Omits members inherited from another export, which are on its page. */
function membersText(declaration: DeclarationReflection, addressOf: AddressOf): string {
  return (declaration.children ?? [])
    .filter(
      ({ inheritedFrom }) =>
        inheritedFrom?.reflection === undefined || addressOf(inheritedFrom.reflection) === undefined,
    )
    .flatMap((member) => memberItems(member, addressOf))
    .join('\n');
}

function memberItems(member: DeclarationReflection, addressOf: AddressOf): string[] {
  if (member.signatures !== undefined) {
    return member.signatures.map((signature) =>
      item(methodText(member, signature), signatureComment(signature, addressOf)),
    );
  }
  const comment = member.comment ?? member.getSignature?.comment ?? member.setSignature?.comment;
  return [item(propertyText(member), commentText(comment, addressOf))];
}

function item(declaration: string, text: string): string {
  const code = declaration.includes('`') ? `\`\` ${declaration} \`\`` : `\`${declaration}\``;
  return `- ${code}${text === '' ? '' : `\n\n  ${indented(text)}\n`}`;
}

/** Indents a text for an item of a list. */
function indented(text: string): string {
  return text.replaceAll(/\n(?=.)/g, '\n  ');
}

function codeBlock(code: string): string {
  return `\`\`\`ts\n${code}\n\`\`\``;
}
