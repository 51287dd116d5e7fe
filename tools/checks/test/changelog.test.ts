import { expect, test } from 'vitest';
import { groupEntries } from '../../build/changelog.ts';

const EARLIER = '## 0.1.0\n\n### New\n\n- The first version.\n';

test('entries are grouped by their first word, without commits and updated dependencies', () => {
  const written = `# pack

## 0.2.0

### Minor Changes

- 0ab2c1a: New: an option.

  - one way
  - another way

- 1234567: Breaking: a default has changed.

### Patch Changes

- 89abcde: Fixed:

  - a leak
  - a crash

- Updated dependencies [0ab2c1a]
  - @framewire/codec@0.2.0

${EARLIER}`;
  expect(groupEntries(written)).toBe(`# pack

## 0.2.0

### Breaking

- A default has changed.

### New

- An option.

  - one way
  - another way

### Fixed

- a leak
- a crash

${EARLIER}`);
});

test('a version without entries says that it updates dependencies', () => {
  const written = `# pack\n\n## 0.2.0\n\n### Patch Changes\n\n- Updated dependencies\n  - other@1.0.0\n\n${EARLIER}`;
  expect(groupEntries(written)).toBe(`# pack\n\n## 0.2.0\n\nUpdated dependencies.\n\n${EARLIER}`);
});

test('an entry that starts with another word throws an error that names the entry', () => {
  expect(() => groupEntries('# pack\n\n## 0.2.0\n\n### Patch Changes\n\n- 0ab2c1a: Something.\n')).toThrow(
    'Something.',
  );
});
