// The rows as a file, for agents in whatever language: one JSON object a line, as in `Row`.
import { createReadStream, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { cacheFolder } from './cache-folder.ts';
import type { Row } from './dataset.ts';

export const rowsFile: string = join(cacheFolder, 'rows.jsonl');

export function writeRowsFile(rows: readonly Row[]): void {
  mkdirSync(dirname(rowsFile), { recursive: true });
  writeFileSync(rowsFile, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

/** Rows `from` (inclusive) to `to` (exclusive). */
export async function readRows(file: string, from: number, to: number): Promise<Row[]> {
  const rows: Row[] = [];
  let index = 0;
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (index >= from && index < to) rows.push(JSON.parse(line) as Row);
    if (++index >= to) break;
  }
  return rows;
}
