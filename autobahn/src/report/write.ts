/** Writes the reports of a run into a folder. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { caseReport } from './case-json.ts';
import { buildIndex, formatIndex } from './index-json.ts';
import { reportName } from './names.ts';
import type { Case } from '../case.ts';
import type { Run } from '../run.ts';

/** Writes `index.json` and a JSON file for each run; `cases` is the list that the numbers of the cases count in. */
export async function writeReports(
  folder: string,
  runs: readonly Run[],
  cases: readonly Case[],
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const numbers = new Map(cases.map(({ id }, index) => [id, index + 1]));
  for (const run of runs) {
    const report = caseReport(run, numbers.get(run.testCase.id) ?? 0);
    const name = reportName(run.agent, run.testCase.id);
    await writeFile(join(folder, `${name}.json`), `${JSON.stringify(report, null, 3)}\n`);
  }
  await writeFile(join(folder, 'index.json'), formatIndex(buildIndex(runs)));
}
