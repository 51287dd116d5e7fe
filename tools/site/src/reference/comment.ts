/** Converts docstrings to Markdown. */

import { Reflection, type Comment, type CommentDisplayPart } from 'typedoc';

/** Returns the address of a declaration; `undefined` if the reference does not have it. */
export type AddressOf = (reflection: Reflection) => string | undefined;

/** The version that added everything without a tag `@since`. */
export const FIRST_RELEASE = '0.1.0';

/** Tags with a text, in the order in which they are shown, and the words before the text. */
const TAGS = [
  ['@deprecated', 'Deprecated:'],
  ['@remarks', ''],
  ['@defaultValue', 'Default:'],
  ['@default', 'Default:'],
  ['@returns', 'Returns'],
  ['@throws', 'Throws'],
  ['@example', ''],
  ['@see', 'See'],
  ['@since', 'Since'],
] as const;

/** The text of a docstring without its tags. */
export function summaryText(comment: Comment | undefined, addressOf: AddressOf): string {
  return comment === undefined ? '' : partsText(comment.summary, addressOf);
}

/** The text of a docstring and of its tags, each as a paragraph. */
export function commentText(comment: Comment | undefined, addressOf: AddressOf): string {
  if (comment === undefined) return '';
  const paragraphs = TAGS.flatMap(([tag, words]) =>
    comment.getTags(tag).map(({ content }) => `${words} ${partsText(content, addressOf)}`.trim()),
  );
  return [summaryText(comment, addressOf), ...paragraphs].filter((text) => text !== '').join('\n\n');
}

/** The version that added what the docstring describes. */
export function sinceOf(comment: Comment | undefined): string {
  const [part] = comment?.getTag('@since')?.content ?? [];
  return part?.text.trim() ?? FIRST_RELEASE;
}

/** Text and links of a docstring. */
export function partsText(parts: readonly CommentDisplayPart[], addressOf: AddressOf): string {
  return parts
    .map((part) => {
      if (part.kind === 'inline-tag') return linkText(part.text, part.target, addressOf);
      // Vue would read `<` as the start of HTML. Docstrings contain no HTML.
      return part.kind === 'text' ? part.text.replaceAll('<', '&lt;') : part.text;
    })
    .join('')
    .trim();
}

function linkText(text: string, target: unknown, addressOf: AddressOf): string {
  if (typeof target === 'string') return `[${text}](${target})`;
  const address = target instanceof Reflection ? addressOf(target) : undefined;
  return address === undefined ? `\`${text}\`` : `[\`${text}\`](${address})`;
}
