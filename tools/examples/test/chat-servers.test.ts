// The servers of `chat-on-many-servers`: what happens when one of them ends. `pages` tests what the page shows.
import { requirement } from '@framewire/testing';
import { expect, onTestFinished, test } from 'vitest';
import { Example } from '../src/example.ts';

const NAME = 'chat-on-many-servers';

test.skipIf(requirement('nats').missing)(`${NAME} ends if a server ends before it listens`, async () => {
  const preload = encodeURIComponent('if (/server.js$/.test(process.argv[1])) process.exit(3)');
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${preload}` };
  const example = Example.start(NAME, { env });
  // It ends the other programs, too.
  onTestFinished(async () => {
    await example.stop('SIGINT');
  });
  await example.printed(/^Server \w+ has ended before it listened on a port\.$/m);
  expect(await example.exitCode()).toBe(1);
});

test.skipIf(requirement('nats').missing || requirement('haproxy').missing)(
  `${NAME} leaves no server running after SIGINT, even if one has just ended`,
  async () => {
    const [example] = await Example.serve(NAME);
    const [, pid] = await example.printed(/^server one runs as process (\d+)$/m);
    process.kill(Number(pid), 'SIGKILL');
    await example.printed(/^server one has ended/m);
    expect(await example.stop('SIGINT')).toBe(0);
    const pids = [...example.output.matchAll(/^server \w+ runs as process (\d+)$/gm)].map(([, id]) =>
      Number(id),
    );
    expect(pids.filter(isRunning)).toEqual([]);
  },
);

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
