/** `index.html`: a whole run on one page, which needs neither a server nor another file. */

import { readFile } from 'node:fs/promises';
import { sectionOf } from '../case.ts';
import { compareIds } from '../spec.ts';
import { isPassed } from './outcome.ts';
import { SECTION_THEMES } from './sections.ts';
import type { CaseReport } from './case-json.ts';

/** How many rows of a wire log the page shows. The JSON file of the case may have more. */
const SHOWN_ROWS = 150;

/** Returns the text of the page for the reports of a run's cases. */
export async function formatPage(reports: readonly CaseReport[], written: Date): Promise<string> {
  const [style, script] = await Promise.all(['page.css', 'page.js'].map(readSibling));
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<title>WebSocket conformance</title>',
    `<style>${style ?? ''}</style>`,
    '<noscript>This page needs JavaScript. index.json has the same verdicts.</noscript>',
    '<main id="page"></main>',
    '<aside id="detail" hidden></aside>',
    // A `<` in a text could end the script element.
    `<script type="application/json" id="data">${JSON.stringify(pageData(reports, written)).replaceAll('<', '\\u003c')}</script>`,
    `<script type="module">${script ?? ''}</script>`,
    '</html>',
    '',
  ].join('\n');
}

/** Returns the data that the script of the page draws. */
function pageData(reports: readonly CaseReport[], written: Date) {
  const agents = [...new Set(reports.map(({ agent }) => agent))].sort();
  const cases = new Map(
    reports.map(({ id, description, expectation }) => [id, { id, description, expectation }]),
  );
  const sorted = [...cases.values()].sort((a, b) => compareIds(a.id, b.id));
  return {
    written: written.toISOString(),
    agents,
    sections: SECTION_THEMES,
    cases: sorted.map((entry) => ({ ...entry, section: sectionOf(entry) })),
    runs: reports.map((report) => ({
      ...report,
      passed: isPassed(report, false),
      wirelog: report.wirelog.slice(0, SHOWN_ROWS),
      moreRows: Math.max(0, report.wirelog.length - SHOWN_ROWS),
    })),
  };
}

function readSibling(name: string): Promise<string> {
  return readFile(new URL(name, import.meta.url), 'utf8');
}
