/** The commands of a client under test to the fuzzing server: reads and checks the path and the query of its request. */

import type { Case } from './case.ts';

export type Command =
  | { readonly name: 'count' | 'control' | 'stop' }
  | { readonly name: 'info'; readonly testCase: Case }
  | { readonly name: 'run' | 'status'; readonly testCase: Case; readonly agent: string }
  | { readonly name: 'report'; readonly agent: string; readonly shutdown: boolean };

/** Thrown when a parameter is missing, repeated or wrong. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/**
 * Reads a request target such as `/runCase?case=3&agent=A`; `cases` are the selected ones, counted from 1.
 *
 * @throws CommandError when a parameter is missing, repeated, or names no case.
 */
export function readCommand(target: string, cases: readonly Case[]): Command {
  const url = new URL(target, 'ws://suite');
  const query = url.searchParams;
  switch (url.pathname) {
    case '/getCaseCount':
      return { name: 'count' };
    case '/getCaseInfo':
      return { name: 'info', testCase: findCase(query, cases) };
    case '/runCase':
      return { name: 'run', testCase: findCase(query, cases), agent: single(query, 'agent') };
    case '/getCaseStatus':
      return { name: 'status', testCase: findCase(query, cases), agent: single(query, 'agent') };
    case '/updateReports':
      return {
        name: 'report',
        agent: single(query, 'agent'),
        shutdown: isYes(query.get('shutdownOnComplete')),
      };
    case '/stopServer':
      return { name: 'stop' };
    default:
      return { name: 'control' };
  }
}

function findCase(query: URLSearchParams, cases: readonly Case[]): Case {
  if (query.has('casetuple')) {
    const id = single(query, 'casetuple');
    const found = cases.find((testCase) => testCase.id === id);
    if (found) return found;
    throw new CommandError(`case ${id} is not among the selected ones`);
  }
  const number = single(query, 'case');
  const found = /^\d+$/.test(number) ? cases[Number(number) - 1] : undefined;
  if (found) return found;
  throw new CommandError(`there is no case number ${number}, only 1 to ${cases.length}`);
}

function single(query: URLSearchParams, name: string): string {
  const [value, ...more] = query.getAll(name);
  if (value === undefined || value === '') throw new CommandError(`the parameter "${name}" is missing`);
  if (more.length > 0) throw new CommandError(`the parameter "${name}" occurs more than once`);
  return value;
}

function isYes(value: string | null): boolean {
  return value !== null && ['true', 'yes'].includes(value.toLowerCase());
}
