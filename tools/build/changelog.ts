// Groups the newest section of a changelog by kind of change. `changeset version` groups its entries by the size of the version change.

const GROUPS = ['Breaking', 'New', 'Fixed'] as const;

/**
 * Groups the entries of the newest version by their first word: "Breaking:", "New:" or "Fixed:". Removes the hashes of commits and the
 * entries about updated dependencies. The sections of earlier versions stay the same.
 *
 * @throws `Error` for an entry that starts with another word
 */
export function groupEntries(changelog: string): string {
  const [title = '', ...sections] = changelog.split(/^(?=## )/m);
  const [newest = '', ...earlier] = sections;
  const [heading = ''] = newest.split('\n', 1);
  const entries = newest
    .slice(heading.length)
    .split(/^(?=- |### )/m)
    .filter((part) => part.startsWith('- ') && !part.startsWith('- Updated dependencies'))
    .map((part) => part.trimEnd().replace(/^- ([0-9a-f]{7,}: )?/, ''));
  const groups = GROUPS.map((name) => ({ name, texts: textsOf(name, entries) })).filter(
    ({ texts }) => texts.length > 0,
  );
  const found = groups.reduce((sum, { texts }) => sum + texts.length, 0);
  if (found < entries.length) {
    throw new Error(
      `Each changeset must start with one of ${GROUPS.join(', ')} and a colon:\n${entries.join('\n')}`,
    );
  }
  const written = groups.map(({ name, texts }) => `### ${name}\n\n${texts.join('\n')}\n`);
  // A version that only updates dependencies has no entries.
  const body = written.length > 0 ? written : ['Updated dependencies.\n'];
  return [
    title,
    `${heading}\n\n${body.join('\n')}`,
    ...earlier.map((section) => `\n${section.trimEnd()}\n`),
  ].join('');
}

function textsOf(name: string, entries: readonly string[]): string[] {
  return entries
    .filter((entry) => entry.startsWith(`${name}: `) || entry.startsWith(`${name}:\n`))
    .map((entry) => {
      const text = entry.slice(name.length + 1).trim();
      // A list becomes several entries, any other text becomes one.
      return text.startsWith('- ')
        ? text.replaceAll(/^ {2}/gm, '')
        : `- ${text.charAt(0).toUpperCase()}${text.slice(1)}`;
    });
}
