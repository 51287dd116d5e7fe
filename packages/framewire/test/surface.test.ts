// doc/surface.md and doc/moving-from-ws.md: each test that they name is there, and no member, option or error code goes unnamed.
import { readFileSync } from 'node:fs';
import { PROTOCOL_ERRORS } from '@framewire/codec';
import * as framewire from 'framewire';
import { describe, expect, test } from 'vitest';

const page = new URL('../doc/surface.md', import.meta.url);
const text = [page, new URL('moving-from-ws.md', page)].map((url) => readFileSync(url, 'utf8')).join('\n');

/** The rows that name a test. */
const rows = [...text.matchAll(/^\| (.+?) +\| \[[^\]]+\]\(([^)]+)\) +\| (.+?) +\|$/gm)].map(
  ([, what = '', file = '', title = '']) => ({ what, file, title }),
);

describe('the table of the surface', () => {
  test.each(rows)('$what: its test is there', ({ file, title }) => {
    const source = readFileSync(new URL(file, page), 'utf8');
    // As it stands in the source, in whichever quotes.
    expect(["'", '"', '`'].some((quote) => source.includes(quote + title + quote))).toBe(true);
  });

  test('has a row for every name of the classes and the module, every option and every error code', () => {
    const { WebSocket, WebSocketServer } = framewire;
    const server = new WebSocketServer({ noServer: true });
    const names = [
      ...Object.keys(framewire).filter((name) => !['default', 'module.exports'].includes(name)),
      ...membersOf(new WebSocket(null)),
      ...membersOf(server),
      ...Object.keys(server.options),
      ...Object.values(PROTOCOL_ERRORS).map(({ code }) => code),
    ];
    const named = new Set(text.match(/[\w-]+/g));
    expect(names.filter((name) => !named.has(name))).toEqual([]);
  });
});

/** What is public of an object of ours: of it and of its classes, up to those of Node. */
function membersOf(object: object): string[] {
  const names: string[] = [];
  for (
    let prototype = Object.getPrototypeOf(object) as object;
    !Object.hasOwn(prototype, 'addListener');
    prototype = Object.getPrototypeOf(prototype) as object
  ) {
    names.push(...Object.getOwnPropertyNames(prototype));
  }
  // What the layers above call of those below is protected, and no part of the surface.
  const inner = [
    'abortHandshake',
    'complete',
    'failHandshake',
    'httpServer',
    'maxPayload',
    'outbound',
    'request',
    'socket',
  ];
  return names.filter((name) => name !== 'constructor' && !inner.includes(name));
}
