import { describe, expect, test } from 'vitest';
import { ALL_CASES } from '../src/cases/index.ts';
import { SpecError, addressOf, compareIds, isExcluded, readSpec, selectCases } from '../src/spec.ts';

function ids(cases: string[], excludeCases: string[] = []): string[] {
  return selectCases(ALL_CASES, { cases, excludeCases, excludeAgentCases: {} }).map(({ id }) => id);
}

describe('the patterns of cases', () => {
  test('select one case if they have no asterisk', () => {
    expect(ids(['6.4.1', '9.9.9'])).toEqual(['6.4.1']);
    expect(ids(['6.4'])).toEqual([]);
  });

  test('treat a dot as a literal dot', () => {
    expect(ids(['1.*'])).toHaveLength(16);
    expect(ids(['1*'])).toEqual(expect.arrayContaining(['1.1.1', '10.1.1']));
  });

  test('with an asterisk only need to match the start of the id', () => {
    const groups = new Set(ids(['6.2*']).map((id) => id.split('.')[1]));
    expect([...groups]).toEqual(['2', '20', '21', '22', '23']);
  });

  test('select without duplicates, in numeric order, without excluded cases', () => {
    expect(ids(['2.1', '2.*', '2.10'], ['2.3', '2.5*'])).toEqual([
      '2.1',
      '2.2',
      '2.4',
      '2.6',
      '2.7',
      '2.8',
      '2.9',
      '2.10',
      '2.11',
    ]);
  });

  test('must match the whole agent and the whole id to exclude a pair', () => {
    const selection = { cases: ['*'], excludeCases: [], excludeAgentCases: { 'ws*': ['6.4.*', '2.1'] } };
    expect(isExcluded(selection, 'ws@8.23.0', '6.4.1')).toBe(true);
    expect(isExcluded(selection, 'ws@8.23.0', '2.10')).toBe(false);
    expect(isExcluded(selection, 'not ws', '6.4.1')).toBe(false);
  });
});

test('ids are compared number by number', () => {
  expect(['10.1.1', '2.10', '2.9', '6.4'].sort(compareIds)).toEqual(['2.9', '2.10', '6.4', '10.1.1']);
});

test('an address puts an IPv6 host in brackets', () => {
  expect(addressOf('127.0.0.1', 9001)).toBe('ws://127.0.0.1:9001');
  expect(addressOf('::1', 9001)).toBe('ws://[::1]:9001');
});

describe('a spec', () => {
  test('has the defaults of the public suite', () => {
    expect(readSpec('{}')).toMatchObject({
      cases: ['*'],
      excludeCases: [],
      excludeAgentCases: {},
      servers: [],
    });
  });

  test('is read with its servers, whose options override the global ones', () => {
    const spec = readSpec(`{
      "outdir": "./reports/servers",
      "options": { "failByDrop": false, "closeHandshakeTimeout": 2 },
      "servers": [{ "url": "ws://127.0.0.1:9001", "agent": "one", "options": { "openHandshakeTimeout": 3 } }],
      "cases": ["1.*"], "exclude-cases": ["1.1.8"], "exclude-agent-cases": { "one": ["2.*"] }
    }`);
    expect(spec).toMatchObject({
      outdir: './reports/servers',
      cases: ['1.*'],
      excludeCases: ['1.1.8'],
      excludeAgentCases: { one: ['2.*'] },
      servers: [{ agent: 'one', limits: { openHandshakeTimeout: 3, closeHandshakeTimeout: 2 } }],
    });
  });

  test.each([
    ['nothing', /^the spec is not JSON/],
    ['[]', 'the spec is not a JSON object'],
    ['{"cases": "1.*"}', '"cases" is not a list'],
    ['{"servers": [{}]}', 'an entry of "servers" has no "url"'],
    ['{"servers": [{"url": "http://a"}]}', 'not a WebSocket URL: http://a'],
    [
      '{"options": {"openHandshakeTimeout": "5"}}',
      'the option "openHandshakeTimeout" is not a number of seconds',
    ],
  ])('is refused in one line: %s', (text, message) => {
    expect(() => readSpec(text)).toThrow(message);
    expect(() => readSpec(text)).toThrow(SpecError);
  });
});
