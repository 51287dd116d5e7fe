/** The command as a child process, as npm start runs it. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ChatClient } from './chat-client.ts';
import type { ChildProcessByStdio } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';

const script = fileURLToPath(new URL('../src/main.ts', import.meta.url));
/** From the sources, unless the tests are run against the built packages. */
const conditions = process.env['FRAMEWIRE_BUILT'] ? [] : ['--conditions=@framewire/source'];

class Command {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  output = '';
  errors = '';
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;

  constructor(...list: string[]) {
    const { FORCE_COLOR: _force, NO_COLOR: _no, ...env } = process.env;
    this.child = spawn(process.execPath, [...conditions, '--import', 'tsx', script, ...list], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...env, CI: 'true' },
    });
    this.child.stdout.on('data', (chunk) => (this.output += String(chunk)));
    this.child.stderr.on('data', (chunk) => (this.errors += String(chunk)));
    this.ended = once(this.child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
    onTestFinished(async () => {
      this.child.kill('SIGKILL');
      await this.ended;
    });
  }

  /** Resolves once this was printed; rejects when the process ended without it. */
  async printed(pattern: RegExp): Promise<RegExpMatchArray> {
    const ended = this.ended.then((code) => {
      throw new Error(`ended with ${code}: ${this.output}${this.errors}`);
    });
    for (;;) {
      const match = this.output.match(pattern);
      if (match) {
        ended.catch(() => {});
        return match;
      }
      await Promise.race([once(this.child.stdout, 'data'), ended]);
    }
  }
}

describe('npm start', () => {
  it('prints a ticked line with its time for every step of --check, without colours, and exits with 0', async () => {
    const command = new Command('--check');
    expect([await command.ended, command.errors]).toEqual([0, '']);
    const steps = command.output.split('\n').filter((line) => /^ {2}✔ .+ \d+\.\d ms {3}\S/.test(line));
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
    expect(command.output).toContain('8 of 8 steps passed');
    expect(command.output).not.toContain('\u001b');
  });

  it('prints its options for --help and exits with 0', async () => {
    const command = new Command('--help');
    expect([await command.ended, command.errors]).toEqual([0, '']);
    for (const option of ['--port', '--host', '--check', '--help']) expect(command.output).toContain(option);
  });

  it.each([
    [['--prot', '80'], '--prot'],
    [['--port', '65536'], '--port is a number from 0 to 65535, not "65536".'],
    [['--port', 'http'], '--port is a number from 0 to 65535, not "http".'],
    [['8080'], '8080'],
  ])('refuses %j with a reason and exits with 2', async (list, reason) => {
    const command = new Command(...list);
    expect(await command.ended).toBe(2);
    expect(command.errors).toContain(reason);
    expect(command.output).toBe('');
  });

  it('says in one line what to do when the port is taken, and exits with 1', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const command = new Command('--port', String(port));
    expect(await command.ended).toBe(1);
    expect(command.errors).toBe(
      `Port ${port} on 127.0.0.1 is taken: stop the program that uses it, or choose another port, for example "npm start -- --port 0" for any free one.\n`,
    );
  });

  it('checks, serves the page, and ends with 1001 for everyone and exit code 0 at Ctrl-C', async () => {
    const command = new Command('--port', '0');
    const [, url] = await command.printed(/(http:\/\/127\.0\.0\.1:\d+\/)/);
    expect(command.output).toContain('8 of 8 steps passed');
    const page = await fetch(url!);
    expect(await page.text()).toContain('<title>Framewire');
    const client = await ChatClient.connect(Number(new URL(url!).port), 'Ada');
    const closed = client.closed();
    command.child.kill('SIGINT');
    expect(await closed).toEqual([1001, 'the server is shutting down']);
    expect([await command.ended, command.errors]).toEqual([0, '']);
    expect(command.output).not.toContain('messages/s');
  });
});
