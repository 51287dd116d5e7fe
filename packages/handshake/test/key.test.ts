// Sec-WebSocket-Key and Sec-WebSocket-Accept.
import { acceptValue, generateKey, isKey } from '@framewire/handshake';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kernel as nodeKernel } from '../src/kernels/node.ts';
import { kernel as portableKernel } from '../src/kernels/portable.ts';

const SAMPLE_KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

describe('the accept value', () => {
  test('for the sample key of RFC 6455 §1.3 is the sample value', () => {
    expect(acceptValue(SAMPLE_KEY)).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  });

  test('is not computed for an invalid key', () => {
    expect(() => acceptValue('x')).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'WS_ERR_ILLEGAL_KEY' }),
    );
  });
});

describe('a key', () => {
  test.each([
    [SAMPLE_KEY, true],
    ['AAAAAAAAAAAAAAAAAAAA+/==', true],
    ['', false],
    ['dGhlIHNhbXBsZSBub25jZQ=', false],
    ['dGhlIHNhbXBsZSBub25jZQ===', false],
    ['dGhlIHNhbXBsZSBub25jZQAA', false],
    ['dGhlIHNhbXBsZSBub25jZ-==', false],
    [`${SAMPLE_KEY}\n`, false],
    [` ${SAMPLE_KEY}`, false],
    [`${SAMPLE_KEY}, ${SAMPLE_KEY}`, false],
  ])('is 22 base64 characters and "==": %j is %j', (text, expected) => {
    expect(isKey(text)).toBe(expected);
  });

  test('is new each time, even after the pool of random bytes is used up', () => {
    const keys = Array.from({ length: 1000 }, generateKey);
    expect(new Set(keys).size).toBe(1000);
    expect(keys.every(isKey)).toBe(true);
  });
});

describe('the kernels', () => {
  const latin1 = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  });
  const ascii = fc.string({ unit: 'binary-ascii', maxLength: 300 });

  test('compute the same hashes on Node and elsewhere', () => {
    fc.assert(
      fc.property(ascii, (text) => {
        expect(portableKernel.sha1Base64(text)).toBe(nodeKernel.sha1Base64(text));
      }),
    );
  });

  test.each([0, 1, 54, 55, 56, 63, 64, 65, 119, 120, 128])(
    'compute the same hashes around the ends of blocks: %i bytes',
    (length) => {
      const text = 'a'.repeat(length);
      expect(portableKernel.sha1Base64(text)).toBe(nodeKernel.sha1Base64(text));
    },
  );

  test('create keys on Node and elsewhere', () => {
    for (const kernel of [nodeKernel, portableKernel]) {
      expect(isKey(kernel.randomKey())).toBe(true);
      expect(kernel.randomKey()).not.toBe(kernel.randomKey());
    }
  });

  test('convert Latin-1 to bytes and back, on Node and elsewhere', () => {
    fc.assert(
      fc.property(latin1, (text) => {
        const bytes = Buffer.concat([Buffer.from('<'), Buffer.from(text, 'latin1'), Buffer.from('>')]);
        for (const kernel of [nodeKernel, portableKernel]) {
          expect(Buffer.from(kernel.encodeLatin1(text)).equals(bytes.subarray(1, -1))).toBe(true);
          expect(kernel.decodeLatin1(bytes, 1, bytes.length - 1)).toBe(text);
        }
      }),
    );
  });

  test('decode more bytes than a call can have arguments', () => {
    const bytes = new Uint8Array(1_000_001).fill(0xe9);
    expect(portableKernel.decodeLatin1(bytes, 1, bytes.length)).toBe('é'.repeat(1_000_000));
  });
});
