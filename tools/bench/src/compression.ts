// The cost of compression by itself: the process that measures it, and the tables of bytes, time and memory.
import Table from 'cli-table3';
import { Child } from './child.ts';
import { formatNumber, TABLE_STYLE } from './format.ts';
import { findCores } from './pinning.ts';
import { nodeCommand } from './scripts.ts';

/** One kind of content under one setting. Figures are means for a message. */
export interface ProfileRow {
  readonly content: string;
  /** The value of `perMessageDeflate`. */
  readonly profile: string;
  readonly bytes: number;
  /** Bytes on the wire. */
  readonly wire: number;
  /** CPU microseconds of compressing. */
  readonly compress: number;
  /** CPU microseconds of inflating. */
  readonly inflate: number;
  /** Memory of a connection that has both compressed and inflated. Without a context, it is close to 0. */
  readonly kilobytes: number;
}

/** A connection with context takeover, by its window. */
export interface WindowRow {
  readonly windowBits: number;
  /** Bytes on the wire, as a fraction of the original bytes of a message of about 16 KiB. */
  readonly share: number;
  /** Kilobytes of the compressor. */
  readonly compressor: number;
  /** Kilobytes of the inflater. */
  readonly inflater: number;
}

/** CPU microseconds of all threads for a message of one size. */
export interface PlaceRow {
  readonly size: number;
  /** Compressed by our engine. */
  readonly engineCompress: number;
  /** Compressed by `node:zlib` on the thread pool. */
  readonly poolCompress: number;
  /** Inflated immediately, if the output is not too long for that. */
  readonly directInflate: number;
  /** Inflated in turns from the start. */
  readonly turnsInflate: number;
}

/** The results of one run. */
export interface CompressionResult {
  readonly profiles: readonly ProfileRow[];
  readonly windows: readonly WindowRow[];
  readonly places: readonly PlaceRow[];
}

type ProfileKey = Pick<ProfileRow, 'content' | 'profile'>;
type Window = Pick<WindowRow, 'windowBits'>;

/**
 * Measures in processes of plain Node.
 *
 * @param rounds over how many connections figures of bytes and time are averaged
 * @param ends over how many connections the figure of memory is averaged
 */
export async function runCompression(rounds: number, ends = 200): Promise<CompressionResult> {
  const [rows, timed, places] = await inProcess(async (child) => [
    (await child.call('rows')) as { profiles: ProfileKey[]; windows: Window[] },
    (await child.call('profiles', rounds)) as Omit<ProfileRow, 'kilobytes'>[],
    (await child.call('places', rounds)) as PlaceRow[],
  ]);
  const profiles: ProfileRow[] = [];
  for (const [index, row] of rows.profiles.entries()) {
    const kilobytes = await inProcess((child) => child.call('memoryOf', { ends, ...row }));
    profiles.push({ ...(timed[index] as ProfileRow), kilobytes: kilobytes as number });
  }
  const windows: WindowRow[] = [];
  for (const window of rows.windows) {
    const compressor = await contextOf({ ends, ...window }, 'compressor');
    const inflater = await contextOf({ ends, ...window }, 'inflater');
    windows.push({
      ...window,
      share: compressor.share,
      compressor: compressor.kilobytes,
      inflater: inflater.kilobytes,
    });
  }
  return { profiles, windows, places };
}

async function contextOf(
  window: Window & { ends: number },
  what: string,
): Promise<{ share: number; kilobytes: number }> {
  const found = await inProcess((child) => child.call('contextOf', { ...window, what }));
  return found as { share: number; kilobytes: number };
}

async function inProcess<T>(use: (child: Child) => Promise<T>): Promise<T> {
  const options = { flags: ['--expose-gc'], core: findCores().measured };
  const { child } = await Child.start(nodeCommand('compression', {}, options));
  try {
    return await use(child);
  } finally {
    await child.stop();
  }
}

/** The three tables. */
export function compressionTables({ profiles, windows, places }: CompressionResult): string {
  return [
    table(
      [
        'content',
        'perMessageDeflate',
        'bytes',
        'on the wire',
        'compress µs',
        'inflate µs',
        'KB a connection',
      ],
      profiles.map(({ content, profile, bytes, wire, compress, inflate, kilobytes }) => [
        content,
        profile,
        ...[
          formatNumber(bytes, 0),
          formatNumber(wire, 0),
          formatNumber(compress, 1),
          formatNumber(inflate, 1),
          formatNumber(kilobytes, 1),
        ],
      ]),
      2,
    ),
    table(
      ['windowBits', 'on the wire', 'KB compressor', 'KB inflater'],
      windows.map(({ windowBits, share, compressor, inflater }) => [
        String(windowBits),
        `${formatNumber(share * 100, 1)} %`,
        formatNumber(compressor, 0),
        formatNumber(inflater, 0),
      ]),
      0,
    ),
    table(
      ['bytes', 'compress µs: engine', 'thread pool', 'inflate µs: immediately', 'in turns'],
      places.map(({ size, engineCompress, poolCompress, directInflate, turnsInflate }) => [
        formatNumber(size, 0),
        ...[engineCompress, poolCompress, directInflate, turnsInflate].map((figure) =>
          formatNumber(figure, 1),
        ),
      ]),
      0,
    ),
  ].join('\n\n');
}

/** @param names how many columns on the left are text */
function table(head: string[], rows: readonly string[][], names: number): string {
  const made = new Table({
    head,
    colAligns: head.map((_, column) => (column < names ? 'left' : 'right')),
    ...TABLE_STYLE,
  });
  made.push(...rows);
  return made.toString();
}
