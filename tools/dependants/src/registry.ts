/** A registry on this machine that has our packed packages, and redirects requests for others to the registry that npm uses. */

import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { must } from '@framewire/testing';
import type { PackedPackage } from '@framewire/testing/packed';
import type { Packed } from './lockfile.ts';

/** A package as it was packed, and what it depends on. */
export type Published = PackedPackage & Packed;

/** A running registry. */
export interface Registry {
  url: string;
  stop(): Promise<void>;
}

/** Starts a registry with these packages, on a free port. */
export async function startRegistry(packages: readonly Published[]): Promise<Registry> {
  const others = (await must('npm', ['config', 'get', 'registry'])).trim();
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '').slice(1);
    const named = packages.find(({ name }) => name === path);
    const packed = packages.find(({ filename }) => `-/${basename(filename)}` === path);
    if (named) answer(response, named, url);
    else if (packed) createReadStream(packed.filename).pipe(response);
    else response.writeHead(302, { Location: new URL(request.url?.slice(1) ?? '', others).href }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Answers with the versions of a package: the one that was packed. */
function answer(response: ServerResponse, published: Published, url: string): void {
  const { name, version, dependencies, integrity, filename } = published;
  const dist = { tarball: `${url}/-/${basename(filename)}`, integrity };
  const document = {
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { name, version, dependencies, dist } },
  };
  response.setHeader('Content-Type', 'application/json').end(JSON.stringify(document));
}
