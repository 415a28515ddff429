// What a dump says, row by row, and the two forms in which it is printed: a line of text, or a JSON object on a line.
//
//   text   record offset=5 timestamp=1700000000000 key="k1" value=0x00ff
//   JSON   {"row":"record","offset":5,"timestamp":1700000000000,"key":"k1","value":{"hex":"00ff"}}
//
// Must stay true: one row, one line, whatever bytes are in it.

export type DumpValue =
  | string
  | number
  | boolean
  | null
  | Uint8Array
  | readonly DumpValue[]
  | { readonly [name: string]: DumpValue | undefined };

export interface DumpRow {
  /** `file`, `batch`, `record`, `damage`, ... */
  readonly row: string;
  readonly [name: string]: DumpValue | undefined;
}

/** Takes rows one after the other; the next waits until it resolves. */
export type DumpSink = (row: DumpRow) => Promise<void> | void;

/** More bytes than this are cut in text: a line is for people. */
const LONGEST_TEXT_BYTES = 1000;

export function rowAsText({ row, ...fields }: DumpRow): string {
  const parts = [row];
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) parts.push(`${name}=${valueAsText(value)}`);
  }
  return parts.join(' ');
}

export function rowAsJson(row: DumpRow): string {
  return JSON.stringify(plain(row));
}

function valueAsText(value: DumpValue): string {
  if (value instanceof Uint8Array) {
    const cut = value.subarray(0, LONGEST_TEXT_BYTES);
    const more = value.length > cut.length ? `...(${value.length} bytes)` : '';
    const text = more === '' ? textOf(cut) : undefined;
    return text === undefined ? `0x${Buffer.from(cut).toString('hex')}${more}` : JSON.stringify(text);
  }
  return typeof value === 'string' && /^[\w.:/-]+$/.test(value) ? value : JSON.stringify(plain(value));
}

function plain(value: DumpValue | undefined): unknown {
  if (value instanceof Uint8Array) return textOf(value) ?? { hex: Buffer.from(value).toString('hex') };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]));
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes as text, where they are UTF-8 without control characters. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = decoder.decode(bytes);
    // eslint-disable-next-line no-control-regex -- that is what is looked for
    return /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
