// The examples with a page, in a browser.
import { once } from 'node:events';
import { launchChromium, requirement } from '@framewire/testing';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Example } from '../src/example.ts';
import { Talker } from '../src/talker.ts';

/** How long a page may take for a step, in ms. */
const PAGE_MS = 45_000;

describe('session-login, for a client without a browser', () => {
  /** Logs in, and returns the cookie of the session. */
  async function logIn(url: string, name: string, cookie = ''): Promise<string> {
    const response = await fetch(`${url}/session`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', cookie },
      body: JSON.stringify({ name }),
    });
    expect(await response.json()).toEqual({ name });
    return (response.headers.get('set-cookie') ?? '').split(';')[0]!;
  }

  test('refuses a WebSocket without a session, or from a page of another site', async () => {
    const [, url] = await Example.serve('session-login');
    const address = url.replace('http:', 'ws:');
    await expect(Talker.connect(address, { origin: url })).rejects.toThrow('response: 401');
    const cookie = await logIn(url, 'alice');
    const headers = { cookie };
    await expect(Talker.connect(address, { headers })).rejects.toThrow('response: 403');
    const origin = 'http://elsewhere.example';
    await expect(Talker.connect(address, { headers, origin })).rejects.toThrow('response: 403');
    const forged = { cookie: `${cookie.slice(0, -1)}${cookie.endsWith('x') ? 'y' : 'x'}` };
    await expect(Talker.connect(address, { headers: forged, origin: url })).rejects.toThrow('response: 401');
    const talker = await Talker.connect(address, { headers, origin: url });
    expect(JSON.parse((await talker.next()) as string)).toEqual({ name: 'alice', joined: true });
  });

  test('closes only the WebSockets of a session that logs out', async () => {
    const [, url] = await Example.serve('session-login');
    const [alice, bob] = await Promise.all(['alice', 'bob'].map((name) => logIn(url, name)));
    const open = (cookie: string) =>
      Talker.connect(url.replace('http:', 'ws:'), { headers: { cookie }, origin: url });
    const first = await open(alice!);
    const second = await open(bob!);
    await fetch(`${url}/session`, { method: 'DELETE', headers: { cookie: alice! } });
    expect(await first.closed).toEqual([4001, 'logged out']);
    const events = [await second.next(), await second.next()].map(
      (text) => JSON.parse(text as string) as unknown,
    );
    expect(events).toEqual([
      { name: 'bob', joined: true },
      { name: 'alice', left: true },
    ]);
    await expect(open(alice!)).rejects.toThrow('response: 401');
  });

  test('closes the WebSockets of the previous session when the same browser logs in again', async () => {
    const [, url] = await Example.serve('session-login');
    const alice = await logIn(url, 'alice');
    const headers = { cookie: alice };
    const talker = await Talker.connect(url.replace('http:', 'ws:'), { headers, origin: url });
    await logIn(url, 'bob', alice);
    expect(await talker.closed).toEqual([4001, 'logged out']);
  });

  test.each(['', '   ', 'x'.repeat(33)])('refuses the name "%s"', async (name) => {
    const [, url] = await Example.serve('session-login');
    const response = await fetch(`${url}/session`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ name }),
    });
    expect(response.status).toBe(400);
  });
});

describe('server-stats, for a client without a browser', () => {
  test('sends its history first, then a measurement every second', async () => {
    const [, url] = await Example.serve('server-stats');
    const talker = await Talker.connect(`${url.replace('http:', 'ws:')}/stats`);
    const history = JSON.parse((await talker.next()) as string) as unknown[];
    const [sample] = JSON.parse((await talker.next()) as string) as [Record<string, number>];
    expect(history).toEqual(expect.any(Array));
    expect(Object.keys(sample)).toEqual(['time', 'cpu', 'rss', 'heapTotal', 'heapUsed', 'external']);
    for (const value of Object.values(sample)) expect(value).toBeGreaterThanOrEqual(0);
    const late = await Talker.connect(`${url.replace('http:', 'ws:')}/stats`);
    expect(JSON.parse((await late.next()) as string)).toContainEqual(sample);
  });
});

describe.skipIf(requirement('chromium').missing)('in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  /** A page in its own profile, and the errors in it. */
  async function open(url: string): Promise<[page: Page, problems: string[]]> {
    const context = await browser.newContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    page.setDefaultTimeout(PAGE_MS);
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    await page.goto(url);
    return [page, problems];
  }

  async function logIn(page: Page, name: string): Promise<void> {
    await page.getByLabel('Name').fill(name);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText(`connected as ${name}`).waitFor();
  }

  test('two people log in to session-login, talk, and one leaves', async () => {
    const [, url] = await Example.serve('session-login');
    const [alice, problems] = await open(url);
    const [bob, others] = await open(url);
    await logIn(alice, 'Alice');
    await logIn(bob, 'Bob');
    await alice.getByText('Bob joined').waitFor();
    await alice.getByLabel('Message', { exact: true }).fill('<b>hello</b>, Bob');
    await alice.getByRole('button', { name: 'Send' }).click();
    await bob.getByText('<b>hello</b>, Bob').waitFor();
    await bob.reload();
    await bob.getByText('connected as Bob').waitFor();
    await bob.getByRole('button', { name: 'Log out' }).click();
    await bob.getByRole('button', { name: 'Log in' }).waitFor();
    await alice.getByText('Bob left').last().waitFor();
    expect([...problems, ...others]).toEqual([]);
  });

  test('session-login fits on a narrow screen, even with the longest name', async () => {
    const [, url] = await Example.serve('session-login');
    const [page] = await open(url);
    await page.setViewportSize({ width: 320, height: 640 });
    /** How far the page extends beyond the right edge of the screen, in pixels. */
    const excess = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    await page.getByRole('button', { name: 'Log in' }).waitFor();
    expect(await excess()).toBe(0);
    await logIn(page, 'x'.repeat(32));
    expect(await excess()).toBe(0);
  });

  test('logging out in one window of session-login leaves no other window connected', async () => {
    const [, url] = await Example.serve('session-login');
    const [first] = await open(url);
    await logIn(first, 'Alice');
    const second = await first.context().newPage();
    await second.goto(url);
    await second.getByText('connected as Alice').waitFor();
    await first.getByRole('button', { name: 'Log out' }).click();
    await second.getByRole('button', { name: 'Log in' }).waitFor();
  });

  test('session-login reconnects when the connection breaks', async () => {
    const [server, url] = await Example.serve('session-login');
    const [page] = await open(url);
    await logIn(page, 'Alice');
    await server.stop('SIGINT');
    await page.getByText('connection lost').waitFor();
    // A new process has no old sessions, so the page asks for the name again.
    await Example.serve('session-login', { env: { PORT: new URL(url).port } });
    await page.getByRole('button', { name: 'Log in' }).waitFor();
  });

  test.skipIf(requirement('nats').missing || requirement('haproxy').missing)(
    'chat-on-many-servers loses nothing when a server is killed in the middle of a conversation',
    async () => {
      const [example, url] = await Example.serve('chat-on-many-servers');
      onTestFinished(async () => {
        await example.stop('SIGINT');
      });
      const [first] = await open(url);
      const state = first.getByRole('status');
      await first.getByText('on server').waitFor();
      const [, name = ''] = /on server (\w+)/.exec((await state.textContent()) ?? '')!;
      const [second, problems] = await open(url);
      await second.getByText('on server').waitFor();
      expect(await second.getByRole('status').textContent()).not.toContain(`server ${name}`);

      const texts: string[] = [];
      const say = async (page: Page, text: string): Promise<void> => {
        texts.push(text);
        await page.getByLabel('Message', { exact: true }).fill(text);
        await page.getByRole('button', { name: 'Send' }).click();
      };
      await say(first, 'before, from the first');
      await say(second, 'before, from the second');
      const [, pid = ''] = await example.printed(new RegExp(`^server ${name} runs as process (\\d+)$`, 'm'));
      process.kill(Number(pid), 'SIGKILL');
      await say(first, 'meanwhile, from the first');
      await say(second, 'meanwhile, from the second');
      await first.getByText(new RegExp(`on server (?!${name})`)).waitFor();
      await say(first, 'after, from the first');
      await say(second, 'after, from the second');
      for (const page of [first, second]) {
        for (const text of texts) await page.getByText(text).waitFor();
        const shown = await page.getByRole('listitem').allTextContents();
        expect(shown.map((text) => text.replace(/^Guest \d+/, '')).toSorted()).toEqual(texts.toSorted());
      }
      expect(problems).toEqual([]);
      expect(await example.stop('SIGINT')).toBe(0);
    },
  );

  test('server-stats draws its measurements', async () => {
    const [, url] = await Example.serve('server-stats');
    const [page, problems] = await open(url);
    await page.getByText('live, once a second').waitFor();
    await page.waitForFunction(() => /^[\d.]+ MiB$/.test(document.querySelector('#rss')?.textContent ?? ''));
    /** The number of pixels on each plot that are not empty. */
    const countPixels = () =>
      page.evaluate(() =>
        [...document.querySelectorAll('canvas')].map((canvas) => {
          const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
          return data.reduce((sum, value, at) => sum + (at % 4 === 3 && value > 0 ? 1 : 0), 0);
        }),
      );
    const first = await countPixels();
    expect(first).toHaveLength(2);
    // The lines grow with each measurement.
    await expect.poll(countPixels, { timeout: PAGE_MS }).not.toEqual(first);
    expect(problems).toEqual([]);
  });
});

test.skipIf(requirement('posix').missing)('server-stats exits while a client is connected', async () => {
  const [server, url] = await Example.serve('server-stats');
  const talker = await Talker.connect(`${url.replace('http:', 'ws:')}/stats`);
  const closed = once(talker.ws, 'close');
  expect(await server.stop('SIGINT')).toBe(0);
  expect((await closed)[0]).toBe(1001);
});
