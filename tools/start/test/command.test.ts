// The command as a child process, as npm start runs it.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Child, NODE_OPTIONS, requirement } from '@framewire/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ChatClient } from './chat-client.ts';
import type { AddressInfo } from 'node:net';

const script = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** Starts the command with these arguments, and kills it when the test is over. */
function start(...args: string[]): Child {
  const env = { FORCE_COLOR: undefined, NO_COLOR: undefined, CI: 'true' };
  const child = new Child(process.execPath, [...NODE_OPTIONS, script, ...args], { env });
  onTestFinished(async () => {
    await child.stop('SIGKILL');
  });
  return child;
}

describe('npm start', () => {
  it('prints a ticked line with its time for every step of --check, without colours, and exits with 0', async () => {
    const { code, stdout, stderr } = await start('--check').ended;
    expect([code, stderr]).toEqual([0, '']);
    const steps = stdout.split('\n').filter((line) => /^ {2}✔ .+ \d+\.\d ms {3}\S/.test(line));
    expect(steps.map((line) => line.slice(4, 38).trim())).toEqual([
      'The server listens',
      'The client connects',
      'Text comes back',
      'Binary comes back',
      'A large message comes back',
      'Fragments arrive as one message',
      'A ping is answered',
      'Both sides close',
    ]);
    expect(stdout).toContain('8 of 8 steps passed');
    expect(stdout).not.toContain('\u001b');
  });

  it('prints its options for --help and exits with 0', async () => {
    const { code, stdout, stderr } = await start('--help').ended;
    expect([code, stderr]).toEqual([0, '']);
    for (const option of ['--port', '--host', '--check', '--help']) expect(stdout).toContain(option);
  });

  it.each([
    [['--prot', '80'], '--prot'],
    [['--port', '65536'], '--port must be a number from 0 to 65535, not "65536".'],
    [['--port', 'http'], '--port must be a number from 0 to 65535, not "http".'],
    [['8080'], '8080'],
  ])('refuses %j with a reason and exits with 2', async (list, reason) => {
    const { code, stdout, stderr } = await start(...list).ended;
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(reason);
  });

  it('explains in one line what to do when the port is taken, and exits with 1', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await start('--port', String(port)).ended;
    expect(code).toBe(1);
    expect(stderr).toBe(
      `Port ${port} on 127.0.0.1 is taken: stop the program that uses it, or choose another port, for example "npm start -- --port 0" for any free one.\n`,
    );
  });

  it.skipIf(requirement('posix').missing)(
    'checks, serves the page, and on Ctrl-C closes every connection with 1001 and exits with 0',
    async () => {
      const command = start('--port', '0');
      const [, url] = await command.printed(/(http:\/\/127\.0\.0\.1:\d+\/)/);
      expect(command.output).toContain('8 of 8 steps passed');
      const page = await fetch(url!);
      expect(await page.text()).toContain('<title>Framewire');
      expect(command.output).toMatch(/Documentation: +https:\/\/\S+\n/);
      const client = await ChatClient.connect(Number(new URL(url!).port), 'Ada');
      const closed = client.closed();
      command.signal('SIGINT');
      expect(await closed).toEqual([1001, 'the server is shutting down']);
      const { code, stdout, stderr } = await command.ended;
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).not.toContain('messages/s');
    },
  );
});
