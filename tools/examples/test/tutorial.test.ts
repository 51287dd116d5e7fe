// The programs of the tutorial, each as a process, with real clients, and the pages that show them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { launchChromium, requirement } from '@framewire/testing';
import type { Page } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Example, TUTORIAL, type StartOptions } from '../src/example.ts';
import { sendHalfRequest } from '../src/half-request.ts';
import { Talker } from '../src/talker.ts';

/** Starts the server of a step, and returns its URL for a page and for a WebSocket. */
async function serve(step: string): Promise<{ example: Example; url: string; chat: string }> {
  const [example, url] = await Example.serve(step, program('server.js'));
  return { example, url, chat: `${url.replace('http:', 'ws:')}/chat` };
}

/** A program of the tutorial. */
function program(name: string, args: readonly string[] = []): StartOptions {
  return { folder: TUTORIAL, program: name, args };
}

/** The next messages of a client, parsed. */
async function nextOf(talker: Talker, count: number): Promise<unknown[]> {
  const messages: unknown[] = [];
  while (messages.length < count) messages.push(JSON.parse((await talker.next()) as string));
  return messages;
}

/** Logs in, and returns the cookie of the session. */
async function logIn(url: string, name: string, password: string): Promise<string> {
  const body = new URLSearchParams({ name, password });
  const response = await fetch(`${url}/login`, { method: 'POST', body });
  expect(response.status).toBe(204);
  return (response.headers.get('set-cookie') ?? '').split(';')[0]!;
}

test('step 1 answers each line that its client reads', async () => {
  const [server, url] = await Example.serve('step-1', program('server.js'));
  const client = Example.start('step-1', program('client.js', [url]));
  await client.printed(/^Welcome$/m);
  client.type('hello\n');
  await client.printed(/^You said: hello$/m);
  client.endInput();
  expect(await client.exitCode()).toBe(0);
  await server.printed(/^a client has left with 1000$/m);
});

test('step 2 sends each message to all clients', async () => {
  const { chat } = await serve('step-2');
  const talkers = [await Talker.connect(chat), await Talker.connect(chat)];
  talkers[0]!.ws.send('grüße');
  expect(await Promise.all(talkers.map((talker) => talker.next()))).toEqual(['grüße', 'grüße']);
});

test('step 3 sends a message only to the members of its room, and closes the connection on other messages', async () => {
  const { chat } = await serve('step-3');
  const alice = await Talker.connect(`${chat}?room=kitchen&name=alice`);
  const carol = await Talker.connect(`${chat}?name=carol`);
  const bob = await Talker.connect(`${chat}?room=kitchen&name=bob`);
  bob.ws.send(JSON.stringify({ text: 'hi' }));
  const joined = { type: 'joined', name: 'bob', members: 2 };
  const message = { type: 'message', name: 'bob', text: 'hi' };
  expect(await nextOf(alice, 3)).toEqual([{ type: 'joined', name: 'alice', members: 1 }, joined, message]);
  expect(await nextOf(bob, 2)).toEqual([joined, message]);
  bob.ws.send('{}');
  expect(await bob.closed).toEqual([1008, 'not a chat message']);
  expect(await nextOf(alice, 1)).toEqual([{ type: 'left', name: 'bob', members: 1 }]);
  carol.ws.send(JSON.stringify({ text: 'alone' }));
  expect(await nextOf(carol, 2)).toEqual([
    { type: 'joined', name: 'carol', members: 1 },
    { type: 'message', name: 'carol', text: 'alone' },
  ]);
  const nameless = await Talker.connect(chat);
  expect(await nameless.closed).toEqual([1008, 'a name has 1 to 20 letters or digits']);
});

test('step 4 takes the name from the session, and refuses clients without a session and other sites', async () => {
  const { url, chat } = await serve('step-4');
  const wrong = new URLSearchParams({ name: 'alice', password: 'hammer' });
  expect((await fetch(`${url}/login`, { method: 'POST', body: wrong })).status).toBe(401);
  const headers = { cookie: await logIn(url, 'alice', 'rabbit') };
  const alice = await Talker.connect(chat, { headers, origin: url });
  expect(await nextOf(alice, 1)).toEqual([{ type: 'joined', name: 'alice', members: 1 }]);
  await expect(Talker.connect(chat, { origin: url })).rejects.toThrow('response: 401');
  await expect(Talker.connect(`${chat}?room=%20`, { headers, origin: url })).rejects.toThrow('response: 404');
  const elsewhere = Talker.connect(chat, { headers, origin: 'https://evil.example' });
  await expect(elsewhere).rejects.toThrow('response: 403');
  // The server must survive a body that is too large.
  await expect(fetch(`${url}/login`, { method: 'POST', body: 'x'.repeat(100_000) })).rejects.toThrow();
  expect((await fetch(url)).status).toBe(200);
});

test('step 5 passes its own tests', async () => {
  const tests = Example.start('step-5', program('--test', ['chat.test.js']));
  expect({ code: await tests.exitCode(), output: tests.output }).toMatchObject({ code: 0 });
  expect(tests.output).toMatch(/pass 4$/m);
});

test.skipIf(requirement('posix').missing)(
  'step 5 closes its connections with 1001 and exits on SIGTERM',
  async () => {
    const { example, url, chat } = await serve('step-5');
    const headers = { cookie: await logIn(url, 'bob', 'hammer') };
    const bob = await Talker.connect(chat, { headers, origin: url });
    const half = await sendHalfRequest(url);
    expect(await example.stop('SIGTERM')).toBe(0);
    expect((await bob.closed)[0]).toBe(1001);
    expect(await half.answer).toBe('');
  },
);

test('step 5 has the page and the sessions of step 4', () => {
  expect(fileOf('step-5/page.html')).toBe(fileOf('step-4/page.html'));
  expect(fileOf('step-5/sessions.js')).toBe(fileOf('step-4/sessions.js'));
});

describe.skipIf(requirement('chromium').missing)('In Chromium', () => {
  test('the pages of steps 2 to 4 send and show messages', async () => {
    const browser = await launchChromium();
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    await page.goto((await serve('step-2')).url);
    await shown(page, 'You are connected.');
    await say(page, 'first');
    await shown(page, 'first');

    await page.goto((await serve('step-3')).url);
    await page.getByLabel('Name').fill('alice');
    await page.getByRole('button', { name: 'Join' }).click();
    await shown(page, 'alice has joined. Members: 1');
    await say(page, '<b>second</b>');
    await shown(page, 'alice: <b>second</b>');

    await page.goto((await serve('step-4')).url);
    await page.getByLabel('Name').fill('bob');
    await page.getByLabel('Password').fill('rabbit');
    await page.getByRole('button', { name: 'Join' }).click();
    await shown(page, 'The name or the password is wrong.');
    await page.getByLabel('Password').fill('hammer');
    await page.getByRole('button', { name: 'Join' }).click();
    await shown(page, 'bob has joined. Members: 1');
    await say(page, 'third');
    await shown(page, 'bob: third');
  });
});

/** Waits until a page shows a message. */
async function shown(page: Page, text: string): Promise<void> {
  await page.getByText(text, { exact: true }).waitFor();
}

/** Sends a message with the form of a page. */
async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message').fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
}

/** A file of the tutorial. */
function fileOf(path: string): string {
  return readFileSync(join(TUTORIAL, path), 'utf8');
}

/** Code that a page shows, under the name of its file. */
const SHOWN = /^<!-- The file (\S+), which a test runs\. -->\n\n```\w+(?: no-run)?\n(.*?)^```$/gms;

const shownFiles = readdirSync(TUTORIAL)
  .filter((name) => name.endsWith('.md'))
  .flatMap((name) =>
    [...fileOf(name).matchAll(SHOWN)].map(([, path, code]) => [name, path!, code!] as const),
  );

test.each(shownFiles)('%s shows %s unchanged', (_page, path, code) => {
  expect(code).toBe(fileOf(path));
});

test('the tutorial shows every program', () => {
  const steps = readdirSync(TUTORIAL, { withFileTypes: true }).filter((entry) =>
    /^step-\d$/.test(entry.name),
  );
  const programs = steps.flatMap(({ name }) =>
    readdirSync(join(TUTORIAL, name)).map((file) => `${name}/${file}`),
  );
  expect(
    shownFiles
      .map(([, path]) => path)
      .concat('step-5/page.html', 'step-5/sessions.js')
      .sort(),
  ).toEqual(programs.sort());
});
