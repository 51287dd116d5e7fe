// Compares doc/api.md with the types and the sources: everything is documented, and everything documented exists.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import * as framewire from 'framewire';
import { CloseCode, isValidCloseCode, PROTOCOL_ERRORS } from '@framewire/codec';
import { DEFAULTS } from '@framewire/connection';
import { HANDSHAKE_ERRORS } from '@framewire/handshake';
import {
  DEFAULT_INFLATE_BUDGET,
  DEFAULT_THRESHOLD,
  INFLATE_IN_TURNS_FROM,
} from '@framewire/permessage-deflate';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import * as browser from '../src/browser.ts';
import { Page } from './reference/page.ts';
import { PublicTypes } from './reference/public-types.ts';

// The compiler reads all packages.
vi.setConfig({ hookTimeout: 120_000 });

const text = Page.text();
let types: PublicTypes;
beforeAll(() => {
  types = new PublicTypes();
});

const CONNECTION = 'Options of a connection';
const PROTOCOL = 'The peer broke a rule';
const HANDSHAKE = 'The opening handshake failed';
const CODES = [
  PROTOCOL,
  'The peer does not read or answer',
  'The application failed',
  HANDSHAKE,
  'Negotiating compression failed',
  'Invalid arguments',
  'Raw heads',
];

/** What the page says, and what exists. */
interface Check {
  readonly said: (page: Page) => unknown;
  readonly there: () => unknown;
}

/** Compares the names in sections. Each must appear once. */
function names(headings: readonly string[], there: () => Iterable<string>): Check {
  return {
    said: (page) => page.names(...headings).sort(),
    there: () => [...new Set(there())].sort(),
  };
}

/** Compares the plain defaults in a section with those in docstrings or tables of options. */
function defaults(heading: string, there: () => object): Check {
  return { said: (page) => page.defaults(heading), there };
}

/** Lists the error codes as a type, and creates none. */
const LISTED = 'framewire/src/websocket.ts';

const PACKAGES = fileURLToPath(new URL('../..', import.meta.url));

/** The first group of each match in the sources of the umbrella and its layers. */
function inSources(pattern: RegExp): string[] {
  return installed().flatMap((name) => {
    const sources = join(PACKAGES, name, 'src');
    return readdirSync(sources, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && `${name}/src/${file}` !== LISTED)
      .flatMap((file) =>
        [...readFileSync(join(sources, file), 'utf8').matchAll(pattern)].map(([, found = '']) => found),
      );
  });
}

/** The folders of the umbrella and its layers. */
function installed(): string[] {
  const folders = new Set(['framewire']);
  for (const folder of folders) {
    const manifest = readFileSync(join(PACKAGES, folder, 'package.json'), 'utf8');
    const { dependencies = {} } = JSON.parse(manifest) as { dependencies?: Record<string, string> };
    for (const name of Object.keys(dependencies)) {
      if (name.startsWith('@framewire/')) folders.add(name.slice('@framewire/'.length));
    }
  }
  return [...folders];
}

function without(all: object, those: object): object {
  return Object.fromEntries(Object.entries(all).filter(([name]) => !(name in those)));
}

/** The exports of the browser module that throw because they need Node, without the platform's class. */
function unavailableInBrowsers(): string[] {
  return Object.entries(browser)
    .filter(([name, value]) => {
      if (typeof value !== 'function' || ['default', 'module.exports', 'WebSocket'].includes(name))
        return false;
      try {
        Reflect.construct(value, []);
        return false;
      } catch (error) {
        return error instanceof Error && error.message.includes('needs Node.js');
      }
    })
    .map(([name]) => name)
    .sort();
}

function namesOf(symbols: readonly { readonly name: string }[]): string[] {
  return symbols.map(({ name }) => name);
}

function exportsOf(module: object): string[] {
  return Object.keys(module).filter((name) => !['default', 'module.exports'].includes(name));
}

const CHECKS: Readonly<Record<string, Check>> = {
  'the exports': names(['Exports'], () => exportsOf(framewire)),
  'the statics of WebSocket': names(['Statics of WebSocket'], () => types.statics('WebSocket')),
  'the types in the namespace': names(['Types in the namespace WebSocket'], () => types.types()),

  'the options of a client': names([CONNECTION, 'Options of a client'], () =>
    namesOf(types.properties('ClientOptions')),
  ),
  'the options of a server': names([CONNECTION, 'Options of a server'], () =>
    namesOf(types.properties('ServerOptions')),
  ),
  'the options of compression': names(['Options of compression'], () =>
    namesOf(types.properties('PerMessageDeflateOptions')),
  ),
  'the options of a Receiver': names(['Options of a Receiver'], () => namesOf(types.optionsOf('Receiver'))),
  'the options of Sender.frame': names(['Options of Sender.frame'], () =>
    namesOf(types.optionsOf('Sender', 'frame')),
  ),

  'the members of a WebSocket': names(['Members of a WebSocket'], () => types.members('WebSocket')),
  'the members of a server': names(['Members of a server'], () => types.members('WebSocketServer')),
  'the members of a Sender': names(['Sender'], () => [
    ...types.members('Sender'),
    ...types.statics('Sender'),
  ]),
  'the members of PerMessageDeflate': names(['PerMessageDeflate'], () => [
    ...types.members('PerMessageDeflate'),
    ...types.statics('PerMessageDeflate'),
  ]),
  'the functions of extension': names(['extension'], () => Object.keys(framewire.extension)),
  'the functions of subprotocol': names(['subprotocol'], () => Object.keys(framewire.subprotocol)),

  'the events of a WebSocket': names(['Events of a WebSocket'], () => types.events('WebSocket')),
  'the events of a server': names(['Events of a server'], () => types.events('WebSocketServer')),
  // The stream itself emits the error that its callback receives.
  'the events of a Receiver': names(['Events of a Receiver'], () => [
    ...inSources(/\breceiver\.emit\('(\w+)'/g),
    'error',
  ]),

  'the error codes': names(CODES, () => inSources(/'(WS_ERR_[A-Z\d_]+)'/g)),
  'the error codes in the types': names(CODES, () => types.strings('ErrorCode')),
  'the close codes of protocol errors': {
    said: (page) => page.numbers(PROTOCOL, 'close code'),
    there: () => Object.fromEntries(Object.values(PROTOCOL_ERRORS).map((row) => [row.code, row.closeCode])),
  },
  'the HTTP status of refusals': {
    said: (page) => page.numbers(HANDSHAKE, 'where'),
    there() {
      // The table has more rows than this section. 'the error codes' compares the names.
      const here = new Page(text).names(HANDSHAKE);
      const rows = Object.values(HANDSHAKE_ERRORS).filter(({ code }) => here.includes(code));
      return Object.fromEntries(rows.map(({ code, status }) => [code, status]));
    },
  },
  'the close codes': names(['Close codes'], () => Object.values(CloseCode).map(String)),
  'which close codes are sent': {
    said: (page) =>
      page
        .cells('Close codes', 'sent')
        .filter(([, sent]) => sent === 'yes')
        .map(([code]) => Number(code)),
    there: () => Object.values(CloseCode).filter(isValidCloseCode),
  },
  'the environment variables': names(['Environment variables'], () =>
    inSources(/\benv(?:\.|\[['"])([A-Z][A-Z\d_]*)/g),
  ),
  'the names in a browser': names(['In a browser'], () => exportsOf(browser)),
  'what throws in a browser': {
    said: (page) =>
      page
        .cells('In a browser', 'there')
        .filter(([, there]) => there.startsWith('throws'))
        .map(([name]) => name)
        .sort(),
    there: unavailableInBrowsers,
  },

  'the defaults of a connection': defaults(CONNECTION, () => DEFAULTS),
  'the defaults of a client': defaults('Options of a client', () =>
    without(types.defaults(types.properties('ClientOptions')), DEFAULTS),
  ),
  'the defaults of a server': defaults('Options of a server', () => {
    const { options } = new framewire.WebSocketServer({ noServer: true });
    return { ...without(options, { ...DEFAULTS, WebSocket: undefined }), noServer: false };
  }),
  'the defaults of compression': defaults('Options of compression', () => ({
    ...types.defaults(types.properties('PerMessageDeflateOptions')),
    // A client is more tolerant than the negotiation on its own, as compression.test.ts of the client shows.
    strict: false,
    threshold: DEFAULT_THRESHOLD,
    takeoverThreshold: 0,
    leaveIncompressible: true,
    dropContextAfter: 0,
    inflateBudget: DEFAULT_INFLATE_BUDGET,
    inflateInTurnsFrom: INFLATE_IN_TURNS_FROM,
  })),
  // A Receiver has no limit by default, like that of `ws`.
  'the defaults of a Receiver': defaults('Options of a Receiver', () => ({
    ...types.defaults(types.optionsOf('Receiver')),
    maxPayload: 0,
  })),
  'the defaults of Sender.frame': defaults('Options of Sender.frame', () =>
    types.defaults(types.optionsOf('Sender', 'frame')),
  ),
};

/** Which checks a page fails. */
function failures(page: Page): string[] {
  return Object.entries(CHECKS)
    .filter(([, { said, there }]) => !isDeepStrictEqual(said(page), there()))
    .map(([title]) => title);
}

describe('the reference matches', () => {
  test.each(Object.entries(CHECKS))('%s', (_, { said, there }) => {
    const found = there();
    expect(Object.keys(found as object)).not.toEqual([]);
    expect(said(new Page(text))).toEqual(found);
  });
});

describe('the test rejects a page', () => {
  test.each<[what: string, from: RegExp, to: string, found: readonly string[]]>([
    [
      'that lacks an option',
      /^\| `maxRedirects`.*\n/m,
      '',
      ['the options of a client', 'the defaults of a client'],
    ],
    ['that lacks an event', /^\| `redirect`.*\n/m, '', ['the events of a WebSocket']],
    [
      'that lacks an error code',
      /^\| `WS_ERR_HEAD_IS_OVER`.*\n/m,
      '',
      ['the error codes', 'the error codes in the types'],
    ],
    ['that lacks a function', /^\| `format`.*\n/m, '', ['the functions of extension']],
    [
      'with an invented member',
      /^\| `terminate`/m,
      '| `hangUp` | () | |\n$&',
      ['the members of a WebSocket'],
    ],
    [
      'with an invented variable',
      /^\| `WS_NO_BUFFER_UTIL`/m,
      '| `WS_NO` | |\n$&',
      ['the environment variables'],
    ],
    ['with a row twice', /^\| `conclude`.*\n/m, '$&$&', ['the events of a Receiver']],
    ['with a wrong default of a connection', /`60`/, '`61`', ['the defaults of a connection']],
    ['with a wrong default of a client', /`13` /, '`8` ', ['the defaults of a client']],
    ['with a wrong default of a server', /`120000`/, '`1`', ['the defaults of a server']],
    ['with a wrong default of compression', /`1024`/, '`1025`', ['the defaults of compression']],
    ['that has a default only in words', /`1024`/, '1024', ['the defaults of compression']],
    [
      'with a wrong close code',
      /(`WS_ERR_INVALID_UTF8` *\|) 1007/,
      '$1 1002',
      ['the close codes of protocol errors'],
    ],
    ['with a wrong status', /server, 405/, 'server, 400', ['the HTTP status of refusals']],
    [
      'that marks a code as sent that is never sent',
      /(`1006` *\|) no/,
      '$1 yes',
      ['which close codes are sent'],
    ],
    [
      'that promises a browser too much',
      /throws when it is called/,
      'works when it is called',
      ['what throws in a browser'],
    ],
  ])('%s', (_, from, to, found) => {
    const changed = text.replace(from, to);
    expect(changed).not.toBe(text);
    expect(failures(new Page(changed))).toEqual(found);
  });

  test('that lacks a section', () => {
    expect(() => failures(new Page(text.replace('## Close codes', '## Codes')))).toThrow(
      'The page has no section "Close codes"',
    );
  });
});
