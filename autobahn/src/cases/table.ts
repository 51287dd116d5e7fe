/** Turns the rows of a section's table into cases. */

import { readEnd, readWrite } from '../notation.ts';
import type { Case } from '../case.ts';

/** A row: the id, what the case is about, what is sent, the right log, and other settings. */
export type LogRow = readonly [id: string, about: string, sends: string, ok: string, extra?: LogExtra];

/** What a row may change from the rest of its table. */
export interface LogExtra {
  readonly write?: string;
  readonly nonStrict?: string;
  readonly end?: string;
  readonly timer?: string;
  readonly mustSend?: Readonly<Record<number, number>>;
  readonly informational?: true;
}

/** Returns the cases of a table. `common` has the settings of rows without their own. */
export function logCases(common: LogExtra & { end: string; timer: string }, rows: readonly LogRow[]): Case[] {
  return rows.map(([id, about, sends, ok, extra = {}]) => {
    const row = { ...common, ...extra };
    return {
      id,
      about,
      end: readEnd(row.end),
      conduct: {
        kind: 'log',
        sends: `${sends}; ${row.timer}`,
        write: readWrite(row.write ?? 'plain'),
        ok,
        nonStrict: row.nonStrict ?? null,
        ...(row.mustSend ? { mustSend: row.mustSend } : {}),
        ...(row.informational ? { informational: true } : {}),
      },
    };
  });
}
