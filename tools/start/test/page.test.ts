/** The page in real browsers: talking, reconnecting, and never trusting what others say. */

import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { startChatServer } from '../src/chat-server.ts';
import { BROWSERS } from './browsers.ts';
import { ChatClient } from './chat-client.ts';
import type { ChatServer } from '../src/chat-server.ts';
import type { Browser, Page } from './browsers.ts';

/** Resolves once the expression is true in the page. The drivers' own functions use eval, which the page's policy forbids. */
async function until(page: Page, expression: string): Promise<void> {
  await page.evaluate(`new Promise((resolve) => {
    const look = () => ((${expression}) ? resolve() : setTimeout(look, 20));
    look();
  })`);
}

for (const { name, missing, launch } of BROWSERS) {
  describe.skipIf(missing)(`The page in ${name}`, () => {
    let browser: Browser;
    let server: ChatServer;

    beforeAll(async () => {
      browser = await launch();
    });
    afterAll(() => browser.close());
    beforeEach(async () => {
      server = await startChatServer({ port: 0, host: '127.0.0.1' });
    });
    afterEach(() => server.close());

    /** Opens the page, waits for its connection, and joins if there is a name. */
    async function open(name?: string): Promise<Page> {
      const page = await browser.newPage();
      onTestFinished(() => page.close());
      await page.goto(server.url);
      await until(page, `document.body.dataset.state === 'open'`);
      if (name !== undefined) {
        await page.type('#name', name);
        await page.click('#join');
        await until(page, `document.querySelector('#my-name').textContent === ${JSON.stringify(name)}`);
      }
      return page;
    }

    async function say(page: Page, text: string): Promise<void> {
      await page.type('#text', text);
      await page.keyboard.press('Enter');
    }

    /** Resolves once the page shows a chat line with exactly this text. */
    async function shows(page: Page, text: string): Promise<void> {
      await until(
        page,
        `[...document.querySelectorAll('#log .text')].some((line) => line.textContent === ${JSON.stringify(text)})`,
      );
    }

    async function notes(page: Page, text: string): Promise<void> {
      await until(
        page,
        `[...document.querySelectorAll('#log .note')].some((note) => note.textContent.includes(${JSON.stringify(text)}))`,
      );
    }

    it('lets two pages and a Node client talk with each other', async () => {
      const [ada, grace] = [await open('Ada'), await open('Grace')];
      const node = await ChatClient.connect(server.port, 'Node');
      await notes(ada, '\u2068Node\u2069 joined');
      await say(ada, 'hello from Ada');
      await shows(grace, 'hello from Ada');
      await node.heard('hello from Ada');
      await say(grace, 'hello from Grace');
      await shows(ada, 'hello from Grace');
      await node.heard('hello from Grace');
      node.send({ type: 'say', text: 'hello from Node\nin two lines' });
      await shows(ada, 'hello from Node\nin two lines');
      await shows(grace, 'hello from Node\nin two lines');
      await node.close();
      await notes(grace, '\u2068Node\u2069 left');
    });

    /** Resolves once the page has opened a room. */
    async function isIn(page: Page, room: string): Promise<void> {
      await until(page, `document.querySelector('#rooms [aria-current]')?.textContent === '${room}'`);
    }

    async function openRoom(page: Page, room: string): Promise<void> {
      await page.type('#room', room);
      await page.keyboard.press('Enter');
      await isIn(page, room.toLowerCase());
    }

    it('lets pages talk in a room that they open by its name, apart from other rooms', async () => {
      const [ada, grace, linus] = [await open('Ada'), await open('Grace'), await open('Linus')];
      await openRoom(ada, 'Kitchen');
      await notes(grace, '\u2068Ada\u2069 left');
      await openRoom(grace, 'kitchen');
      await notes(ada, '\u2068Grace\u2069 joined');
      await say(grace, 'dinner is ready');
      await shows(ada, 'dinner is ready');
      await say(linus, 'anyone?');
      await shows(linus, 'anyone?');
      expect(await linus.evaluate(`document.querySelector('#log').textContent`)).not.toContain('dinner');
      const list = `[...document.querySelectorAll('#rooms a')].map((link) => link.ariaLabel).join('; ')`;
      const counted = '\u2068lobby\u2069, 1 person; \u2068kitchen\u2069, 2 people';
      for (const page of [ada, grace, linus]) await until(page, `${list} === '${counted}'`);
      await grace.click('#leave');
      await notes(ada, '\u2068Grace\u2069 left');
      await say(ada, 'still reading?');
      await shows(grace, 'still reading?');
    });

    it('opens the room that the address names, by a link, by going back, and by reloading', async () => {
      const page = await open('Ada');
      const node = await ChatClient.connect(server.port, 'Node', 'kitchen');
      node.send({ type: 'say', text: 'in the kitchen' });
      await node.heard('in the kitchen');
      await until(page, `document.querySelector('#rooms a[href="#kitchen"]')`);
      await page.click('#rooms a[href="#kitchen"]');
      await isIn(page, 'kitchen');
      await shows(page, 'in the kitchen');
      expect(await page.evaluate('document.title')).toBe('Framewire: kitchen');
      await page.evaluate('history.back()');
      await isIn(page, 'lobby');
      expect(await page.evaluate(`document.querySelector('#log').textContent`)).not.toContain('kitchen');
      await page.evaluate('history.forward()');
      await isIn(page, 'kitchen');
      await page.goto(`${server.url}?again#kitchen`);
      await isIn(page, 'kitchen');
      await node.next('line', ({ line }) => line.kind === 'joined' && line.name === 'Ada');
    });

    it('opens the room that was requested last, even if an earlier one has not opened yet', async () => {
      const page = await open('Ada');
      // The first listener of the page has requested the kitchen. Its answer cannot arrive before this task ends.
      await page.evaluate(`new Promise((resolve) => {
        addEventListener('hashchange', () => resolve((location.hash = 'lobby')), { once: true });
        location.hash = 'kitchen';
      })`);
      await until(page, `document.querySelector('#announcement').textContent.includes('lobby')`);
      await isIn(page, 'lobby');
    });

    it('returns to the open room when the server refuses a name', async () => {
      const page = await open('Ada');
      await openRoom(page, 'kitchen');
      await page.evaluate(`location.hash = 'x'.repeat(25)`);
      await until(page, `document.querySelector('#problem').textContent.includes('at most 24 characters')`);
      await until(page, `location.hash === '#kitchen'`);
      await say(page, 'still here');
      await shows(page, 'still here');
    });

    it('meters the connection: round-trip time, messages, bytes, and the people in the room', async () => {
      const page = await open('Ada');
      await say(page, 'something to count');
      await until(page, `Number(document.querySelector('#rate-out').textContent) > 0`);
      await until(page, `Number(document.querySelector('#rate-in').textContent) > 0`);
      await ChatClient.connect(server.port, 'Node');
      await until(page, `document.querySelector('#people-count').textContent === '2'`);
      await until(page, `Number(document.querySelector('#trip').textContent) > 0`);
      await until(page, `Number(document.querySelector('#trip-longest').textContent) > 0`);
      await until(page, `parseFloat(document.querySelector('#bytes-out').textContent) > 0`);
      await until(page, `parseFloat(document.querySelector('#bytes-in').textContent) > 0`);
      // The curve is drawn: there is colour between the grid lines of its canvas.
      await until(
        page,
        `(() => {
      const canvas = document.querySelector('#trip-plot canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200 && data[i] > data[i + 2] + 60) return true;
      return false;
    })()`,
      );
    });

    it('shows markup as text, in names and in messages', async () => {
      const name = '<img src=x onerror=a()>';
      const text =
        '<img src="x" onerror="window.injected = true"><script>window.injected = true</script>&amp;';
      const page = await open('Ada');
      const attacker = await ChatClient.connect(server.port, name);
      attacker.send({ type: 'say', text });
      await shows(page, text);
      await notes(page, name);
      expect(
        await page.evaluate(`document.querySelectorAll('#log img, #log script, #people img').length`),
      ).toBe(0);
      expect(await page.evaluate(`typeof window.injected`)).toBe('undefined');
      expect(await page.evaluate(`document.querySelector('#log .line:last-of-type .name').textContent`)).toBe(
        name,
      );
    });

    it('reconnects by itself after a restart, reports it, and keeps name and draft', async () => {
      const page = await open('Ada');
      await say(page, 'before');
      await shows(page, 'before');
      await page.type('#text', 'a draft');
      await server.close();
      await until(
        page,
        `document.querySelector('#notice').checkVisibility() && document.querySelector('#send').disabled`,
      );
      expect(await page.evaluate(`document.querySelector('#announcement').textContent`)).toContain(
        '1001, the server is shutting down',
      );
      server = await startChatServer({ port: server.port, host: '127.0.0.1' });
      await notes(page, 'Connected again after');
      await notes(page, '\u2068Ada\u2069 joined');
      expect(await page.evaluate(`document.querySelector('#notice').checkVisibility()`)).toBe(false);
      const node = await ChatClient.connect(server.port, 'Node');
      await page.keyboard.press('Enter');
      await node.heard('a draft');
      await shows(page, 'before');
    });

    it('waits longer before each attempt, up to a limit, with a random part', async () => {
      const page = await open();
      const delays = await page.evaluate(
        `import('/link.js').then(({ backOff }) => [[0, 0], [0, 1], [1, 1], [2, 1], [5, 1], [50, 0], [5000, 1]].map(([failures, chance]) => backOff(failures, chance)))`,
      );
      expect(delays).toEqual([250, 500, 1000, 2000, 15_000, 7_500, 15_000]);
    });

    it('puts each refused text back into the field, with the reason', async () => {
      const page = await open('Ada');
      const texts = Array.from({ length: 30 }, (_, index) => `text ${index}`);
      await page.evaluate(`(() => {
      for (const text of ${JSON.stringify(texts)}) {
        document.querySelector('#text').value = text;
        document.querySelector('#say-form').requestSubmit();
      }
    })()`);
      await until(page, `document.querySelector('#problem').textContent.includes('too fast')`);
      // How many texts are refused depends on the speed of the server. The others are in the conversation.
      const inField = `document.querySelector('#text').value.split('\\n').filter(Boolean)`;
      const inLog = `[...document.querySelectorAll('#log .text')].map((line) => line.textContent)`;
      await until(page, `${inField}.length + ${inLog}.length === ${texts.length}`);
      const [field, log] = (await page.evaluate(`[${inField}, ${inLog}]`)) as [string[], string[]];
      expect(field).not.toEqual([]);
      expect([...log, ...field].sort()).toEqual(texts.sort());
    });

    it('does not scroll for a reader who has scrolled up, and counts the new lines below', async () => {
      const page = await open();
      const node = await ChatClient.connect(server.port, 'Node');
      const text = (index: number) => `${index}${'\nand on'.repeat(18)}`;
      for (let index = 0; index < 4; index++) node.send({ type: 'say', text: text(index) });
      await shows(page, text(3));
      const atEnd = `(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight < 2)(document.querySelector('#log'))`;
      expect(await page.evaluate(atEnd)).toBe(true);
      await page.evaluate(`new Promise((resolve) => {
      const log = document.querySelector('#log');
      log.addEventListener('scroll', resolve, { once: true });
      log.scrollTop = 0;
    })`);
      node.send({ type: 'say', text: text(4) });
      node.send({ type: 'say', text: text(5) });
      await until(page, `document.querySelector('#unread').textContent === '2 new messages'`);
      expect(await page.evaluate(`document.querySelector('#log').scrollTop`)).toBe(0);
      await page.click('#unread');
      await until(page, atEnd);
      expect(await page.evaluate(`document.querySelector('#unread').checkVisibility()`)).toBe(false);
    });

    it('can be used from the keyboard, and every field and live region has a name', async () => {
      const page = await open();
      await page.evaluate(`document.querySelector('#name').focus()`);
      await page.type('#name', 'Ada');
      await page.keyboard.press('Enter');
      await until(page, `document.activeElement.id === 'text'`);
      const unnamed =
        await page.evaluate(`[...document.querySelectorAll('input, textarea, [role=log], [role=img], section, nav')]
      .filter((element) => !element.ariaLabel && !(element.labels?.length > 0)).map((element) => element.outerHTML)`);
      expect(unnamed).toEqual([]);
      expect(await page.evaluate(`document.querySelector('#log').tabIndex`)).toBe(0);
    });
  });
}
