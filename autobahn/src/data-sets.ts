/**
 * The five kinds of data that sections 12 and 13 compress, generated from fixed seeds. Their kind, size and compressibility are similar to
 * those of the public suite.
 */

import type { DataSetName } from './case.ts';

/** The data from which a case takes its messages. After the end, it continues at the start. */
export interface DataSet {
  /** Whether messages are text, which is cut only between characters. */
  readonly isText: boolean;
  /** Code points of text, octets of binary data. */
  readonly size: number;
  /** Returns `length` units from `position` on, wrapping once at the end. */
  read(position: number, length: number): Buffer;
}

const generated = new Map<DataSetName, DataSet>();

/** Returns a data set. Each is generated once. */
export function dataSet(name: DataSetName): DataSet {
  const set = generated.get(name) ?? MAKERS[name]();
  generated.set(name, set);
  return set;
}

const MAKERS: Readonly<Record<DataSetName, () => DataSet>> = {
  json: () => textSet(makeJson(194_056)),
  bitmap: () => binarySet(makeBitmap(512)),
  prose: () => binarySet(Buffer.from(`\ufeff${makeProse(219_370)}`)),
  html: () => textSet(makeHtml(263_620)),
  document: () => binarySet(makeDocument(1_042_328)),
};

/** A text without characters beyond U+FFFF, which would be two units of the string. */
function textSet(text: string): DataSet {
  const read = (position: number, length: number) =>
    Buffer.from(
      text.slice(position, position + length) + text.slice(0, Math.max(0, position + length - text.length)),
    );
  return { isText: true, size: text.length, read };
}

function binarySet(octets: Buffer): DataSet {
  const read = (position: number, length: number) => {
    const part = octets.subarray(position, position + length);
    return part.length === length ? part : Buffer.concat([part, octets.subarray(0, length - part.length)]);
  };
  return { isText: false, size: octets.length, read };
}

/** Returns a source of numbers from 0 to below 1, the same for the same seed (a linear congruential generator). */
function numbersFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** An index of verdicts, as this suite writes them: deep and repetitive. */
function makeJson(size: number): string {
  const random = numbersFrom(1);
  const index: Record<string, Record<string, unknown>> = {};
  for (let agent = 1; agent <= 6; agent++) {
    const cases: Record<string, unknown> = {};
    for (let number = 0; number < 300; number++) {
      const id = `${1 + Math.floor(number / 30)}.${1 + (Math.floor(number / 10) % 3)}.${1 + (number % 10)}`;
      const duration = Math.floor(random() * 9);
      cases[id] = {
        ...{ behavior: 'OK', behaviorClose: 'OK', duration, remoteCloseCode: 1000 },
        reportfile: `agent_${agent}_case_${id.replaceAll('.', '_')}.json`,
      };
    }
    index[`agent ${agent}`] = cases;
  }
  return JSON.stringify(index, null, 3).slice(0, size);
}

/** A grey picture: soft shapes under much noise, after a header and a palette. */
function makeBitmap(side: number): Buffer {
  const random = numbersFrom(2);
  const header = Buffer.alloc(54);
  header.write('BM', 'latin1');
  header.writeUInt32LE(1078 + side * side, 2);
  const palette = Buffer.from(Array.from({ length: 1024 }, (_, i) => (i % 4 === 3 ? 0 : i >> 2)));
  const pixels = Buffer.alloc(side * side);
  for (let i = 0; i < pixels.length; i++) {
    const [x, y] = [i % side, Math.floor(i / side)];
    const shape = 128 + 50 * Math.sin(x / 40) * Math.cos(y / 60);
    const noise = (random() + random() + random() - 1.5) * 50;
    pixels[i] = Math.max(0, Math.min(255, Math.round(shape + noise)));
  }
  return Buffer.concat([header, palette, pixels]);
}

/** Sentences of invented German words, the short ones frequent and the long ones rare. */
function makeProse(size: number): string {
  const random = numbersFrom(3);
  const words = Array.from({ length: 2500 }, (_, rank) =>
    makeWord(random, 1 + Math.min(3, Math.floor(rank / 150))),
  );
  const sentences: string[] = [];
  let length = 0;
  while (length < size) {
    const count = 5 + Math.floor(random() * 14);
    const chosen = Array.from({ length: count }, () => words[Math.floor(random() ** 3 * words.length)] ?? '');
    const sentence = chosen.join(' ');
    const written = `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}${random() < 0.2 ? '.\n' : '. '}`;
    sentences.push(written);
    length += written.length;
  }
  return sentences.join('').slice(0, size);
}

const STARTS = ['b', 'd', 'f', 'g', 'h', 'k', 'l', 'm', 'n', 'r', 's', 'sch', 'st', 't', 'v', 'w', 'z', ''];
const VOWELS = ['a', 'e', 'e', 'e', 'i', 'i', 'o', 'u', 'ei', 'ie', 'au', 'ä', 'ö', 'ü'];
const ENDS = ['n', 'r', 's', 't', 'ch', 'l', 'nd', 'ß', '', '', ''];

function makeWord(random: () => number, syllables: number): string {
  const pick = (list: readonly string[]) => list[Math.floor(random() * list.length)] ?? '';
  return Array.from({ length: syllables }, () => pick(STARTS) + pick(VOWELS) + pick(ENDS)).join('');
}

/** A page with one long table of similar rows. */
function makeHtml(size: number): string {
  const random = numbersFrom(4);
  const rows: string[] = [
    '<!DOCTYPE html>\n<html><head><title>Prüfbericht – Übersicht</title></head><body>\n<table>\n',
  ];
  let length = 0;
  for (let row = 0; length < size; row++) {
    const verdict = random() < 0.9 ? 'ok' : 'failed';
    const cells = Array.from(
      { length: 3 },
      (_, i) =>
        `<td class="case_${verdict}"><a href="agent_${i}_case_${row}.html">${Math.floor(random() * 1000)} ms</a></td>`,
    );
    const text = `  <tr>\n    <td class="case_number">Case ${row}</td>\n    ${cells.join('\n    ')}\n  </tr>\n`;
    rows.push(text);
    length += text.length;
  }
  return rows.join('').slice(0, size);
}

/** Pages of text between streams of random octets, which cannot be compressed. */
function makeDocument(size: number): Buffer {
  const random = numbersFrom(5);
  const text = makeProse(60_000);
  const parts: Buffer[] = [];
  for (let length = 0; length < size;) {
    const stream = Buffer.from(Array.from({ length: 5000 }, () => Math.floor(random() * 256)));
    const at = Math.floor(random() * (text.length - 3000));
    const page = Buffer.from(`\nendstream endobj\n${text.slice(at, at + 2900)}\nobj stream\n`);
    parts.push(stream, page);
    length += stream.length + page.length;
  }
  return Buffer.concat(parts).subarray(0, size);
}
