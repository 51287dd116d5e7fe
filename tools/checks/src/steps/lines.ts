/** The step that runs the tests of the built packages on the other Node lines. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { nodeOfLine } from '../node-lines.ts';
import { skipped, sum } from '../outcome.ts';
import { vitest } from '../vitest.ts';
import { publishedPackages } from '../workspace.ts';
import type { NodeLine } from '../node-lines.ts';
import type { Outcome, Step } from '../outcome.ts';

/** The newer lines. CI also runs the tests of the sources on each line. */
const NEWER_LINES: readonly NodeLine[] = [22, 24, 26];

/** These tests are about other engines, other WebSocket peers, or the compiler, so the result does not depend on the Node line. */
const ONCE = [
  '**/engines.test.ts',
  '**/browser.test.ts',
  '**/compression-peers.test.ts',
  '**/types-{beside,corpus}.test.ts',
  '**/{browsers,bundles}.test.ts',
  // Of the features that differ between lines, these use only timers, which the other tests of the package cover.
  'packages/reconnect/test/{known-packages,node}.test.ts',
];

/** These packages use no socket or stream of Node, so testing them on the oldest and the newest line is enough. */
const SANS_IO = ['codec', 'deflate', 'handshake', 'permessage-deflate', 'reconnect'].map(testsOf);

/** These kill servers that replicate each other. Three lines at once would keep both cores busy, and the result does not depend on the line. */
const REPLICATED = ['packages/nats/test/cluster.test.ts', 'packages/redis/test/{failover,sentinel}.test.ts'];

/** What a line leaves out in addition to {@link ONCE}. On Node 22, the tests of client, server and umbrella cover the connection. */
const LEFT_OUT: Readonly<Partial<Record<NodeLine, readonly string[]>>> = {
  22: [...SANS_IO, ...REPLICATED, testsOf('connection')],
  24: [...SANS_IO, ...REPLICATED],
};

export const lines: Step = {
  name: 'lines',
  title: `the tests of the packages, against the build, on Node ${NEWER_LINES.join(', ')}. Some run only on the newest`,
  async run() {
    // The runs are concurrent, because each waits for sockets and processes most of the time.
    return sum(await Promise.all(NEWER_LINES.map(testOn)));
  },
};

async function testOn(line: NodeLine): Promise<Outcome> {
  const node = await nodeOfLine(line);
  if ('missing' in node) return skipped(`tests on Node ${line}: ${node.missing}`);
  const folders = publishedPackages()
    .filter(({ path }) => existsSync(join(path, 'test')))
    .map(({ folder }) => `packages/${folder}/test/`);
  const { outcome } = await vitest(node.program, `node-${line}`, folders, {
    exclude: [...ONCE, ...(LEFT_OUT[line] ?? [])],
    env: { FRAMEWIRE_BUILT: '1' },
  });
  return { ...outcome, notes: outcome.notes.map((note) => `on Node ${line}: ${note}`) };
}

function testsOf(folder: string): string {
  return `packages/${folder}/test/**`;
}
