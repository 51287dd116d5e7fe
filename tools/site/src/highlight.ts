/** Which parts of examples have which colour. style.css has the values for each theme. */

import type { ThemeRegistration } from 'shiki';

/** The parts of a language with their own colour, by the name of the colour. Later rows take precedence. */
const SCOPES: readonly (readonly [string, readonly string[]])[] = [
  ['keyword', ['keyword', 'storage', 'variable.language', 'markup.deleted']],
  ['foreground', ['keyword.operator.assignment', 'keyword.operator.type', 'storage.type.function.arrow']],
  ['constant', ['constant', 'support.constant', 'entity.other.attribute-name', 'support.type.property-name']],
  ['function', ['entity.name.function', 'support.function', 'entity.name.tag']],
  ['type', ['entity.name.type', 'entity.other.inherited-class', 'support.type', 'support.class']],
  ['string', ['string', 'punctuation.definition.string', 'markup.inserted']],
  ['foreground', ['meta.template.expression']],
  ['comment', ['comment', 'punctuation.definition.comment']],
];

/** One theme with variables for colours. It highlights each example once, instead of once for light and once for dark. */
export const THEME: ThemeRegistration = {
  name: 'framewire',
  type: 'light',
  fg: 'var(--code-foreground)',
  bg: 'transparent',
  settings: SCOPES.map(([name, scope]) => ({
    scope: [...scope],
    settings: { foreground: `var(--code-${name})` },
  })),
};
