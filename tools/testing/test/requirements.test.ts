import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { executableOf, requirement, requirementOf, type Part } from '../src/requirements.ts';

let folder: string;
let program: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'framewire-requirements-'));
  program = join(folder, 'framewire-program');
  writeFileSync(program, '#!/bin/sh\n');
  chmodSync(program, 0o755);
  writeFileSync(join(folder, 'framewire-text'), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Looks for a part with one candidate. Returns the result and the printed lines. */
function ask(candidate: string, environment: Record<string, string>) {
  const lines: string[] = [];
  const part: Part = { name: candidate, candidates: [candidate] };
  const { missing, reason } = requirementOf(part, environment, (line) => lines.push(line));
  return { missing, reason, lines };
}

describe('A part that a test needs', () => {
  test('is found by its name on PATH', () => {
    const environment = { PATH: `/nowhere${delimiter}${folder}` };
    expect(ask('framewire-program', environment)).toEqual({ missing: false, reason: '', lines: [] });
    expect(executableOf({ name: 'it', candidates: ['framewire-program'] }, environment)).toBe(program);
  });

  test('is found by an absolute path, whatever PATH says', () => {
    expect(ask(program, {}).missing).toBe(false);
  });

  test('is the first of its candidates that exists', () => {
    const part = { name: 'it', candidates: ['/nowhere/at/all', program, process.execPath] };
    expect(executableOf(part, {})).toBe(program);
  });

  test.skipIf(requirement('posix').missing)(
    'is missing when the file with its name is not executable',
    () => {
      expect(ask('framewire-text', { PATH: folder }).missing).toBe(true);
    },
  );

  test('is named in one line if it is missing, and only the first time', () => {
    const first = ask('framewire-absent', { PATH: folder });
    const second = ask('framewire-absent', { PATH: folder });
    expect(first.missing).toBe(true);
    expect(first.lines).toEqual([
      'Skipping tests: framewire-absent is missing (looked on PATH for framewire-absent)\n',
    ]);
    expect(second).toEqual({ missing: true, reason: first.reason, lines: [] });
  });

  test('does not skip a test under CI=true: starting it fails instead, with its name', () => {
    const asked = ask('framewire-never', { CI: 'true', PATH: folder });
    expect(asked).toEqual({
      missing: false,
      reason: 'framewire-never is missing (looked on PATH for framewire-never)',
      lines: [],
    });
    const part = { name: 'framewire-never', candidates: ['framewire-never'] };
    expect(() => executableOf(part, { CI: 'true', PATH: folder })).toThrow(asked.reason);
  });
});
