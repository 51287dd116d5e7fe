// Bundles for a browser: the platform's WebSocket talks to our server, and the other exports throw clear errors.
import { once } from 'node:events';
import { mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { launchChromium, requirement } from '@framewire/testing';
import * as esbuild from 'esbuild';
import { WebSocketServer } from 'framewire';
import ts from 'typescript';
import * as vite from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** Reports on the module: its class, the result of an echo, and what each export throws when it is used. */
const PROGRAM = `
  const echo = (Class, url) => new Promise((resolve, reject) => {
    const ws = new Class(url);
    ws.onopen = () => ws.send('hello');
    ws.onmessage = ({ data }) => { resolve(data); ws.close(); };
    ws.onerror = reject;
  });
  const thrown = (use) => { try { use(); return 'nothing'; } catch (error) { return String(error); } };
  globalThis.report = async (url) => ({
    isPlatform: WebSocket === globalThis.WebSocket && Default === WebSocket,
    state: WebSocket.OPEN,
    echo: await echo(WebSocket, url),
    header: extension.format(extension.parse('a; b=1')) + ' ' + [...subprotocol.parse('x, y')].join(),
    thrown: [
      thrown(() => new WebSocketServer({ port: 1 })),
      thrown(() => new (class extends WebSocketServer {})()),
      thrown(() => compressionStatistics()),
      thrown(() => createRefusal()),
      thrown(() => formatRefusal()),
      thrown(() => createWebSocketStream()),
      thrown(() => new Receiver()),
      thrown(() => new Sender()),
      thrown(() => Sender.frame('')),
      thrown(() => new PerMessageDeflate()),
      thrown(() => new PreparedMessage('')),
    ],
  });
`;
const IMPORTED = `
  import Default, {
    compressionStatistics, createRefusal, createWebSocketStream, extension, formatRefusal, PerMessageDeflate, PreparedMessage,
    Receiver, Sender, subprotocol, WebSocket, WebSocketServer,
  } from 'framewire';
  ${PROGRAM}`;

/** A CommonJS program that creates clients from the result of `require()`. */
const REQUIRED = `
  const Default = require('framewire');
  globalThis.report = (url) => new Promise((resolve, reject) => {
    const ws = new Default(url);
    ws.onopen = () => ws.send('hello');
    ws.onmessage = ({ data }) => {
      resolve({ data, isOne: ws instanceof globalThis.WebSocket, isPlatform: Default.WebSocket === globalThis.WebSocket });
      ws.close();
    };
    ws.onerror = reject;
  });`;

const NEEDS_NODE = "of framewire needs Node.js: in a browser, framewire has only the platform's WebSocket";

let workbench: string;

/** Creates a folder with the programs, in which the built package is installed. */
beforeAll(() => {
  workbench = mkdtempSync(join(tmpdir(), 'framewire-browser-'));
  mkdirSync(join(workbench, 'node_modules'));
  symlinkSync(
    fileURLToPath(new URL('..', import.meta.url)),
    join(workbench, 'node_modules/framewire'),
    'junction',
  );
  writeFileSync(join(workbench, 'imported.js'), IMPORTED);
  writeFileSync(join(workbench, 'required.js'), REQUIRED);
});

afterAll(() => {
  rmSync(workbench, { recursive: true });
});

async function byEsbuild(program: string): Promise<string> {
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(workbench, program)],
    bundle: true,
    format: 'iife',
    platform: 'browser',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]!.text;
}

async function byVite(program: string): Promise<string> {
  const built = await vite.build({
    root: workbench,
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      minify: false,
      lib: { entry: join(workbench, program), formats: ['iife'], name: 'program', fileName: 'program' },
    },
  });
  const [{ output }] = built as [vite.Rolldown.RolldownOutput];
  return output[0].code;
}

describe.skipIf(requirement('chromium').missing)('in Chromium', () => {
  const http = createServer((_request, response) => {
    response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>framewire</title>');
  });
  let browser: Awaited<ReturnType<typeof launchChromium>>;

  beforeAll(async () => {
    const server = new WebSocketServer({ server: http, perMessageDeflate: true });
    server.on('connection', (ws) => {
      ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser.close();
    http.closeAllConnections();
    http.close();
  });

  /** The report of a bundled program. */
  async function reportOf(script: string): Promise<unknown> {
    const { port } = http.address() as AddressInfo;
    const page = await browser.newPage();
    try {
      await page.goto(`http://127.0.0.1:${port}/`);
      await page.addScriptTag({ content: script });
      return await page.evaluate(`report('ws://127.0.0.1:${port}/')`);
    } finally {
      await page.close();
    }
  }

  test.each([
    ['esbuild', byEsbuild],
    ['vite', byVite],
  ])(
    'a program that imports it, bundled by %s, talks to our server, and Node-only exports throw',
    async (_name, bundle) => {
      expect(await reportOf(await bundle('imported.js'))).toEqual({
        isPlatform: true,
        state: 1,
        echo: 'hello',
        header: 'a; b=1 x,y',
        thrown: [
          `Error: WebSocketServer ${NEEDS_NODE}`,
          `Error: WebSocketServer ${NEEDS_NODE}`,
          `Error: compressionStatistics() ${NEEDS_NODE}`,
          `Error: createRefusal() ${NEEDS_NODE}`,
          `Error: formatRefusal() ${NEEDS_NODE}`,
          `Error: createWebSocketStream() ${NEEDS_NODE}`,
          `Error: Receiver ${NEEDS_NODE}`,
          `Error: Sender ${NEEDS_NODE}`,
          `Error: Sender.frame() ${NEEDS_NODE}`,
          `Error: PerMessageDeflate ${NEEDS_NODE}`,
          `Error: PreparedMessage ${NEEDS_NODE}`,
        ],
      });
    },
    60_000,
  );

  test.each([
    ['esbuild', byEsbuild],
    ['vite', byVite],
  ])(
    'a program that requires it, bundled by %s, creates WebSockets of the platform',
    async (_name, bundle) => {
      expect(await reportOf(await bundle('required.js'))).toEqual({
        data: 'hello',
        isOne: true,
        isPlatform: true,
      });
    },
    60_000,
  );
});

test('the bundle contains no Node code', async () => {
  expect(await byEsbuild('imported.js')).not.toMatch(/node:|require\(/);
});

test('loads in an engine that has no WebSocket', async () => {
  const script = await byEsbuild('imported.js');
  expect(() => void runInNewContext(script, {})).not.toThrow();
});

test('the types for a browser are those of the platform', () => {
  const program = join(workbench, 'typed.ts');
  writeFileSync(
    program,
    `import Default, { WebSocket, WebSocketServer } from 'framewire';
     const ws: globalThis.WebSocket = new WebSocket('ws://127.0.0.1:1/', ['chat']);
     ws.onmessage = ({ data }: MessageEvent) => ws.send(data as string);
     export const same: typeof globalThis.WebSocket = Default;
     export class Server extends WebSocketServer {}
     // @ts-expect-error A browser's WebSocket has no Node events.
     ws.on('message', () => {});`,
  );
  const compiled = ts.createProgram([program], {
    strict: true,
    noEmit: true,
    types: [],
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    customConditions: ['browser'],
  });
  expect(
    ts
      .getPreEmitDiagnostics(compiled)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
  ).toEqual([]);
}, 120_000);
