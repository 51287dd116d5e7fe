// Reads doc/api.md: the tables by heading, with their names and columns.
import { readFileSync } from 'node:fs';

/** A row of a table, by the headings of its columns. */
export type Row = Readonly<Record<string, string>>;

export class Page {
  readonly #sections = new Map<string, Row[]>();

  constructor(text: string) {
    let rows: Row[] = [];
    let columns: string[] | undefined;
    for (const line of text.split('\n')) {
      const heading = /^#+ (.*)$/.exec(line)?.[1];
      if (heading !== undefined) this.#sections.set(heading, (rows = []));
      if (!line.startsWith('|')) columns = undefined;
      else {
        const cells = line
          .slice(1, line.lastIndexOf('|'))
          .split('|')
          .map((cell) => cell.trim());
        if (columns === undefined) columns = cells;
        else if (!/^-+$/.test(cells[0] ?? '')) {
          rows.push(Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? ''])));
        }
      }
    }
  }

  /** The text of doc/api.md. */
  static text(): string {
    return readFileSync(new URL('../../doc/api.md', import.meta.url), 'utf8');
  }

  /** The names in the tables of sections. */
  names(...headings: readonly string[]): string[] {
    return headings.flatMap((heading) => this.#rows(heading).flatMap((row) => codesIn(row['name'] ?? '')));
  }

  /** The defaults in a section that are written as code, by name. Others are descriptions. */
  defaults(heading: string): Record<string, unknown> {
    const defaults: Record<string, unknown> = {};
    for (const row of this.#rows(heading)) {
      const [name = ''] = codesIn(row['name'] ?? '');
      for (const value of codesIn(row['default'] ?? '')) defaults[name] = JSON.parse(value) as unknown;
    }
    return defaults;
  }

  /** The cells of a column, by name. */
  cells(heading: string, column: string): [name: string, cell: string][] {
    return this.#rows(heading).flatMap((row) =>
      codesIn(row['name'] ?? '').map((name): [string, string] => [name, row[column] ?? '']),
    );
  }

  /** The first number in each cell of a column, by name; 0 if the cell has none. */
  numbers(heading: string, column: string): Record<string, number> {
    return Object.fromEntries(
      this.cells(heading, column).map(([name, cell]) => [name, Number(/\d+/.exec(cell)?.[0] ?? 0)]),
    );
  }

  #rows(heading: string): readonly Row[] {
    const rows = this.#sections.get(heading);
    if (rows === undefined) throw new Error(`The page has no section "${heading}"`);
    return rows;
  }
}

function codesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}
