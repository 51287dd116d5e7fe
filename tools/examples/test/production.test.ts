// The example `production`: alone, with the proxies of its configuration files, and its manifest.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProxy } from '@framewire/proxies/program';
import { requirement, testCertificate } from '@framewire/testing';
import { parseAllDocuments } from 'yaml';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { sendHalfRequest } from '../src/half-request.ts';
import { faultsOf } from '../src/manifest.ts';
import { haproxy, nginx, productionFile, serveProduction } from '../src/production.ts';
import { Talker } from '../src/talker.ts';

let folder: string;
let env: Record<string, string>;
let ca: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'framewire-examples-'));
  const { key, cert } = await testCertificate();
  ca = cert;
  env = { CERT: join(folder, 'cert.pem'), KEY: join(folder, 'key.pem'), SPREAD: '0' };
  writeFileSync(join(folder, 'cert.pem'), cert);
  writeFileSync(join(folder, 'key.pem'), key);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Visit {
  readonly path?: string;
  readonly session?: string;
  readonly origin?: string;
  /** The address that a trusted proxy forwards. */
  readonly forwardedFor?: string;
  /** The address of the socket. */
  readonly localAddress?: string;
}

/** Connects as a page of the server does. */
async function visitRoom(url: string, visit: Visit = {}): Promise<Talker> {
  const { path = '/rooms/lobby', session = 'alice-session', forwardedFor, localAddress } = visit;
  const { origin = url.replace('wss:', 'https:') } = visit;
  const forwarded = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
  const headers = { cookie: `theme=dark; session=${session}`, ...forwarded };
  return Talker.connect(url + path, { ca, origin, headers, ...(localAddress ? { localAddress } : {}) });
}

/** The metrics, by their names with their labels. A line that is not in the text format throws. */
async function metricsOf(adminPort: number): Promise<Map<string, number>> {
  const response = await fetch(`http://127.0.0.1:${adminPort}/metrics`);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4');
  const lines = (await response.text()).split('\n').slice(0, -1);
  const types = new Map<string, string>();
  const found = new Map<string, number>();
  for (const line of lines) {
    const [, typed = '', type = ''] = /^# TYPE ([a-z_]+) (gauge|counter)$/.exec(line) ?? [];
    if (typed) types.set(typed, type);
    else {
      const sample = /^(([a-z_]+)(?:\{[a-z_]+="[^"\\]*"\})?) (\d+(?:\.\d+)?(?:e-?\d+)?)$/.exec(line);
      if (!sample) throw new Error(`not in the text format: ${line}`);
      const [, name = '', family = '', value] = sample;
      expect(types.has(family)).toBe(true);
      expect(types.get(family) === 'counter').toBe(family.endsWith('_total'));
      found.set(name, Number(value));
    }
  }
  return found;
}

async function readiness(adminPort: number): Promise<number> {
  return (await fetch(`http://127.0.0.1:${adminPort}/ready`)).status;
}

describe('production', () => {
  test('lets users into rooms by their session, and limits connections for each client and in total', async () => {
    const { url } = await serveProduction({ ...env, MAX_CONNECTIONS: '4', PER_CLIENT: '2' });
    const alice = await visitRoom(url);
    const bob = await visitRoom(url, { session: 'bob-session', forwardedFor: '198.51.100.1' });
    const elsewhere = await visitRoom(url, { path: '/rooms/garden', forwardedFor: '198.51.100.1' });
    bob.ws.send('hello');
    expect(await alice.next()).toBe('{"user":"bob","text":"hello"}');
    expect(await bob.next()).toBe('{"user":"bob","text":"hello"}');
    elsewhere.ws.send('alone');
    expect(await elsewhere.next()).toBe('{"user":"alice","text":"alone"}');

    const refusals: [Visit, number][] = [
      [{ origin: 'https://evil.example' }, 403],
      [{ forwardedFor: '198.51.100.1' }, 429],
      [{ path: '/other' }, 404],
      [{ session: 'made-up' }, 401],
    ];
    for (const [visit, status] of refusals) {
      await expect(visitRoom(url, visit)).rejects.toThrow(`Unexpected server response: ${status}`);
    }
    await visitRoom(url, { forwardedFor: '198.51.100.2' });
    await expect(visitRoom(url, { forwardedFor: '198.51.100.3' })).rejects.toThrow('response: 503');
  });

  test('skips updates for a client that reads too slowly, then closes it with 1008, and counts both', async () => {
    const { url, adminPort } = await serveProduction(env);
    const [fast, slow] = [await visitRoom(url), await visitRoom(url)];
    slow.ws.pause();
    const skipped = async (): Promise<number> =>
      (await metricsOf(adminPort)).get('chat_updates_skipped_total') ?? 0;
    const say = async (data: string | Buffer): Promise<void> => {
      fast.ws.send(data);
      await fast.next();
    };
    // Sends until the socket buffers are full, which takes some megabytes.
    const text = 'x'.repeat(16_000);
    for (let i = 0; i < 5000 && (await skipped()) === 0; i++) {
      for (let j = 0; j < 16; j++) await say(text);
      await say(Buffer.from('cursor'));
    }
    expect(await skipped()).toBeGreaterThan(0);
    for (let i = 0; i < 100; i++) await say(text);
    slow.ws.resume();
    expect((await slow.closed)[0]).toBe(1008);
    fast.ws.send('still here');
    expect(await fast.next()).toContain('still here');
    const metrics = await metricsOf(adminPort);
    expect(metrics.get('chat_closes_total{code="1008"}')).toBe(1);
    expect(metrics.get('chat_connections')).toBe(1);
    expect(metrics.get('chat_accepted_total')).toBe(2);
    expect(metrics.get('chat_rooms')).toBe(1);
  });

  test.skipIf(requirement('posix').missing)(
    'on SIGTERM reports that it is not ready, refuses clients, closes the others with 1001, and exits despite half a request',
    async () => {
      const { example, url, adminPort } = await serveProduction(env);
      const [prompt, late] = [await visitRoom(url), await visitRoom(url)];
      expect(await readiness(adminPort)).toBe(200);
      const half = await sendHalfRequest(url, ca);
      // A paused client does not answer the close frame, so the server waits.
      late.ws.pause();
      const ended = example.stop('SIGTERM');
      expect((await prompt.closed)[0]).toBe(1001);
      expect(await readiness(adminPort)).toBe(503);
      await expect(visitRoom(url)).rejects.toThrow('Unexpected server response: 503');
      late.ws.resume();
      expect((await late.closed)[0]).toBe(1001);
      expect(await ended).toBe(0);
      expect(example.output).toMatch(/^2 closed, 0 terminated$/m);
      // When the time limit of a request passes, the server sends 408. This connection ended earlier.
      expect(await half.answer).toBe('');
    },
  );
});

describe.each([nginx, haproxy])('production behind $name', (kind) => {
  test.skipIf(requirement(kind.name).missing)(
    'keeps its limits, and the other server takes new clients while one shuts down',
    async () => {
      const options = { ...env, PER_CLIENT: '1' };
      const servers = [await serveProduction(options), await serveProduction(options)] as const;
      const proxy = await startProxy(kind, servers);
      onTestFinished(() => proxy.stop());
      const url = `wss://localhost:${proxy.tls}`;
      const from = (host: number): Promise<Talker> => visitRoom(url, { localAddress: `127.0.0.${host}` });

      // Each server has one connection, because the proxy chooses the one with the fewest. A third connection is refused.
      const clients = [await from(2), await from(2)];
      await expect(from(2)).rejects.toThrow('Unexpected server response: 429');
      clients.push(await from(3), await from(3));
      for (const client of clients) {
        client.ws.send('hello');
        expect(await client.next()).toBe('{"user":"alice","text":"hello"}');
      }
      const counts = await Promise.all(servers.map(({ adminPort }) => metricsOf(adminPort)));
      expect(counts.map((metrics) => metrics.get('chat_connections'))).toEqual([2, 2]);

      // One server shuts down. It waits for clients that do not answer, and refuses others with 503, so the proxy tries the other server.
      const [leaving, staying] = servers;
      const gone: Talker[] = [];
      for (const client of clients) {
        client.ws.pause();
        void client.closed.then(() => gone.push(client));
      }
      const ended = leaving.example.stop('SIGTERM');
      while ((await readiness(leaving.adminPort)) !== 503);
      for (const host of [4, 5, 6]) await from(host);
      expect((await metricsOf(staying.adminPort)).get('chat_connections')).toBe(5);
      for (const client of clients) client.ws.resume();
      expect(await ended).toBe(0);
      expect(leaving.example.output).toMatch(/^2 closed, 0 terminated$/m);
      await from(7);
      expect((await metricsOf(staying.adminPort)).get('chat_connections')).toBe(6);
      expect(gone).toHaveLength(2);
      for (const client of gone) expect(await client.closed).toEqual([1001, '']);

      const response = await fetch(`http://127.0.0.1:${proxy.plain}/rooms/lobby`, { redirect: 'manual' });
      expect(response.headers.get('location')).toMatch(/^https:\/\/127\.0\.0\.1[:\d]*\/rooms\/lobby$/);
    },
  );
});

describe('kubernetes.yaml', () => {
  type Manifest = Record<string, unknown> & { kind: string; spec: { template: { spec: PodSpec } } };
  interface PodSpec {
    terminationGracePeriodSeconds: number;
    containers: {
      env: { name: string; value: string }[];
      lifecycle: { preStop: { sleep: { seconds: number } } };
    }[];
  }
  const objects = parseAllDocuments(productionFile('kubernetes.yaml')).map(
    (document) => document.toJS() as Manifest,
  );

  test('follows the schemas of Kubernetes', () => {
    expect(objects.map(({ kind }) => kind)).toEqual(['Deployment', 'Service', 'PodDisruptionBudget']);
    for (const object of objects) expect(faultsOf(object)).toEqual([]);
    // The check finds a field with an unknown name, and one of another type.
    const wrong = { ...objects[0]!, specs: {} };
    expect(faultsOf(wrong)).toEqual(['unknown field /specs']);
    expect(faultsOf({ ...wrong, spec: 'text' }).length).toBeGreaterThan(1);
  });

  test('leaves the server enough time to end, and sets variables that it reads', () => {
    const { terminationGracePeriodSeconds, containers } = objects[0]!.spec.template.spec;
    const [{ env: variables, lifecycle }] = containers as [PodSpec['containers'][0]];
    const spread = Number(variables.find(({ name }) => name === 'SPREAD')?.value) / 1000;
    const source = productionFile('index.js');
    const timeout = Number(/timeout: ([\d_]+) \}\);/.exec(source)?.[1]?.replace('_', '')) / 1000;
    expect(terminationGracePeriodSeconds).toBeGreaterThan(lifecycle.preStop.sleep.seconds + spread + timeout);
    for (const { name } of variables) expect(source).toMatch(new RegExp(`\\b${name}\\b`));
  });
});
