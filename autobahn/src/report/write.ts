/** Writes the reports of a run into a folder. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { caseReport } from './case-json.ts';
import { formatPage } from './html.ts';
import { buildIndex, formatIndex } from './index-json.ts';
import { reportName } from './names.ts';
import type { Case } from '../case.ts';
import type { Run } from '../run.ts';

/** Writes `index.json`, `index.html` and a JSON file for each run. `cases` is the list in which cases are numbered. */
export async function writeReports(
  folder: string,
  runs: readonly Run[],
  cases: readonly Case[],
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const numbers = new Map(cases.map(({ id }, index) => [id, index + 1]));
  const reports = runs.map((run) => caseReport(run, numbers.get(run.testCase.id) ?? 0));
  for (const report of reports) {
    const file = join(folder, `${reportName(report.agent, report.id)}.json`);
    await writeFile(file, `${JSON.stringify(report, null, 3)}\n`);
  }
  await writeFile(join(folder, 'index.html'), await formatPage(reports, new Date()));
  await writeFile(join(folder, 'index.json'), formatIndex(buildIndex(runs)));
}
