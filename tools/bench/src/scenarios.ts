// What is measured, as data.
import type { Compression, Scenario } from './plan.ts';

const KiB = 1024;
const MiB = 1024 * KiB;

/** With `--quick` no scenario of idle connections has more than these. */
export const QUICK_IDLE_CONNECTIONS = 1000;

const echo = (
  name: string,
  title: string,
  connections: number,
  size: number,
  burst: number,
  more: Partial<Scenario> = {},
): Scenario => ({ name, title, kind: 'echo', payload: 'ascii', connections, size, burst, ...more });

const push = (name: string, title: string, size: number): Scenario => ({
  ...{ name, title, kind: 'push', payload: 'ascii' },
  ...{ connections: 1, size, burst: 100 },
});

const broadcast = (
  name: string,
  title: string,
  size: number,
  burst: number,
  more: Partial<Scenario> = {},
): Scenario => ({
  ...{ name, title, kind: 'broadcast', payload: 'ascii' },
  ...{ connections: 1000, size, burst },
  ...more,
});

const client = (name: string, title: string, size: number, burst: number): Scenario => ({
  ...{ name, title, kind: 'client', payload: 'binary' },
  ...{ connections: 1, size, burst },
});

const idle = (name: string, title: string, more: Partial<Scenario> = {}): Scenario => ({
  ...{ name, title, kind: 'idle', payload: 'json', shows: 'rss' },
  ...{ connections: 10_000, size: 2 * KiB, burst: 1 },
  ...more,
});

/** The compressed echoes: each size, with and without context takeover, at one level and at each library's own. */
function compressedEchoes(): Scenario[] {
  const sizes = [
    { name: '512x1', size: 512, burst: 1, text: '16 x 512 B x 1' },
    { name: '512x16', size: 512, burst: 16, text: '16 x 512 B x 16' },
    { name: '16k', size: 16 * KiB, burst: 1, text: '16 x 16 KiB x 1' },
  ];
  const ways: { suffix: string; text: string; compression: Compression }[] = [
    { suffix: '', text: 'level 6', compression: { takeover: false, level: 6 } },
    { suffix: '-default', text: 'default options', compression: { takeover: false } },
    { suffix: '-takeover', text: 'context takeover, level 6', compression: { takeover: true, level: 6 } },
    {
      suffix: '-takeover-default',
      text: 'context takeover, default options',
      compression: { takeover: true },
    },
  ];
  return sizes.flatMap(({ name, size, burst, text }) =>
    ways.map((way) =>
      echo(`deflate-${name}${way.suffix}`, `Compressed JSON echo, ${text}, ${way.text}`, 16, size, burst, {
        payload: 'json',
        compression: way.compression,
      }),
    ),
  );
}

const withoutTakeover: Compression = { takeover: false, level: 6 };
const toFiveThousand = { connections: 5000 };

/** What goes through the thread pool, or else holds the event loop. */
function largeCompressedEchoes(): Scenario[] {
  const common = { payload: 'json', watchLoop: true } as const;
  const title = 'Compressed JSON echo, 4 x 1 MiB x 1';
  return [
    echo('deflate-1m', `${title}, level 6`, 4, MiB, 1, { ...common, compression: withoutTakeover }),
    echo('deflate-1m-default', `${title}, default options`, 4, MiB, 1, {
      ...common,
      compression: { takeover: false },
    }),
  ];
}

/** Every scenario. Titles of echoes give connections x bytes x messages in flight on each. */
export const scenarios: readonly Scenario[] = [
  echo('echo-64x1', 'Echo, 64 x 64 B x 1', 64, 64, 1),
  echo('echo-64x16', 'Echo, 64 x 64 B x 16', 64, 64, 16),
  echo('echo-64x64', 'Echo, 64 x 64 B x 64', 64, 64, 64),
  echo('echo-20x64', 'Echo, 64 x 20 B x 64', 64, 20, 64),
  echo('echo-1k', 'Echo, 64 x 1 KiB x 1', 64, KiB, 1),
  echo('echo-1kx16', 'Echo, 64 x 1 KiB x 16', 64, KiB, 16),
  echo('echo-1kx64', 'Echo, 64 x 1 KiB x 64', 64, KiB, 64),
  echo('echo-one-64x16', 'Echo, 1 x 64 B x 16', 1, 64, 16),
  echo('echo-one-64x64', 'Echo, 1 x 64 B x 64', 1, 64, 64),
  echo('echo-one-1k', 'Echo, 1 x 1 KiB x 1', 1, KiB, 1),
  echo('echo-one-1kx16', 'Echo, 1 x 1 KiB x 16', 1, KiB, 16),
  echo('echo-one-1kx64', 'Echo, 1 x 1 KiB x 64', 1, KiB, 64),
  echo('echo-16k', 'Echo, 8 x 16 KiB x 1', 8, 16 * KiB, 1, { payload: 'binary' }),
  echo('echo-1m', 'Echo, 4 x 1 MiB x 1', 4, MiB, 1, { payload: 'binary', watchLoop: true }),
  echo('echo-64m', 'Echo, 1 x 64 MiB x 1', 1, 64 * MiB, 1, { payload: 'binary' }),
  echo('echo-text', 'Echo of non-ASCII text, 64 x 256 B x 1', 64, 256, 1, { payload: 'non-ascii' }),
  echo('echo-text-16k', 'Echo of non-ASCII text, 8 x 16 KiB x 1', 8, 16 * KiB, 1, { payload: 'non-ascii' }),
  echo('echo-fragmented', 'Echo of 8 fragments, 64 x 1 KiB x 1', 64, KiB, 1, { fragments: 8 }),
  echo('ping-pong', 'Latency of one connection, 64 B', 1, 64, 1, { shows: 'p50' }),
  echo('tls-64x1', 'Echo over TLS, 64 x 64 B x 1', 64, 64, 1, { tls: true }),
  echo('tls-64x16', 'Echo over TLS, 64 x 64 B x 16', 64, 64, 16, { tls: true }),
  push('push-64', 'Push, 100 x 64 B to one connection in a loop', 64),
  push('push-1k', 'Push, 100 x 1 KiB to one connection in a loop', KiB),
  broadcast('broadcast-x1', 'Broadcast, 64 B to 1,000, one a turn', 64, 1),
  broadcast('broadcast-x10', 'Broadcast, 64 B to 1,000, ten a turn', 64, 10),
  broadcast('broadcast-1k-x1', 'Broadcast, 1 KiB to 1,000, one a turn', KiB, 1),
  broadcast('broadcast-1k-x10', 'Broadcast, 1 KiB to 1,000, ten a turn', KiB, 10),
  broadcast('broadcast-5000-x1', 'Broadcast, 64 B to 5,000, one a turn', 64, 1, toFiveThousand),
  broadcast('broadcast-5000-x10', 'Broadcast, 64 B to 5,000, ten a turn', 64, 10, toFiveThousand),
  broadcast('broadcast-5000-1k-x1', 'Broadcast, 1 KiB to 5,000, one a turn', KiB, 1, toFiveThousand),
  broadcast('broadcast-5000-1k-x10', 'Broadcast, 1 KiB to 5,000, ten a turn', KiB, 10, toFiveThousand),
  // 64 bytes are below what libraries compress.
  broadcast('broadcast-deflate-x1', 'Compressed broadcast, 1 KiB to 1,000, one a turn', KiB, 1, {
    compression: withoutTakeover,
  }),
  broadcast('broadcast-deflate-x10', 'Compressed broadcast, 1 KiB to 1,000, ten a turn', KiB, 10, {
    compression: withoutTakeover,
  }),
  broadcast('broadcast-deflate-5000-x1', 'Compressed broadcast, 1 KiB to 5,000, one a turn', KiB, 1, {
    ...toFiveThousand,
    compression: withoutTakeover,
  }),
  broadcast('broadcast-deflate-5000-x10', 'Compressed broadcast, 1 KiB to 5,000, ten a turn', KiB, 10, {
    ...toFiveThousand,
    compression: withoutTakeover,
  }),
  broadcast(
    'broadcast-deaf',
    'Broadcast, 16 KiB to 100 beside 2 that read nothing, one a turn',
    16 * KiB,
    1,
    {
      connections: 100,
      deaf: 2,
    },
  ),
  ...compressedEchoes(),
  ...largeCompressedEchoes(),
  client('client-64', 'Client sends of 64 B', 64, 100),
  client('client-1k', 'Client sends of 1 KiB', KiB, 100),
  client('client-64k', 'Client sends of 64 KiB', 64 * KiB, 16),
  client('client-1m', 'Client sends of 1 MiB', MiB, 4),
  idle('idle', 'Memory of an idle connection'),
  idle('idle-deflate', 'Memory of an idle connection, compressed without context takeover', {
    compression: { takeover: false },
  }),
  idle('idle-takeover', 'Memory of an idle connection, compressed with context takeover', {
    connections: 1000,
    compression: { takeover: true },
  }),
  {
    ...{ name: 'upgrade', title: 'Upgrade and close', kind: 'upgrade', payload: 'ascii' },
    ...{ connections: 16, size: 0, burst: 1 },
  },
];
