import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  launchChromium,
  launchFirefox,
  requirement,
  testCertificate,
  type BrowserOptions,
} from '@framewire/testing';

/** The methods that both drivers have. */
interface Browser {
  newPage(): Promise<{ goto(url: string): Promise<unknown>; evaluate(expression: string): Promise<unknown> }>;
  close(): Promise<void>;
}

const browsers: [part: 'chromium' | 'firefox', launch: (options?: BrowserOptions) => Promise<Browser>][] = [
  ['chromium', launchChromium],
  ['firefox', launchFirefox],
];

let close: () => Promise<unknown>;
let url: string;

beforeAll(async () => {
  const server = createServer(await testCertificate(), (_request, response) => {
    response.setHeader('content-type', 'text/html').end('<title>Over TLS</title>');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  close = () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    return closed;
  };
});
afterAll(() => close());

describe.each(browsers)('%s', (part, launch) => {
  describe.skipIf(requirement(part).missing)('if it is installed', () => {
    test('starts, and trusts the test certificate if the option is set', async () => {
      const browser = await launch({ trustAnyCertificate: true });
      try {
        const page = await browser.newPage();
        await page.goto(url);
        expect(await page.evaluate('document.title')).toBe('Over TLS');
      } finally {
        await browser.close();
      }
    });

    test('refuses the test certificate otherwise', async () => {
      const browser = await launch();
      try {
        const page = await browser.newPage();
        await expect(page.goto(url)).rejects.toThrow();
      } finally {
        await browser.close();
      }
    });
  });
});
