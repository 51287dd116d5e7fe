import { describe, expect, test } from 'vitest';
import { ALL_CASES } from '../src/cases/index.ts';
import { readLog, readSteps } from '../src/notation.ts';
import { compareIds } from '../src/spec.ts';

/** The number of cases in each section and group of the public suite. */
const COUNTS: Readonly<Record<string, number>> = {
  ...{ '1.1': 8, '1.2': 8 },
  ...{ '2': 11, '3': 7, '4.1': 5, '4.2': 5, '5': 20 },
  ...{ '6.1': 3, '6.2': 4, '6.3': 2, '6.4': 4, '6.5': 5, '6.6': 11, '6.7': 4, '6.8': 2, '6.9': 4, '6.10': 3 },
  ...{ '6.11': 5, '6.12': 8, '6.13': 5, '6.14': 10, '6.15': 1, '6.16': 3, '6.17': 5, '6.18': 5, '6.19': 5 },
  ...{ '6.20': 7, '6.21': 8, '6.22': 34, '6.23': 7 },
  ...{ '7.1': 6, '7.3': 6, '7.5': 1, '7.7': 13, '7.9': 9, '7.13': 2 },
  ...{ '9.1': 6, '9.2': 6, '9.3': 9, '9.4': 9, '9.5': 6, '9.6': 6, '9.7': 6, '9.8': 6 },
  ...{ '10.1': 1 },
  ...{ '12.1': 18, '12.2': 18, '12.3': 18, '12.4': 18, '12.5': 18 },
  ...{ '13.1': 18, '13.2': 18, '13.3': 18, '13.4': 18, '13.5': 18, '13.6': 18, '13.7': 18 },
};

describe('the list of cases', () => {
  test('has the number of cases of the public suite', () => {
    expect(ALL_CASES.length).toBe(517);
  });

  test('has exactly the ids of every group, from 1 without a gap', () => {
    const ids = Object.entries(COUNTS).flatMap(([group, count]) =>
      Array.from({ length: count }, (_, i) => `${group}.${i + 1}`),
    );
    expect(ALL_CASES.map(({ id }) => id)).toEqual(ids.sort(compareIds));
  });

  test('has 63 valid and 69 invalid single messages in 6.5 to 6.23', () => {
    const single = ALL_CASES.filter(({ id }) => compareIds(id, '6.5') > 0 && compareIds(id, '7') < 0);
    expect(single.filter(({ end }) => end.by === 'F').length).toBe(63);
    expect(single.filter(({ end }) => end.by === 'P').length).toBe(69);
  });

  test('has only valid notation', () => {
    for (const { conduct } of ALL_CASES) {
      if (conduct.kind === 'log') {
        expect(readSteps(conduct.sends).length).toBeGreaterThan(1);
        readLog(conduct.ok);
        readLog(conduct.nonStrict ?? '(none)');
      }
    }
  });

  test('marks every text in 6.5 to 6.23 as valid or invalid as a decoder does', () => {
    for (const { id, conduct, end } of ALL_CASES) {
      if (conduct.kind !== 'log' || compareIds(id, '6.5') <= 0 || compareIds(id, '7') >= 0) continue;
      const [step] = readSteps(conduct.sends);
      const payload = step?.do === 'frame' ? step.payload : Buffer.alloc(0);
      const decodes = Buffer.from(payload.toString('utf8')).equals(payload);
      expect([id, decodes]).toEqual([id, end.by === 'F']);
    }
  });
});
