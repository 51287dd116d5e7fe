// Names of topics that a broker must keep apart.

/** Names that may mean something to an engine, names that UTF-8 would make the same, and names that look like escaped forms of those. */
export const NAMES = [
  '',
  ' ',
  'a',
  'A',
  'a.b',
  'a.*',
  'a.>',
  '*',
  '?',
  '[a]',
  '{a}',
  'a/b#+',
  'Ü 😀',
  '__proto__',
  'a\nb',
  'a\0b',
  '\ud800',
  '\udc00',
  '\udc00\ud800',
  'a\ud83db',
  '\ufffd',
  '=d800',
  '=00d8',
  'long '.repeat(2000),
];
