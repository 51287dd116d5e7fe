/** Serves the built site. */

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import sirv from 'sirv';
import { SITE } from './paths.ts';

/** A running server, and the address of its home page. */
export interface Served {
  server: Server;
  url: string;
}

/**
 * Serves the built site on 127.0.0.1. The address of a page has no extension. An unknown address gets the 404 page.
 *
 * @param port 0 picks a free one
 * @param base the path of the home page, with which the site was built
 */
export async function serveSite(port: number, base: string): Promise<Served> {
  const missing = (response: { statusCode: number }): void => void (response.statusCode = 404);
  const files = sirv(SITE, { dev: true, etag: true });
  const notFound = sirv(SITE, { dev: true, setHeaders: missing });
  const server = createServer((request, response) => {
    const { url = '' } = request;
    const answerMissing = (): void => {
      request.url = '/404.html';
      notFound(request, response);
    };
    if (!url.startsWith(base)) {
      answerMissing();
      return;
    }
    request.url = `/${url.slice(base.length)}`;
    files(request, response, answerMissing);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${base}` };
}
