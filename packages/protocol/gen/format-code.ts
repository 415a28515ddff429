/** Formats emitted code like the rest of the house, so that the emitters need not care about lines and indentation. */

import { readFileSync } from 'node:fs';
import { format, type FormatConfig } from 'oxfmt';

const configuration = JSON.parse(
  readFileSync(new URL('../../../.oxfmtrc.json', import.meta.url), 'utf8'),
) as FormatConfig & { ignorePatterns?: unknown };
delete configuration.ignorePatterns;

export async function formatCode(path: string, text: string): Promise<string> {
  const { code, errors } = await format(path, text, configuration);
  if (errors.length > 0) throw new Error(`${path}: emitted code does not parse: ${JSON.stringify(errors)}`);
  return code;
}
