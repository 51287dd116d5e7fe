import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALL_CASES } from '../src/cases/index.ts';
import { compareIndexes, formatComparison } from '../src/report/compare.ts';
import { parseIndex } from '../src/report/index-json.ts';
import { reportName } from '../src/report/names.ts';
import { isPassed } from '../src/report/outcome.ts';
import { allPassed, formatSummary } from '../src/report/summary.ts';
import { writeReports } from '../src/report/write.ts';
import { casesOf, runServerCases } from './support.ts';
import { wrongServer } from './wrong-peer.ts';
import type { Run } from '../src/run.ts';

const CASES = '1.1.1,2.2,7.3.1,7.13.1';

let folder: string;
let runs: Run[];

beforeAll(async () => {
  const { port, server } = await wrongServer('never answers a ping');
  runs = await runServerCases(port, CASES);
  server.close();
  folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  await writeReports(folder, runs, ALL_CASES);
});

afterAll(() => rm(folder, { recursive: true }));

describe('the reports of a run', () => {
  test('are an index, a page, and a file for each case', async () => {
    expect((await readdir(folder)).sort()).toEqual([
      'index.html',
      'index.json',
      'tested_case_1_1_1.json',
      'tested_case_2_2.json',
      'tested_case_7_13_1.json',
      'tested_case_7_3_1.json',
    ]);
  });

  test('index the verdicts in the layout of the public suite', async () => {
    const text = await readFile(join(folder, 'index.json'), 'utf8');
    expect(text).toMatch(/^\{\n {3}"tested": \{\n {6}"1.1.1": \{\n {9}"behavior": "OK",\n/);
    const { tested } = parseIndex(text);
    expect(Object.keys(tested!)).toEqual(['1.1.1', '2.2', '7.13.1', '7.3.1']);
    expect(tested!['2.2']).toEqual({
      behavior: 'FAILED',
      behaviorClose: 'OK',
      duration: expect.any(Number),
      remoteCloseCode: null,
      reportfile: 'tested_case_2_2.json',
    });
  });

  test('contain the expected and received events of a case, and how it ended', async () => {
    const report: unknown = JSON.parse(await readFile(join(folder, 'tested_case_1_1_1.json'), 'utf8'));
    expect(report).toMatchObject({
      id: '1.1.1',
      case: 1,
      agent: 'tested',
      isServer: false,
      expected: { OK: [['message', '', false]] },
      expectedClose: { closedByMe: true, closeCode: [1000], requireClean: true },
      received: [['message', '', false]],
      closedByMe: true,
      wasClean: true,
      remoteCloseCode: 1000,
      rxFrameStats: { 1: 1, 8: 1 },
      txFrameStats: { 1: 1, 8: 1 },
      trafficStats: null,
    });
  });

  test('have a wire log of every frame with its octets, in order', async () => {
    const text = await readFile(join(folder, 'tested_case_7_3_1.json'), 'utf8');
    const { wirelog } = JSON.parse(text) as { wirelog: unknown[][] };
    expect(wirelog.map(([kind]) => kind)).toEqual(['TF', 'TO', 'KL', 'RO', 'RF']);
    expect(wirelog[1]?.[2]).toMatch(/^8880[0-9a-f]{8}$/);
    expect(wirelog[4]?.slice(1, 6)).toEqual([0, '', 8, true, 0]);
  });

  test('escape every text in the page', async () => {
    const page = await readFile(join(folder, 'index.html'), 'utf8');
    const data = /<script type="application\/json" id="data">(.*)<\/script>/.exec(page)?.[1] ?? '';
    expect(data).not.toContain('<');
    expect(JSON.parse(data)).toMatchObject({ agents: ['tested'] });
  });
});

describe('the summary of a run', () => {
  test('counts the verdicts by section, and names the cases that are not OK', () => {
    const text = formatSummary('tested', runs, casesOf(`${CASES},1.1.2`));
    expect(text).toContain('   1  framing                            1 OK, 1 not run\n');
    expect(text).toContain('  2.2                    FAILED\n');
    expect(text).toContain('4 of 5 cases run: 2 OK, 1 FAILED, 1 INFORMATIONAL\n');
  });

  test('folds neighbours with the same verdict into one line', () => {
    const failed = runs.filter(({ verdict }) => verdict.behavior === 'FAILED');
    const neighbours = ['2.2', '2.3', '2.4'].map((id) => ({
      ...failed[0]!,
      testCase: { ...failed[0]!.testCase, id },
    }));
    expect(formatSummary('tested', neighbours, casesOf('2.*'))).toContain(
      '  2.2 to 2.4             FAILED\n',
    );
  });

  test('passes only when every selected case was run and passed', () => {
    const good = runs.filter(({ verdict }) => verdict.behavior !== 'FAILED');
    const cases = casesOf('1.1.1,7.3.1,7.13.1');
    expect(allPassed(good, cases, true)).toBe(true);
    expect(allPassed(good, casesOf(CASES), true)).toBe(false);
    expect(allPassed(runs, casesOf(CASES), false)).toBe(false);
  });
});

test.each([
  ['OK', 'OK', true, true],
  ['INFORMATIONAL', 'INFORMATIONAL', true, true],
  ['NON-STRICT', 'OK', true, false],
  ['UNIMPLEMENTED', 'OK', false, false],
  ['FAILED', 'OK', false, false],
  ['OK', 'UNCLEAN', false, false],
  ['OK', 'WRONG CODE', false, false],
])('%s with the closing %s passes: %s, strictly: %s', (behavior, behaviorClose, loosely, strictly) => {
  expect([isPassed({ behavior, behaviorClose }, false), isPassed({ behavior, behaviorClose }, true)]).toEqual(
    [loosely, strictly],
  );
});

test('a report is named after the agent and the case as in the public suite', () => {
  expect(reportName('ws@8.18.3', '6.4.1')).toBe('ws_8_18_3_case_6_4_1');
  expect(reportName('(Mixed Case)', '1.1.1')).toBe('mixed_case_case_1_1_1');
});

describe('a comparison of two indexes', () => {
  const entry = (behavior: string, behaviorClose = 'OK') => ({
    ...{ behavior, behaviorClose, duration: 1, remoteCloseCode: null, reportfile: '' },
  });

  test('lists the cases that changed, and which became worse', () => {
    const before = {
      one: { '1.1.1': entry('OK'), '2.10': entry('FAILED'), '2.9': entry('OK'), '3.1': entry('OK') },
    };
    const after = { two: { '1.1.1': entry('OK'), '2.10': entry('OK'), '2.9': entry('OK', 'UNCLEAN') } };
    expect(formatComparison(compareIndexes(before, after))).toBe(
      [
        'two  2.9  OK -> OK / UNCLEAN  (worse)',
        'two  2.10  FAILED -> OK',
        'two  3.1  OK -> missing  (worse)',
        '1 the same, 3 changed, 2 of them worse',
        '',
      ].join('\n'),
    );
  });

  test('pairs several agents by name', () => {
    const before = { one: { '1.1.1': entry('OK') }, two: { '1.1.1': entry('FAILED') } };
    const { changes, same } = compareIndexes(before, { two: { '1.1.1': entry('FAILED') } });
    expect([same, changes.map(({ agent, worse }) => [agent, worse])]).toEqual([1, [['one', true]]]);
  });

  test('refuses a text that is not an index', () => {
    expect(() => parseIndex('[]')).toThrow('an index must be an object of agents');
    expect(() => parseIndex('{"a": {"1.1.1": {}}}')).toThrow(SyntaxError);
  });
});
