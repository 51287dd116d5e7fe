// doc/api.md against the types and the sources: nothing is undocumented, and nothing documented that is not there.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as framewire from 'framewire';
import { DEFAULTS } from '@framewire/connection';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { Page } from './reference/page.ts';
import { PublicTypes } from './reference/public-types.ts';

// The compiler reads all packages.
vi.setConfig({ hookTimeout: 120_000 });

const page = Page.read();
let types: PublicTypes;
beforeAll(() => {
  types = new PublicTypes();
});

function sorted(names: Iterable<string>): string[] {
  return [...new Set(names)].sort();
}

/** What of the sources of all packages matches. */
function inSources(pattern: RegExp): string[] {
  const packages = fileURLToPath(new URL('../..', import.meta.url));
  return readdirSync(packages).flatMap((name) => {
    const sources = join(packages, name, 'src');
    return readdirSync(sources, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) =>
        [...readFileSync(join(sources, file), 'utf8').matchAll(pattern)].map(([match]) => match),
      );
  });
}

const CONNECTION = 'Options of a connection';

describe('the reference has just', () => {
  test('the exports', () => {
    const exported = Object.keys(framewire).filter((name) => !['default', 'module.exports'].includes(name));
    expect(sorted(page.names('Exports'))).toEqual(sorted(exported));
  });

  test('the statics of WebSocket, and the types in its namespace', () => {
    expect(sorted(page.names('Statics of WebSocket'))).toEqual(sorted(types.statics('WebSocket')));
    expect(sorted(page.names('Types in the namespace WebSocket'))).toEqual(sorted(types.types()));
  });

  test.each([
    ['ClientOptions', [CONNECTION, 'Options of a client']],
    ['ServerOptions', [CONNECTION, 'Options of a server']],
    ['PerMessageDeflateOptions', ['Options of compression']],
  ])('the properties of %s', (name, headings) => {
    expect(sorted(page.names(...headings))).toEqual(sorted(types.properties(name)));
  });

  test.each([
    ['WebSocket', ['Members of a WebSocket']],
    ['WebSocketServer', ['Members of a server']],
    ['PerMessageDeflate', ['PerMessageDeflate']],
    ['Sender', ['Sender']],
  ])('the members of %s', (name, headings) => {
    const statics = name.startsWith('WebSocket') ? [] : types.statics(name);
    expect(sorted(page.names(...headings))).toEqual(sorted([...types.members(name), ...statics]));
  });

  test.each([
    ['WebSocket', 'Events of a WebSocket'],
    ['WebSocketServer', 'Events of a server'],
  ])('the events of %s', (name, heading) => {
    expect(sorted(page.names(heading))).toEqual(sorted(types.events(name)));
  });

  test('the error codes', () => {
    const documented = page.names(
      'The peer broke a rule',
      'The peer does not read',
      'The opening handshake failed',
      'Compression could not be agreed on',
      'Thrown for what the caller passed',
      'Of raw heads',
    );
    expect(sorted(documented)).toEqual(sorted(inSources(/\bWS_ERR_[A-Z\d_]*[A-Z\d]\b/g)));
  });

  test('the environment variables', () => {
    expect(sorted(page.names('Environment variables'))).toEqual(sorted(inSources(/\bWS_NO_[A-Z\d_]+\b/g)));
  });
});

describe('the defaults that it gives are', () => {
  test('those of a connection', () => {
    expect(page.defaults(CONNECTION)).toEqual(DEFAULTS);
  });

  test('those of a server', () => {
    const { options } = new framewire.WebSocketServer({ noServer: true });
    const own = Object.entries(options).filter(([name]) => !(name in DEFAULTS) && name !== 'WebSocket');
    expect(page.defaults('Options of a server')).toEqual({ ...Object.fromEntries(own), noServer: false });
  });
});

describe('a page', () => {
  const text =
    '## A\n\n| name | default |\n| --- | --- |\n| `a`, `b` | `1` |\n| `c` | none |\n\n### B\n\nwords\n';

  test('is read by heading: the names of its rows, and the defaults that are code', () => {
    const read = new Page(text);
    expect(read.names('A')).toEqual(['a', 'b', 'c']);
    expect(read.defaults('A')).toEqual({ a: 1 });
    expect(read.names('B')).toEqual([]);
  });

  test('lacks a section', () => {
    expect(() => new Page(text).names('C')).toThrow('The page has no section "C"');
  });
});
