/** Serves the files of the page. A fixed table names them, so that no path of a request becomes a path on the disk. */

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { IncomingMessage, ServerResponse } from 'node:http';

const pageFolder = fileURLToPath(new URL('../page/', import.meta.url));
const require = createRequire(import.meta.url);
/** The packages that the page takes files from, by their package.json. */
const uplot = require.resolve('uplot/package.json');
const sans = require.resolve('@fontsource-variable/instrument-sans/package.json');
const mono = require.resolve('@fontsource-variable/martian-mono/package.json');

const HTML = 'text/html; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';
const ICON = 'image/svg+xml';
const FONT = 'font/woff2';

/** The files and their types, by address. */
const FILES = new Map<string, { file: string; type: string }>([
  ['/', page('index.html', HTML)],
  ['/style.css', page('style.css', CSS)],
  ['/chat.css', page('chat.css', CSS)],
  ['/meter.css', page('meter.css', CSS)],
  ['/main.js', page('main.js', SCRIPT)],
  ['/link.js', page('link.js', SCRIPT)],
  ['/figures.js', page('figures.js', SCRIPT)],
  ['/rooms.js', page('rooms.js', SCRIPT)],
  ['/chat.js', page('chat.js', SCRIPT)],
  ['/meter.js', page('meter.js', SCRIPT)],
  ['/plots.js', page('plots.js', SCRIPT)],
  ['/wire.js', page('wire.js', SCRIPT)],
  ['/icon.svg', page('icon.svg', ICON)],
  ['/vendor/uplot.js', dependency(uplot, 'dist/uPlot.esm.js', SCRIPT)],
  ['/vendor/uplot.css', dependency(uplot, 'dist/uPlot.min.css', CSS)],
  ['/fonts/sans.woff2', font(sans, 'instrument-sans-latin-standard-normal')],
  ['/fonts/sans-ext.woff2', font(sans, 'instrument-sans-latin-ext-standard-normal')],
  ['/fonts/mono.woff2', font(mono, 'martian-mono-latin-standard-normal')],
]);

/** The headers of every response. They forbid sources from elsewhere, inline scripts, and frames around the page. */
const HEADERS = Object.freeze({
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
});

/**
 * Answers a request for the page or one of its files: 200, 404, or 405 for a method other than GET and HEAD.
 * Never rejects.
 */
export async function servePageFile(request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.resume();
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    answerText(response, 405, 'Only GET and HEAD are answered here.', { allow: 'GET, HEAD' });
    return;
  }
  const [address = ''] = (request.url ?? '').split('?', 1);
  const entry = FILES.get(address);
  if (entry === undefined) {
    answerText(response, 404, 'There is nothing at this address.');
    return;
  }
  try {
    const body = await readFile(entry.file);
    response.writeHead(200, { ...HEADERS, 'content-type': entry.type, 'content-length': body.length });
    response.end(request.method === 'HEAD' ? undefined : body);
  } catch {
    answerText(response, 500, 'The file could not be read.');
  }
}

function answerText(response: ServerResponse, status: number, text: string, headers = {}): void {
  const type = 'text/plain; charset=utf-8';
  response.writeHead(status, {
    ...HEADERS,
    ...headers,
    'content-type': type,
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

function page(name: string, type: string): { file: string; type: string } {
  return { file: join(pageFolder, name), type };
}

function dependency(manifest: string, path: string, type: string): { file: string; type: string } {
  return { file: join(dirname(manifest), path), type };
}

function font(manifest: string, name: string): { file: string; type: string } {
  return dependency(manifest, `files/${name}.woff2`, FONT);
}
