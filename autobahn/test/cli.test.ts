import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child, requirement } from '@framewire/testing';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parseIndex } from '../src/report/index-json.ts';
import { wrongClient, wrongServer } from './wrong-peer.ts';
import type { Server } from 'node:net';

const program = fileURLToPath(new URL('../src/cli.ts', import.meta.url));

/** The URL that a server prints. */
const URL_PRINTED = /ws:\/\/127\.0\.0\.1:\d+/;

// Long, because every test starts processes, and all tests run at the same time.
vi.setConfig({ testTimeout: 120_000 });

let folder: string;
const servers: Server[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conformance-cli-'));
});

afterAll(async () => {
  for (const server of servers) server.close();
  await rm(folder, { recursive: true });
});

describe('the command', () => {
  test.concurrent('exits with 0 and writes the reports when every case passes', async () => {
    const url = await urlOf('none');
    const out = join(folder, 'good');
    const { status, stdout } = await run([
      'client',
      url,
      '--cases',
      '1.1.*,7.13.*',
      '--agent',
      'good',
      '--out',
      out,
    ]);
    expect(status).toBe(0);
    expect(stdout).toContain('10 of 10 cases run: 8 OK, 2 INFORMATIONAL\n');
    expect(Object.keys(parseIndex(await readFile(join(out, 'index.json'), 'utf8')))).toEqual(['good']);
  });

  test.concurrent('exits with 1 when a case fails', async () => {
    const { status, stdout } = await run([
      'client',
      await urlOf('changes an octet'),
      '--cases',
      '1.1.1,1.1.2',
    ]);
    expect([status, stdout.includes('  1.1.2                  FAILED\n')]).toEqual([1, true]);
  });

  test.concurrent('lets NON-STRICT pass, except with --strict', async () => {
    const url = await urlOf('checks UTF-8 only at the end of a message');
    expect((await run(['client', url, '--cases', '6.4.1'])).status).toBe(0);
    expect((await run(['client', url, '--cases', '6.4.1', '--strict'])).status).toBe(1);
  });

  test.concurrent('fails only if a verdict is worse than in the baseline', async () => {
    const baseline = join(folder, 'baseline.json');
    await writeFile(
      baseline,
      JSON.stringify({ old: { '1.1.2': entry('FAILED'), '1.2.2': entry('FAILED') } }),
    );
    const bad = ['client', await urlOf('changes an octet'), '--baseline', baseline];
    const accepted = await run([...bad, '--cases', '1.1.2']);
    expect([accepted.status, accepted.stdout.includes('1 the same, 0 changed')]).toEqual([0, true]);

    await writeFile(baseline, JSON.stringify({ old: { '1.1.2': entry('OK') } }));
    const worse = await run([...bad, '--cases', '1.1.2']);
    expect([worse.status, worse.stdout.includes('1.1.2  OK -> FAILED  (worse)')]).toEqual([1, true]);
  });

  test.concurrent('fails if a case of the baseline was not run', async () => {
    const baseline = join(folder, 'whole-baseline.json');
    await writeFile(baseline, JSON.stringify({ old: { '1.1.1': entry('OK'), '2.2': entry('OK') } }));
    const child = start(['server', '--port', '0', '--cases', '1.1.1,2.2', '--baseline', baseline]);
    const [url] = await child.printed(URL_PRINTED);
    await playFirst(url);
    const { code: status, stdout } = await child.ended;
    expect([status, stdout.includes('2.2  OK -> missing  (worse)')]).toEqual([1, true]);
  });

  test.concurrent('does not count a case that is excluded for the agent', async () => {
    const spec = join(folder, 'excluding.json');
    const baseline = join(folder, 'excluding-baseline.json');
    await writeFile(spec, JSON.stringify({ 'exclude-agent-cases': { 'good*': ['1.1.2'] } }));
    await writeFile(baseline, JSON.stringify({ old: { '1.1.1': entry('OK'), '1.1.2': entry('OK') } }));
    const selected = ['--spec', spec, '--cases', '1.1.1,1.1.2', '--agent', 'good 1'];
    const line = ['client', await urlOf('none'), ...selected];
    const plain = await run(line);
    expect([plain.status, plain.stdout.includes('1 of 1 cases run: 1 OK\n')]).toEqual([0, true]);
    expect((await run([...line, '--baseline', baseline])).status).toBe(0);
  });

  test.concurrent('reports in one line that a server cannot be reached', async () => {
    const { status, stderr } = await run(['client', 'ws://127.0.0.1:1', '--cases', '1.*']);
    expect([status, stderr]).toEqual([1, 'ws://127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1\n']);
  });

  test.concurrent('reports in one line what is wrong with a command line, and exits with 2', async () => {
    expect(await run(['client', 'ws://a', '--cases', '8.*'])).toEqual({
      status: 2,
      stdout: '',
      stderr: 'no case is selected by 8.*\n',
    });
    expect(await run(['dance'])).toMatchObject({ status: 2, stdout: '' });
  });

  test
    .skipIf(requirement('posix').missing)
    .concurrent('writes the reports of the cases that were run when it is interrupted', async () => {
      const out = join(folder, 'interrupted');
      const url = await urlOf('never answers a ping');
      const child = start(['client', url, '--cases', '1.1.*,2.2', '--jobs', '1', '--out', out]);
      // The line of the complete section is printed while a case of the next one waits.
      await child.printed(/framing/);
      const status = await child.stop('SIGINT');
      const [cases = {}] = Object.values(parseIndex(await readFile(join(out, 'index.json'), 'utf8')));
      expect([status, Object.keys(cases)]).toEqual([130, expect.arrayContaining(['1.1.1', '1.1.8'])]);
      expect(Object.keys(cases)).not.toContain('2.2');
    });

  test.concurrent(
    'waits for clients until one asks it to stop, and judges the cases that were run',
    async () => {
      const out = join(folder, 'clients');
      const child = start(['server', '--port', '0', '--cases', '1.1.1,2.2', '--out', out]);
      const [url] = await child.printed(URL_PRINTED);
      await playAll(url);
      const { code: status, stdout } = await child.ended;
      expect([status, stdout.includes('2 of 2 cases run: 2 OK\n')]).toEqual([0, true]);
      expect(parseIndex(await readFile(join(out, 'index.json'), 'utf8'))).toHaveProperty('mine');
    },
  );

  test
    .skipIf(requirement('posix').missing)
    .concurrent(
      'as a server writes the reports of the cases that had ended when it is interrupted',
      async () => {
        const out = join(folder, 'interrupted-server');
        const child = start(['server', '--port', '0', '--cases', '1.1.1,2.2', '--out', out]);
        const [url] = await child.printed(URL_PRINTED);
        await playOneAndAHalf(url);
        child.signal('SIGINT');
        const { code: status, stdout } = await child.ended;
        const index = parseIndex(await readFile(join(out, 'index.json'), 'utf8'));
        expect([status, Object.keys(index['mine'] ?? {})]).toEqual([130, ['1.1.1']]);
        expect(stdout).toContain('1 of 2 cases run: 1 OK\n');
      },
    );

  test.concurrent('compares two files, and exits with 1 when a case became worse', async () => {
    const [good, bad] = [join(folder, 'one.json'), join(folder, 'two.json')];
    await writeFile(good, JSON.stringify({ a: { '1.1.1': entry('OK') } }));
    await writeFile(bad, JSON.stringify({ a: { '1.1.1': entry('FAILED') } }));
    expect(await run(['compare', good, bad])).toMatchObject({ status: 1 });
    expect(await run(['compare', bad, good])).toMatchObject({
      status: 0,
      stdout: 'a  1.1.1  FAILED -> OK\n0 the same, 1 changed, 0 of them worse\n',
    });
  });
});

function entry(behavior: string) {
  return { behavior, behaviorClose: 'OK', duration: 1, remoteCloseCode: null };
}

async function urlOf(fault: Parameters<typeof wrongServer>[0]): Promise<string> {
  const { port, server } = await wrongServer(fault);
  servers.push(server);
  return `ws://127.0.0.1:${port}`;
}

async function playAll(url: string): Promise<void> {
  await wrongClient(`${url}/runCase?case=2&agent=mine`, 'none');
  await playFirst(url);
}

async function playFirst(url: string): Promise<void> {
  await wrongClient(`${url}/runCase?case=1&agent=mine`, 'none');
  await wrongClient(`${url}/updateReports?agent=mine&shutdownOnComplete=true`, 'none');
}

/** Plays the first case, and starts the second one. It has started when the last request is answered. */
async function playOneAndAHalf(url: string): Promise<void> {
  await wrongClient(`${url}/runCase?case=1&agent=mine`, 'none');
  void wrongClient(`${url}/runCase?case=2&agent=mine`, 'never answers a ping');
  await wrongClient(`${url}/getCaseCount`, 'none');
}

interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Starts the command. */
function start(line: readonly string[]): Child {
  return new Child(process.execPath, ['--import', 'tsx', program, ...line]);
}

/** Runs the command to its end. */
async function run(line: readonly string[]): Promise<Ended> {
  const { code: status, stdout, stderr } = await start(line).ended;
  return { status, stdout, stderr };
}
