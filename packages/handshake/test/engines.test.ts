// The built package outside of Node: bundled as for a browser, and run in Bun, Deno and Chromium.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bunBinary, denoBinary, launchChromium, requirement } from '@framewire/testing';
import { build } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';

/** Both sides of a handshake, over bytes. Prints the result as JSON. */
const program = `
  import * as handshake from '@framewire/handshake';
  const { key, ...head } = handshake.createUpgradeRequest({ host: 'example.com', subprotocols: ['chat'] });
  const request = handshake.requestHeadParser().push(handshake.formatRequestHead(head)).head;
  const headers = handshake.headerRecord(request.headers);
  const check = handshake.checkUpgradeRequest({ ...request, headers });
  const lines = handshake.acceptUpgrade({ key: check.key, protocol: 'chat' });
  const response = handshake.responseHeadParser().push(handshake.formatHead(lines)).head;
  const opened = handshake.checkUpgradeResponse(
    { statusCode: response.statusCode, headers: handshake.headerRecord(response.headers) },
    { key, subprotocols: ['chat'] },
  );
  globalThis.outcome = JSON.stringify({
    accept: handshake.acceptValue('dGhlIHNhbXBsZSBub25jZQ=='),
    isKey: handshake.isKey(key),
    refusal: String.fromCharCode(...handshake.formatRefusal(handshake.createRefusal(403, 'n\\u00e9'))).split('\\r\\n')[3],
    opened,
  });
`;

const expected = {
  accept: 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
  isKey: true,
  refusal: 'Content-Length: 3',
  opened: { ok: true, protocol: 'chat', extensions: [] },
};

let bundle = '';

beforeAll(async () => {
  const result = await build({
    stdin: { contents: program, resolveDir: fileURLToPath(new URL('..', import.meta.url)) },
    bundle: true,
    write: false,
    format: 'iife',
    // Neutral: a remaining import of a Node module is an error.
    platform: 'neutral',
    conditions: ['browser'],
  });
  bundle = result.outputFiles[0]!.text;
});

describe('a handshake has the same result', () => {
  test.each([
    ['Bun', bunBinary, ['-e']],
    ['Deno', denoBinary, ['eval']],
  ])('in %s', async (_, binary, args) => {
    const code = `${bundle};console.log(globalThis.outcome)`;
    const { stdout } = await promisify(execFile)(binary(), [...args, code]);
    expect(JSON.parse(stdout)).toEqual(expected);
  });

  test.skipIf(requirement('chromium').missing)(
    'in Chromium',
    async () => {
      const browser = await launchChromium();
      try {
        const page = await browser.newPage();
        await page.addScriptTag({ content: bundle });
        expect(JSON.parse(await page.evaluate('globalThis.outcome'))).toEqual(expected);
      } finally {
        await browser.close();
      }
    },
    60_000,
  );

  test('with only the portable kernel: the bundle contains no Node module', () => {
    expect(bundle).not.toContain('node:');
    expect(bundle).toContain('getRandomValues');
  });
});
