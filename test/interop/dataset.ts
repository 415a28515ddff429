// The records of the suite: 10,000 real flights (npm vega-datasets, flights-10k.json), keyed by the airport they left from.
// 59 keys of very different weight, values of 80 to 100 bytes: the shape of real topics.
//
// Values are not unique; what identifies a record is its place among those of its key. Timestamps are ours (the data
// set's are of 2001 and would fall to retention at once): a second apart, the last one now.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clientsNode } from './clients-node/folder.ts';

export interface Row {
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timestamp: number;
}

export const SOURCE = 'flights-10k.json';

/** Reads the data set from the installed package. */
export function loadRows(now: number): Row[] {
  const path = join(clientsNode, 'node_modules', 'vega-datasets', 'data', SOURCE);
  const flights = JSON.parse(readFileSync(path, 'utf8')) as { origin: string }[];
  return flights.map((flight, index) => ({
    key: flight.origin,
    value: JSON.stringify(flight),
    headers: { source: SOURCE, row: String(index) },
    timestamp: now - (flights.length - 1 - index) * 1000,
  }));
}
