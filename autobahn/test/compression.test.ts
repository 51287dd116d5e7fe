import { WebSocket, WebSocketServer } from 'ws';
import { describe, expect, test } from 'vitest';
import { Compression, Deflater } from '../src/compression.ts';
import { dataSet } from '../src/data-sets.ts';
import { PackedSequences } from '../src/packed-sequences.ts';
import { casesOf, runClientCases, runServerCases, verdictsOf } from './support.ts';
import { wrongServer } from './wrong-peer.ts';
import type { AddressInfo } from 'node:net';
import type { DataSetName } from '../src/case.ts';

/** Enough for long messages to pass the end of most data sets, and for a context to affect the compression of short ones. */
const MESSAGES = 3;

const SECTIONS = '12.*,13.*';

describe('a peer with permessage-deflate', () => {
  test('as a server passes sections 12 and 13', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: true });
    await new Promise<void>((resolve) => server.once('listening', resolve));
    server.on('connection', (socket) =>
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
    );
    try {
      const runs = await runServerCases((server.address() as AddressInfo).port, SECTIONS, {
        messages: MESSAGES,
      });
      expect(verdictsOf(runs)).toEqual(allOf(SECTIONS, 'OK'));
      // Without context takeover, ws does not compress messages of less than 1024 octets.
      const ratioOf = (id: string) =>
        runs.find(({ testCase }) => testCase.id === id)?.trafficStats?.['incomingCompressionRatio'];
      expect(ratioOf('13.2.1')).toBe(1);
      expect(ratioOf('13.2.4')).toBeLessThan(0.5);
      expect(runs.every(({ trafficStats }) => trafficStats?.['outgoingWebSocketMessages'] === MESSAGES)).toBe(
        true,
      );
    } finally {
      server.close();
    }
  });

  test('as a client passes sections 12 and 13', async () => {
    const runs = await runClientCases(SECTIONS, echo, { messages: MESSAGES });
    expect(verdictsOf(runs)).toEqual(allOf(SECTIONS, 'OK'));
  });

  test('that drops TCP right after an echo passes, because the echo counts', async () => {
    const { port, server } = await wrongServer('drops TCP right after an echo', { deflate: true });
    try {
      expect(verdictsOf(await runServerCases(port, '12.1.1', { messages: 1 }))).toEqual({
        '12.1.1': 'OK / UNCLEAN',
      });
    } finally {
      server.close();
    }
  });

  test('that changes one octet of an echo fails', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: true });
    await new Promise<void>((resolve) => server.once('listening', resolve));
    server.on('connection', (socket) =>
      socket.on('message', (data: Buffer, isBinary) => {
        data[5] = (data[5] ?? 0) ^ 1;
        socket.send(data, { binary: isBinary });
      }),
    );
    try {
      const { port } = server.address() as AddressInfo;
      const runs = await runServerCases(port, '12.2.1,12.3.3', { messages: MESSAGES });
      expect(verdictsOf(runs)).toEqual({ '12.2.1': 'FAILED', '12.3.3': 'FAILED' });
    } finally {
      server.close();
    }
  });
});

describe('a peer without permessage-deflate', () => {
  test('as a server gets UNIMPLEMENTED, and its closing is still judged', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await new Promise<void>((resolve) => server.once('listening', resolve));
    try {
      const runs = await runServerCases((server.address() as AddressInfo).port, '12.1.*,13.7.*');
      expect(verdictsOf(runs)).toEqual(allOf('12.1.*,13.7.*', 'UNIMPLEMENTED'));
    } finally {
      server.close();
    }
  });

  test('as a client gets UNIMPLEMENTED', async () => {
    const play = (url: string) => echo(url, false);
    expect(verdictsOf(await runClientCases('12.1.*,13.7.*', play))).toEqual(
      allOf('12.1.*,13.7.*', 'UNIMPLEMENTED'),
    );
  });
});

describe('the compression of the suite', () => {
  const parameters = [
    { windowBits: 15, noContextTakeover: false },
    { windowBits: 15, noContextTakeover: true },
    { windowBits: 9, noContextTakeover: false },
  ];

  test.each(parameters)('inflates what it has compressed, with %o', async (direction) => {
    const deflater = new Deflater(direction);
    const compression = new Compression(direction, direction);
    for (const length of [1, 16, 5000, 131_072]) {
      const payload = dataSet('prose').read(7, length);
      expect(await compression.decompress(await deflater.compress(payload))).toEqual(payload);
    }
    compression.end();
  });

  test('keeps its context unless no_context_takeover was negotiated', async () => {
    const [keeping, dropping] = parameters.slice(0, 2).map((direction) => new Deflater(direction));
    const payload = dataSet('json').read(0, 1024);
    const lengths = [];
    for (const deflater of [keeping!, dropping!]) {
      await deflater.compress(payload);
      lengths.push((await deflater.compress(payload)).length);
    }
    expect(lengths[0]).toBeLessThan(lengths[1]! / 4);
  });

  test('compresses each message of a sequence once, in order, whichever is requested first', async () => {
    const sequences = new PackedSequences();
    const one = sequences.get('json', 5000, parameters[0]!);
    const other = sequences.get('json', 5000, parameters[0]!);
    expect(sequences.get('json', 5000, parameters[1]!)).not.toBe(one);
    const [third, first, second] = await Promise.all([other.message(2), one.message(0), one.message(1)]);
    expect(await one.message(2)).toBe(third);
    expect(one.octets).toBe(first.length + second.length + third.length);
    const compression = new Compression(parameters[0]!, parameters[0]!);
    for (const [index, packed] of [first, second, third].entries()) {
      expect(await compression.decompress(packed)).toEqual(dataSet('json').read(index * 5000, 5000));
    }
    compression.end();
  });

  test('refuses data that is not DEFLATE', async () => {
    const compression = new Compression(parameters[0]!, parameters[0]!);
    await expect(compression.decompress(Buffer.alloc(20, 0xff))).rejects.toThrow();
    compression.end();
  });
});

describe('the data sets', () => {
  test.each<[DataSetName, number]>([
    ['json', 194_056],
    ['bitmap', 263_222],
    ['html', 263_620],
    ['document', 1_042_328],
  ])('%s has %i units, as in the public suite', (name, size) => {
    expect(dataSet(name).size).toBe(size);
  });

  test('are read in a ring, text by characters', () => {
    const html = dataSet('html');
    const around = html.read(html.size - 3, 6).toString('utf8');
    expect(around.slice(3)).toBe('<!D');
    expect(around).toHaveLength(6);
    const text = html.read(0, html.size).toString('utf8');
    expect(text).toHaveLength(html.size);
    expect(Buffer.byteLength(text)).toBeGreaterThan(html.size);
  });
});

function allOf(patterns: string, verdict: string): Record<string, string> {
  return Object.fromEntries(casesOf(patterns).map(({ id }) => [id, verdict]));
}

function echo(url: string, perMessageDeflate = true): Promise<void> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, { perMessageDeflate });
    socket.on('error', () => {});
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    socket.on('close', () => resolve());
  });
}
