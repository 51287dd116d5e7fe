import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { DEFAULT_LIMITS } from '../src/engine.ts';
import { FuzzingServer } from '../src/fuzzing-server.ts';
import { casesOf } from './support.ts';

const SELECTED = '1.1.1,2.7,6.4.2,7.3.1';

let server: FuzzingServer;
let url: string;
const onReport = vi.fn(() => Promise.resolve());
const onStop = vi.fn();

beforeEach(async () => {
  vi.clearAllMocks();
  const selection = { cases: [SELECTED], excludeCases: [], excludeAgentCases: { 'left*': ['2.*'] } };
  server = new FuzzingServer({
    cases: casesOf(SELECTED),
    selection,
    limits: DEFAULT_LIMITS,
    onReport,
    onStop,
  });
  url = `ws://127.0.0.1:${await server.listen(0, '127.0.0.1')}`;
});

afterEach(() => server.close());

describe('the URL commands of the fuzzing server', () => {
  test('getCaseCount answers with the number of selected cases and closes without a code', async () => {
    expect(await visit('/getCaseCount')).toMatchObject({ messages: ['4'], code: 1005 });
  });

  test('getCaseInfo answers with the id and the description of a case', async () => {
    const { messages } = await visit('/getCaseInfo?case=3');
    expect(JSON.parse(messages[0]!)).toEqual({ id: '6.4.2', description: expect.stringContaining('6.4.1') });
  });

  test('understand the id of a case in place of its number', async () => {
    const { messages } = await visit('/getCaseInfo?casetuple=7.3.1');
    expect(JSON.parse(messages[0]!)).toMatchObject({ id: '7.3.1' });
  });

  test('runCase runs the case on the connection, and getCaseStatus answers with its behaviour', async () => {
    const status = visit('/getCaseStatus?case=1&agent=A');
    await visit('/runCase?case=1&agent=A');
    expect((await status).messages).toEqual(['{"behavior":"OK"}']);
    expect((await visit('/getCaseStatus?casetuple=1.1.1&agent=A')).messages).toEqual(['{"behavior":"OK"}']);
    expect(server.runs).toHaveLength(1);
  });

  test('keep the latest run of a case', async () => {
    await visit('/runCase?case=1&agent=A', { echoes: false });
    await visit('/runCase?case=1&agent=A');
    await server.settled();
    expect(server.runs.map(({ verdict }) => verdict.behavior)).toEqual(['OK']);
  });

  test('the connection of a case that is excluded for the agent is closed immediately, and nothing is recorded', async () => {
    expect(await visit('/runCase?case=2&agent=left%20out')).toMatchObject({ messages: [], code: 1005 });
    await server.settled();
    expect(server.runs).toEqual([]);
  });

  test('updateReports closes after the reports are written, and stops the server only on request', async () => {
    await visit('/updateReports?agent=A');
    expect(onReport).toHaveBeenCalledWith('A');
    expect(onStop).not.toHaveBeenCalled();
    await visit('/updateReports?agent=A&shutdownOnComplete=YES');
    await server.settled();
    expect(onStop).toHaveBeenCalledTimes(1);
  });

  test('stopServer stops the server', async () => {
    await visit('/stopServer');
    await server.settled();
    expect(onStop).toHaveBeenCalledTimes(1);
  });

  test.each([
    '/runCase?case=1',
    '/runCase?agent=A',
    '/runCase?case=0&agent=A',
    '/runCase?case=5&agent=A',
    '/runCase?case=one&agent=A',
    '/runCase?case=1&case=2&agent=A',
    '/runCase?casetuple=1.1.2&agent=A',
    '/getCaseStatus?case=1',
    '/updateReports',
    '/getCaseInfo',
  ])('answer %s with HTTP 500', async (path) => {
    expect((await visit(path)).error).toBe('Unexpected server response: 500');
  });
});

describe('the command mode of the fuzzing server', () => {
  test('sends the frames of the commands', async () => {
    const { messages, code, reason } = await visit('/', {
      says: [
        ['sendframe', { opcode: 1, payload: 'ab', fin: false, chopsize: 1 }],
        ['sendframes', [{ opcode: 0, payload: 'cd', payload_len: 5, sync: true }, { opcode: 1 }]],
        ['echo', { payload: 'e', payload_len: 3 }],
        ['close', { code: 3001, reason: 'told' }],
      ],
    });
    expect([messages, code, reason]).toEqual([['abcdcdc', '', 'eee'], 3001, 'told']);
  });

  test('ignores messages that are not commands', async () => {
    const { messages } = await visit('/', {
      says: ['nonsense', 7, ['dance'], ['sendframe', {}], ['close', {}]],
    });
    expect(messages).toEqual([]);
  });
});

interface Visit {
  messages: string[];
  code: number;
  reason: string;
  error: string | null;
}

/** Connects, echoes in a case or sends commands, and resolves when the connection has ended. */
function visit(
  path: string,
  { echoes = path.startsWith('/runCase'), says = [] }: { echoes?: boolean; says?: unknown[] } = {},
): Promise<Visit> {
  return new Promise((resolve) => {
    const messages: string[] = [];
    let error: string | null = null;
    const socket = new WebSocket(`${url}${path}`);
    socket.on('open', () => says.forEach((command) => socket.send(JSON.stringify(command))));
    socket.on('message', (data: Buffer, isBinary) => {
      messages.push(data.toString());
      if (echoes) socket.send(data, { binary: isBinary });
    });
    socket.on('error', ({ message }) => (error = message));
    socket.on('close', (code, reason) => resolve({ messages, code, reason: reason.toString(), error }));
  });
}
