// Reads the decision tables above the branches in src/negotiation.ts, so that the tests apply exactly what the source documents.
import { readFileSync } from 'node:fs';

/** The value of one parameter in an option, an offer or a response. `true` means "present", and a string means that it is rejected. */
export type Said = number | boolean | string | undefined;

/** One row: the parameter, the cells, and how many combinations it answered. */
export interface Row {
  readonly parameter: string;
  readonly cells: readonly string[];
  uses: number;
}

const SOURCE = readFileSync(new URL('../src/negotiation.ts', import.meta.url), 'utf8');

/** The rows of the table whose last column has this heading. */
export function tableOf(lastColumn: string): Row[] {
  const lines = SOURCE.split('\n').filter((line) => line.startsWith(' * |'));
  const cellsOf = (line: string): string[] =>
    line
      .slice(4, line.lastIndexOf('|'))
      .split('|')
      .map((cell) => cell.trim());
  const start = lines.findIndex(
    (line) => cellsOf(line)[0] === 'parameter' && cellsOf(line).at(-1) === lastColumn,
  );
  const rows: Row[] = [];
  for (const line of lines.slice(start + 2)) {
    const [parameter, ...cells] = cellsOf(line);
    if (parameter === 'parameter') break;
    rows.push({ parameter: parameter || rows.at(-1)!.parameter, cells, uses: 0 });
  }
  return rows;
}

/** The last cell of the only matching row. Throws if none or several match. */
export function lookUp(rows: readonly Row[], option: Said, values: readonly Said[]): string {
  const fitting = rows.filter(({ cells: [optionCell = '', ...others] }) => {
    return fitsOption(optionCell, option) && values.every((value, i) => fits(others[i]!, value, option));
  });
  const [row, second] = fitting;
  if (!row || second) throw new Error(`${fitting.length} rows for ${String(option)}: ${values.join(', ')}`);
  row.uses += 1;
  return row.cells.at(-1)!;
}

function fitsOption(cell: string, option: Said): boolean {
  if (cell === 'any') return true;
  if (cell === 'not M') return typeof option !== 'number';
  const name = typeof option === 'number' ? 'M' : option === undefined ? 'unset' : String(option);
  return cell.split('/').includes(name);
}

function fits(cell: string, value: Said, option: Said): boolean {
  const isNumber = typeof value === 'number';
  switch (cell) {
    case 'any':
    case '':
      return true;
    case 'present':
    case 'no value':
      return value === true;
    case 'absent':
      return value === undefined || value === false;
    case 'M':
      return value === option;
    case 'N':
      return isNumber;
    case 'N >= M':
      return isNumber && value >= Number(option);
    case 'N <= M':
      return isNumber && value <= Number(option);
    case 'N < M':
      return isNumber && value < Number(option);
    case 'N > M':
      return isNumber && value > Number(option);
    default:
      throw new Error(`Unknown cell in a table: "${cell}"`);
  }
}
