// Log lines for a person at a terminal: the time, the level, what happened, then the details as key=value.
//
//   11:20:01 WARN  a connection was refused: too many  remote=127.0.0.1:5123 limit=max.connections=10

const HIDDEN: ReadonlySet<string> = new Set(['level', 'time', 'msg']);
const LEVEL_WIDTH = 5;

/** One line as pino writes it (JSON) in the form above; what is not such a line is left as it is. */
export function terminalLine(json: string): string {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(json) as Record<string, unknown>;
  } catch {
    return json;
  }
  const time = text(entry['time']).slice(11, 19);
  const level = text(entry['level']).toUpperCase().padEnd(LEVEL_WIDTH);
  const details = Object.entries(entry)
    .filter(([key]) => !HIDDEN.has(key))
    .map(([key, value]) => ` ${key}=${text(value)}`);
  return `${time} ${level} ${text(entry['msg'])}${details.length === 0 ? '' : ` ${details.join('')}`}\n`;
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  const { host, port, message } = value as { host?: unknown; port?: unknown; message?: unknown };
  if (host !== undefined && port !== undefined) return `${text(host)}:${text(port)}`;
  return typeof message === 'string' ? message : JSON.stringify(value);
}
