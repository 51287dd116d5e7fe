// The cost of permessage-deflate: bytes, time and memory for several options and for each window, and time in each place where it may
// run. It runs without sockets, in a process of plain Node.
import { PerMessageDeflate, resolveOption } from '@framewire/permessage-deflate';
import { serveDriver } from './control.mjs';
import { collectGarbage } from './garbage.mjs';
import { numbers } from './numbers.mjs';

const KiB = 1024;
/** How many messages a connection exchanges. If it has contexts, this is enough to create them. */
const MESSAGES = 24;

/** Bytes of the messages that are compressed by the engine and on the thread pool, and inflated immediately and in turns. */
const SIZES = [512, 4 * KiB, 16 * KiB, 32 * KiB, 64 * KiB, 256 * KiB];

const WORDS =
  'time of the year in which a small river from far away brings more water than there is room for'.split(' ');

function record(next) {
  return {
    id: next(1e6),
    user: `user-${next(500)}`,
    action: ['opened', 'closed', 'renamed', 'moved'][next(4)],
    at: new Date(1.7e12 + next(1e9)).toISOString(),
    position: { x: next(1920), y: next(1080) },
    tags: [WORDS[next(WORDS.length)], WORDS[next(WORDS.length)]],
  };
}

/** The generators of messages, by kind of content. */
const contents = {
  'small JSON': (next) => JSON.stringify(record(next)),
  'large JSON': (next) => JSON.stringify(Array.from({ length: 90 }, () => record(next))),
  text: (next) =>
    Array.from({ length: 800 }, () => WORDS[next(WORDS.length)] + (next(9) ? '' : next(1000))).join(' '),
};

/** The options of a server, by name. */
const profiles = {
  'level 6': { zlibDeflateOptions: { level: 6 } },
  true: true,
  'true, no takeover': { serverNoContextTakeover: true, threshold: 0 },
  'level 6, no takeover': { serverNoContextTakeover: true, threshold: 0, zlibDeflateOptions: { level: 6 } },
  "'shared'": 'shared',
};

function viewOf(options) {
  const direction = {
    windowBits: options.serverMaxWindowBits ?? 15,
    takeover: !options.serverNoContextTakeover,
  };
  return { deflate: direction, inflate: direction };
}

function compress(end, data) {
  return new Promise((resolve, reject) => {
    end.compress({ data, first: true, fin: true }, (error, compressed) => {
      if (error) reject(error);
      else resolve(compressed);
    });
  });
}

function decompress(end, message) {
  return new Promise((resolve, reject) => {
    end.decompress(message, (error, data) => {
      if (error) reject(error);
      else resolve(data);
    });
  });
}

/** Compresses messages with one end of a connection, and decompresses them with the same end. */
async function exchange(end, messages) {
  const figures = { bytes: 0, wire: 0, compress: 0, inflate: 0 };
  for (const message of messages) {
    const length = Buffer.byteLength(message);
    const before = process.cpuUsage();
    const made = await compress(end, message);
    const between = process.cpuUsage();
    if (made !== undefined) await decompress(end, made);
    const after = process.cpuUsage();
    figures.bytes += length;
    figures.wire += made?.length ?? length;
    figures.compress += total(between) - total(before);
    figures.inflate += total(after) - total(between);
  }
  return figures;
}

function total({ user, system }) {
  return user + system;
}

/** KB of resident memory, because the states of compression are not on the heap. */
async function memory() {
  await collectGarbage();
  return process.memoryUsage.rss() / KiB;
}

/** KB of each of many ends, after each has exchanged its messages. */
async function memoryOfEach(ends, make, use) {
  const add = async (count) => {
    const added = Array.from({ length: count }, make);
    for (const [index, end] of added.entries()) await use(end, index);
    return added;
  };
  // This warm-up allocates temporary memory before the measurement. The first ends stay open, so that their memory is not reused.
  const first = await add(Math.ceil(ends / 4));
  for (let round = 0; round < 4 * ends; round++) await use(first[0], round);
  const before = await memory();
  const measured = await add(ends);
  const figure = (await memory()) - before;
  for (const end of [...first, ...measured]) end.close();
  return figure / ends;
}

function connectionsOf({ content, profile }) {
  const options = resolveOption(profiles[profile]);
  return {
    make: () => new PerMessageDeflate(viewOf(options), 0, options),
    messagesOf: (seed) => {
      const next = numbers(seed);
      return Array.from({ length: MESSAGES }, () => contents[content](next));
    },
  };
}

async function measureProfile(row, rounds) {
  const { make, messagesOf } = connectionsOf(row);
  const sum = { bytes: 0, wire: 0, compress: 0, inflate: 0 };
  for (let round = -rounds; round < rounds; round++) {
    const end = make();
    const figures = await exchange(end, messagesOf(round + 1000));
    end.close();
    // In the first half, the code is compiled.
    if (round >= 0) for (const name of Object.keys(sum)) sum[name] += figures[name] / rounds / MESSAGES;
  }
  return { ...row, ...sum };
}

/** CPU µs of all threads for a message of a size. From this many bytes on, it is compressed on the thread pool and inflated in turns. */
async function costOf(size, from, rounds) {
  const long = contents['large JSON'](numbers(1)).repeat(Math.ceil(size / 16_000));
  const message = Buffer.from(long).subarray(0, size);
  const messages = Array.from({ length: rounds * 4 }, () => message);
  const options = resolveOption({ profile: 'shared', deflateOffThreadFrom: from, inflateInTurnsFrom: from });
  const end = new PerMessageDeflate(viewOf(options), 0, options);
  // In the first exchange, the code is compiled.
  await exchange(end, messages);
  const { compress, inflate } = await exchange(end, messages);
  return { compress: compress / messages.length, inflate: inflate / messages.length };
}

/** Windows of both directions. */
const windows = [15, 13, 12, 10, 9].map((windowBits) => ({ windowBits }));

const commands = {
  /** The rows of the tables. */
  rows() {
    const pairs = Object.keys(contents).flatMap((content) =>
      Object.keys(profiles).map((profile) => ({ content, profile })),
    );
    return { profiles: pairs, windows };
  },

  async profiles(rounds) {
    const rows = [];
    for (const row of commands.rows().profiles) rows.push(await measureProfile(row, rounds));
    return rows;
  },

  /** KB of a connection that has exchanged its messages. May be called only once in a process, because freed memory would be reused. */
  memoryOf({ ends, ...row }) {
    const { make, messagesOf } = connectionsOf(row);
    return memoryOfEach(ends, make, (end, index) => exchange(end, messagesOf(index + 1)));
  },

  /** KB of an end with context takeover that has compressed or inflated two messages. May be called only once, as above. */
  async contextOf({ ends, windowBits, what }) {
    const message = Buffer.from(contents['large JSON'](numbers(1)));
    const direction = { windowBits, takeover: true };
    const make = () => new PerMessageDeflate({ deflate: direction, inflate: direction }, 0, {});
    const source = make();
    const wire = [await compress(source, message), await compress(source, message)];
    const uses = {
      compressor: async (end) => {
        for (let i = 0; i < 2; i++) await compress(end, message);
      },
      inflater: async (end) => {
        for (const each of wire) await decompress(end, each);
      },
    };
    return { share: wire[0].length / message.length, kilobytes: await memoryOfEach(ends, make, uses[what]) };
  },

  /** CPU µs of all threads for messages of each size, in each place where they may be compressed and inflated. */
  async places(rounds) {
    const rows = [];
    for (const size of SIZES) {
      const here = await costOf(size, Infinity, rounds);
      const later = await costOf(size, 0, rounds);
      rows.push({
        ...{ size, engineCompress: here.compress, directInflate: here.inflate },
        ...{ poolCompress: later.compress, turnsInflate: later.inflate },
      });
    }
    return rows;
  },
};

serveDriver({}, commands);
