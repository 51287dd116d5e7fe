/** Sections 12 and 13: messages compressed by permessage-deflate, of several kinds of data and with several parameters. */

import { readEnd } from '../notation.ts';
import type { Case, DataSetName, ParameterSet } from '../case.ts';

/** The cases of every group: length of a message, seconds, octets of a fragment after compression. */
// prettier-ignore
const ROWS: readonly (readonly [length: number, seconds: number, fragmentSize: number])[] = [
  // One row a line, as in a table.
  [16, 60, 0],
  [64, 60, 0],
  [256, 120, 0],
  [1024, 240, 0],
  [4096, 480, 0],
  [8192, 480, 0],
  [16_384, 480, 0],
  [32_768, 480, 0],
  [65_536, 480, 0],
  [131_072, 480, 0],
  [8192, 480, 256],
  [16_384, 480, 256],
  [32_768, 480, 256],
  [65_536, 480, 256],
  [131_072, 480, 256],
  [131_072, 480, 1024],
  [131_072, 480, 4096],
  [131_072, 480, 32_768],
];

const COUNT = 1000;

/** 12.1-12.5. */
const DATA_SETS: readonly (readonly [DataSetName, string])[] = [
  ['json', 'JSON'],
  ['bitmap', 'a bitmap'],
  ['prose', 'German prose'],
  ['html', 'an HTML page'],
  ['document', 'a document of pages and packed streams'],
];

/** 13.1-13.7. */
const PARAMETER_SETS: readonly (readonly [ParameterSet, string])[] = [
  [1, 'default parameters'],
  [2, 'no context takeover'],
  [3, 'a window of 9 bits'],
  [4, 'a window of 15 bits'],
  [5, 'no context takeover and a window of 9 bits'],
  [6, 'no context takeover and a window of 15 bits'],
  [7, 'several offers to choose from'],
];

export const section12 = DATA_SETS.flatMap(([data, about], i) => group(`12.${i + 1}`, data, 1, about));

export const section13 = PARAMETER_SETS.flatMap(([parameters, about], i) =>
  group(`13.${i + 1}`, 'json', parameters, `JSON, ${about}`),
);

function group(id: string, data: DataSetName, parameters: ParameterSet, about: string): Case[] {
  return ROWS.map(([length, seconds, fragmentSize], i) => ({
    id: `${id}.${i + 1}`,
    about: `${COUNT} compressed messages of ${length} units from ${about}${fragmentSize ? `, in fragments of ${fragmentSize}` : ''}.`,
    end: readEnd('F 1000 clean'),
    conduct: { kind: 'compressed', data, length, count: COUNT, seconds, fragmentSize, parameters },
  }));
}
