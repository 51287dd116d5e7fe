// `PerMessageDeflate` of framewire and `ws`: negotiation and transforms.
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { modules, thrownBy, type WsModule } from './beside-ws.ts';

type Deflate = InstanceType<WsModule['PerMessageDeflate']>;

function compress(deflate: Deflate, data: string | Buffer, fin = true): Promise<Buffer> {
  return promisify<string | Buffer, boolean, Buffer>(deflate.compress.bind(deflate) as never)(data, fin);
}

function decompress(deflate: Deflate, data: Buffer, fin = true): Promise<Buffer> {
  return promisify<Buffer, boolean, Buffer>(deflate.decompress.bind(deflate) as never)(data, fin);
}

describe.each(modules)('PerMessageDeflate of %s', (_name, { PerMessageDeflate }) => {
  test('has the name of the extension', () => {
    expect(PerMessageDeflate.extensionName).toBe('permessage-deflate');
  });

  test('offers the parameters of its options', () => {
    expect(new PerMessageDeflate().offer()).toEqual({ client_max_window_bits: true });
    expect(new PerMessageDeflate({ clientMaxWindowBits: false }).offer()).toEqual({});
    const all = {
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
      serverMaxWindowBits: 10,
      clientMaxWindowBits: 11,
    };
    expect(new PerMessageDeflate(all).offer()).toEqual({
      server_no_context_takeover: true,
      client_no_context_takeover: true,
      server_max_window_bits: 10,
      client_max_window_bits: 11,
    });
  });

  test('as a server, accepts the first acceptable offer, and returns the response', () => {
    const deflate = new PerMessageDeflate({ isServer: true, clientMaxWindowBits: 10 });
    expect(deflate.params).toBeNull();
    const offers = [{}, { client_max_window_bits: [true], server_no_context_takeover: [true] }] as const;
    const agreed = { client_max_window_bits: 10, server_no_context_takeover: true };
    expect(deflate.accept(offers)).toEqual(agreed);
    expect(deflate.params).toEqual(agreed);
  });

  test('as a client, accepts a response in the form of extension.parse()', () => {
    const response = [{ client_max_window_bits: ['10'], server_no_context_takeover: [true] }];
    const agreed = { client_max_window_bits: 10, server_no_context_takeover: true };
    expect(new PerMessageDeflate().accept(response as never)).toEqual(agreed);
  });

  test('as a client, returns its own window if the response has none', () => {
    const deflate = new PerMessageDeflate({ clientMaxWindowBits: 10 });
    expect(deflate.accept([{}])).toEqual({ client_max_window_bits: 10 });
    expect(deflate.params).toEqual({ client_max_window_bits: 10 });
    expect(deflate.accept([{ client_max_window_bits: ['9'] }])).toEqual({ client_max_window_bits: 9 });
  });

  test.each([
    [
      { isServer: true, serverNoContextTakeover: false },
      [{ server_no_context_takeover: [true] }],
      'Error: None of the extension offers can be accepted',
    ],
    [
      { clientMaxWindowBits: 8 },
      [{ client_max_window_bits: ['10'] }],
      'Error: Unexpected or invalid parameter "client_max_window_bits"',
    ],
    [{}, [{ foo: ['10'] }], 'Error: Unknown parameter "foo"'],
    [
      {},
      [{ server_no_context_takeover: [true, true] }],
      'Error: Parameter "server_no_context_takeover" must have only a single value',
    ],
    [
      {},
      [{ server_max_window_bits: ['17'] }],
      'TypeError: Invalid value for parameter "server_max_window_bits": 17',
    ],
  ])('with %j throws for %j: %s', (options, configurations, message) => {
    const deflate = new PerMessageDeflate(options);
    expect(thrownBy(() => deflate.accept(configurations as never))).toBe(message);
  });

  test('compresses and inflates messages and fragments, including short ones', async () => {
    const [server, client] = [new PerMessageDeflate({ isServer: true }), new PerMessageDeflate()];
    server.accept([{ server_no_context_takeover: [true] }]);
    client.accept([{ server_no_context_takeover: [true] }]);
    for (const text of ['', 'a', 'Hello', 'long '.repeat(20_000)]) {
      const inflated = await decompress(client, await compress(server, text));
      expect(inflated.toString()).toBe(text);
    }
    const [one, two] = [await compress(server, 'one ', false), await compress(server, 'two')];
    const inflated = [await decompress(client, one, false), await decompress(client, two)];
    expect(Buffer.concat(inflated).toString()).toBe('one two');
    server.cleanup();
    client.cleanup();
  });

  test('keeps the windows of both sides equal, whatever the thresholds', async () => {
    const options = { isServer: true, threshold: 64, takeoverThreshold: 64 };
    const [server, client] = [new PerMessageDeflate(options), new PerMessageDeflate()];
    for (const each of [server, client]) each.accept([{}]);
    const message = randomBytes(2000).toString('hex');
    for (const text of [message, 'hello', message]) {
      expect((await decompress(client, await compress(server, text))).toString()).toBe(text);
    }
    const fragments = [await compress(server, 'one ', false), await compress(server, 'two')];
    expect((await decompress(client, Buffer.concat(fragments))).toString()).toBe('one two');
    server.cleanup();
    client.cleanup();
  });

  test('passes on zlib options: a dictionary shortens messages, and both sides need it', async () => {
    const text = 'what both sides know beforehand';
    const dictionary = Buffer.from(text);
    const lengthWith = async (zlib: { dictionary?: Buffer }): Promise<number> => {
      const server = new PerMessageDeflate({ isServer: true, zlibDeflateOptions: zlib });
      const client = new PerMessageDeflate({ zlibInflateOptions: zlib });
      server.accept([{}]);
      client.accept([{}]);
      const compressed = await compress(server, text);
      expect((await decompress(client, compressed)).toString()).toBe(text);
      server.cleanup();
      client.cleanup();
      return compressed.length;
    };
    expect(await lengthWith({ dictionary })).toBeLessThan((await lengthWith({})) / 2);
  });

  test('fails for corrupt data, and for more than maxPayload', async () => {
    const deflate = new PerMessageDeflate({ maxPayload: 10 });
    deflate.accept([{}]);
    const [corrupt, long] = [new PerMessageDeflate(), new PerMessageDeflate({ isServer: true })];
    corrupt.accept([{}]);
    long.accept([{}]);
    await expect(decompress(corrupt, Buffer.of(0xff))).rejects.toMatchObject({
      ...{ message: 'invalid block type', code: 'Z_DATA_ERROR', errno: -3 },
    });
    await expect(decompress(deflate, await compress(long, 'more than ten bytes'))).rejects.toThrow(
      'Max payload size exceeded',
    );
    for (const each of [deflate, corrupt, long]) each.cleanup();
  });

  test('as a client, throws a TypeError without a response', () => {
    expect(() => new PerMessageDeflate().accept([])).toThrow(TypeError);
  });

  test.each([true, false])('throws a TypeError before accept() (isServer: %s)', (isServer) => {
    const deflate = new PerMessageDeflate({ isServer });
    expect(() => deflate.compress('', true, () => undefined)).toThrow(TypeError);
    expect(() => deflate.decompress(Buffer.of(0), true, () => undefined)).toThrow(TypeError);
    deflate.cleanup();
  });
});

describe('PerMessageDeflate of one module', () => {
  test.each([
    [0, 1],
    [1, 0],
  ])('inflates messages that the other module compressed (%i, %i)', async (from, to) => {
    const server = new modules[from]![1].PerMessageDeflate({ isServer: true });
    const client = new modules[to]![1].PerMessageDeflate();
    server.accept([{}]);
    client.accept([{}]);
    // Incompressible bytes, then the same bytes again, which shrink with context takeover.
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, n) => (n * n * 31 + (n >> 3) * 7) & 0xff));
    for (const message of [bytes, bytes, Buffer.from('short')]) {
      expect(await decompress(client, await compress(server, message))).toEqual(message);
    }
    server.cleanup();
    client.cleanup();
  });

  test('throws a clear error before accept()', () => {
    const deflate = new modules[0]![1].PerMessageDeflate();
    expect(() => deflate.compress('', true, () => undefined)).toThrow('has not been negotiated');
  });

  test('throws in offer() and accept() where WebAssembly is missing', () => {
    vi.stubGlobal('WebAssembly', undefined);
    onTestFinished(() => {
      vi.unstubAllGlobals();
    });
    const deflate = new modules[0]![1].PerMessageDeflate();
    expect(() => deflate.offer()).toThrow('needs WebAssembly');
    expect(() => deflate.accept([{}])).toThrow('needs WebAssembly');
  });
});
