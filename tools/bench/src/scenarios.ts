// The scenarios, as data.
import { formatNumber } from './format.ts';
import type { Compression, Scenario } from './plan.ts';

const KiB = 1024;
const MiB = 1024 * KiB;

/** The most connections of an idle scenario with `--quick`. */
export const QUICK_IDLE_CONNECTIONS = 1000;

function inUnits(size: number): string {
  if (size >= MiB) return `${size / MiB} MiB`;
  return size >= KiB ? `${size / KiB} KiB` : `${size} B`;
}

const echo = (
  name: string,
  what: string,
  connections: number,
  size: number,
  burst: number,
  more: Partial<Scenario> = {},
): Scenario => ({
  ...{ name, title: `${what}, ${connections} x ${inUnits(size)} x ${burst}`, kind: 'echo', payload: 'ascii' },
  ...{ connections, size, burst },
  ...more,
});

const push = (name: string, size: number): Scenario => ({
  ...{ name, title: `Push, 100 x ${inUnits(size)} to one connection in a loop` },
  ...{ kind: 'push', payload: 'ascii', connections: 1, size, burst: 100 },
});

/** @param each how many texts a turn, in words */
const broadcast = (
  name: string,
  size: number,
  each: 'one' | 'ten',
  more: Partial<Omit<Scenario, 'name' | 'title' | 'kind' | 'size' | 'burst' | 'payload'>> = {},
): Scenario => {
  const { connections = 1000, deaf, compression, guarded, prepared, topics } = more;
  const what = compression ? 'Compressed broadcast' : 'Broadcast';
  const how = guarded ? ', guarded' : prepared ? ', prepared' : topics ? ', published to a topic' : '';
  const readers = deaf === undefined ? '' : ` readers, with ${deaf} more that never read`;
  const to = formatNumber(connections, 0);
  return {
    ...{
      name,
      title: `${what}, ${inUnits(size)} to ${to}${readers}, ${each} a turn${how}`,
      kind: 'broadcast',
    },
    ...{ payload: 'ascii', connections, size, burst: each === 'one' ? 1 : 10 },
    ...more,
  };
};

/** @param connections how many are open, at most 20,000: many systems let a process open no more files. One in a hundred sends */
const scale = (name: string, connections: number): Scenario => {
  const active = connections / 100;
  const title = `Echo, ${active} x 64 B x 1 of ${formatNumber(connections, 0)} connections`;
  return { ...echo(name, '', active, 64, 1, { silent: connections - active }), title };
};

const client = (name: string, size: number, burst: number): Scenario => ({
  ...{ name, title: `Client sends of ${inUnits(size)}`, kind: 'client', payload: 'binary' },
  ...{ connections: 1, size, burst },
});

const idle = (name: string, title: string, more: Partial<Scenario> = {}): Scenario => ({
  ...{ name, title, kind: 'idle', payload: 'json', shows: 'rss' },
  ...{ connections: 10_000, size: 2 * KiB, burst: 1 },
  ...more,
});

const withoutTakeover: Compression = { takeover: false, level: 6 };

/** How echoes are compressed. In all of them, libraries use their default window, and no message is below the threshold. */
const compressions: readonly { suffix: string; text: string; compression: Compression }[] = [
  { suffix: '', text: 'level 6', compression: withoutTakeover },
  { suffix: '-default', text: 'own level', compression: { takeover: false } },
  { suffix: '-takeover', text: 'context takeover, level 6', compression: { takeover: true, level: 6 } },
  { suffix: '-takeover-default', text: 'context takeover, own level', compression: { takeover: true } },
];

/** The compressed echoes of one size: a scenario for each kind of compression. */
function compressedEchoes(
  size: string,
  echoes: readonly [connections: number, size: number, burst: number],
  some = compressions,
  more: Partial<Scenario> = {},
): Scenario[] {
  return some.map(({ suffix, text, compression }) => {
    const common = { ...more, payload: 'json', compression } as const;
    const scenario = echo(`deflate-${size}${suffix}`, 'Compressed JSON echo', ...echoes, common);
    return { ...scenario, title: `${scenario.title}, ${text}` };
  });
}

const toFiveThousand = { connections: 5000 };

/** Every scenario. Titles of echoes give connections x bytes x messages in flight on each. */
export const scenarios: readonly Scenario[] = [
  echo('echo-64x1', 'Echo', 64, 64, 1),
  echo('echo-64x16', 'Echo', 64, 64, 16),
  echo('echo-64x16-guarded', 'Guarded echo', 64, 64, 16, { guarded: true }),
  echo('echo-64x64', 'Echo', 64, 64, 64),
  echo('echo-20x64', 'Echo', 64, 20, 64),
  echo('echo-1k', 'Echo', 64, KiB, 1),
  echo('echo-1kx16', 'Echo', 64, KiB, 16),
  echo('echo-1kx64', 'Echo', 64, KiB, 64),
  echo('echo-one-64x16', 'Echo', 1, 64, 16),
  echo('echo-one-64x64', 'Echo', 1, 64, 64),
  echo('echo-one-1k', 'Echo', 1, KiB, 1),
  echo('echo-one-1kx16', 'Echo', 1, KiB, 16),
  echo('echo-one-1kx64', 'Echo', 1, KiB, 64),
  echo('echo-16k', 'Echo', 8, 16 * KiB, 1, { payload: 'binary' }),
  echo('echo-64k', 'Echo', 8, 64 * KiB, 1, { payload: 'binary' }),
  echo('echo-1m', 'Echo', 4, MiB, 1, { payload: 'binary', watchLoop: true }),
  echo('echo-64m', 'Echo', 1, 64 * MiB, 1, { payload: 'binary' }),
  scale('scale-1k', 1000),
  scale('scale-10k', 10_000),
  scale('scale-19k', 19_000),
  echo('echo-text', 'Echo of non-ASCII text', 64, 256, 1, { payload: 'non-ascii' }),
  echo('echo-text-16k', 'Echo of non-ASCII text', 8, 16 * KiB, 1, { payload: 'non-ascii' }),
  echo('echo-fragmented', 'Echo of 8 fragments', 64, KiB, 1, { fragments: 8 }),
  {
    ...echo('ping-pong', 'Latency', 1, 64, 1, { shows: 'p50' }),
    title: 'Latency of one connection, 64 B',
  },
  echo('tls-64x1', 'Echo over TLS', 64, 64, 1, { tls: true }),
  echo('tls-64x16', 'Echo over TLS', 64, 64, 16, { tls: true }),
  push('push-64', 64),
  push('push-1k', KiB),
  broadcast('broadcast-x1', 64, 'one'),
  broadcast('broadcast-x10', 64, 'ten'),
  broadcast('broadcast-x10-guarded', 64, 'ten', { guarded: true }),
  broadcast('broadcast-x10-prepared', 64, 'ten', { prepared: true }),
  broadcast('publish-x1', 64, 'one', { topics: true }),
  broadcast('publish-x10', 64, 'ten', { topics: true }),
  broadcast('publish-deflate-x1', KiB, 'one', { topics: true, compression: withoutTakeover }),
  broadcast('publish-deflate-x10', KiB, 'ten', { topics: true, compression: withoutTakeover }),
  broadcast('broadcast-1k-x1', KiB, 'one'),
  broadcast('broadcast-1k-x10', KiB, 'ten'),
  broadcast('broadcast-5000-x1', 64, 'one', toFiveThousand),
  broadcast('broadcast-5000-x10', 64, 'ten', toFiveThousand),
  broadcast('broadcast-5000-1k-x1', KiB, 'one', toFiveThousand),
  broadcast('broadcast-5000-1k-x10', KiB, 'ten', toFiveThousand),
  // 1 KiB, because framewire and ws also compress that with their default threshold of 1,024 bytes. Here it is 0.
  broadcast('broadcast-deflate-x1', KiB, 'one', {
    compression: withoutTakeover,
  }),
  broadcast('broadcast-deflate-x10', KiB, 'ten', {
    compression: withoutTakeover,
  }),
  broadcast('broadcast-deflate-5000-x1', KiB, 'one', {
    ...toFiveThousand,
    compression: withoutTakeover,
  }),
  broadcast('broadcast-deflate-5000-x10', KiB, 'ten', {
    ...toFiveThousand,
    compression: withoutTakeover,
  }),
  broadcast('broadcast-16k', 16 * KiB, 'one', { connections: 100 }),
  broadcast('broadcast-deaf', 16 * KiB, 'one', { connections: 100, deaf: 2 }),
  ...compressedEchoes('512x1', [16, 512, 1]),
  ...compressedEchoes('512x16', [16, 512, 16]),
  ...compressedEchoes('16k', [16, 16 * KiB, 1]),
  // Long messages, which keep the event loop busy unless a library uses the thread pool or several turns. In the first two scenarios,
  // there are more connections than the thread pool has threads.
  ...compressedEchoes('64k', [16, 64 * KiB, 1], compressions.slice(0, 2), { watchLoop: true }),
  ...compressedEchoes('1m', [4, MiB, 1], compressions.slice(0, 2), { watchLoop: true }),
  client('client-64', 64, 100),
  client('client-1k', KiB, 100),
  client('client-64k', 64 * KiB, 16),
  client('client-1m', MiB, 4),
  idle('idle', 'Memory of an idle connection'),
  idle('idle-deflate', 'Memory of an idle connection, compressed without context takeover', {
    compression: { takeover: false },
  }),
  idle('idle-takeover', 'Memory of an idle connection, compressed with context takeover', {
    connections: 1000,
    compression: { takeover: true },
  }),
  { ...idle('heartbeat', 'Heartbeat of an idle connection, every second'), heartbeat: 1000, shows: 'cpu' },
  {
    ...{ name: 'upgrade', title: 'Upgrade and close', kind: 'upgrade', payload: 'ascii' },
    ...{ connections: 16, size: 0, burst: 1, warmUps: 4 },
  },
];
