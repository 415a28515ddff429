// The small text files of a Kafka log directory.
//
//   log-start-offset-checkpoint, recovery-point-offset-checkpoint     leader-epoch-checkpoint
//     0                      version                                    0         version
//     2                      number of lines that follow                1         number of lines that follow
//     orders 0 1500          topic, partition, offset                   3 1500    epoch, where it began
//     orders 1 0
//
// Must stay true: a file that is not exactly like that is not believed at all (undefined).
import type { EpochEntry } from '../log/local/leader-epochs.ts';

/** The lines behind the head, split into words; undefined when the file is not as it should be. */
function wordsOfLines(content: Uint8Array, words: number): string[][] | undefined {
  const [version, count, ...lines] = Buffer.from(content).toString('utf8').trimEnd().split(/\r?\n/);
  if (version !== '0' || count !== String(lines.length)) return undefined;
  const split = lines.map((line) => line.split(' '));
  return split.every((line) => line.length === words) ? split : undefined;
}

function wholeNumber(text: string | undefined): number | undefined {
  const number = /^\d+$/.test(text ?? '') ? Number(text) : undefined;
  return Number.isSafeInteger(number) ? number : undefined;
}

/** Offsets by `topic-partition`. */
export function parseOffsetsFile(content: Uint8Array): Map<string, number> | undefined {
  const offsets = new Map<string, number>();
  for (const [topic, partition, text] of wordsOfLines(content, 3) ?? [['']]) {
    const offset = wholeNumber(text);
    if (offset === undefined || wholeNumber(partition) === undefined) return undefined;
    offsets.set(`${topic}-${partition}`, offset);
  }
  return offsets;
}

export function parseEpochsFile(content: Uint8Array): EpochEntry[] | undefined {
  const entries: EpochEntry[] = [];
  const lines = wordsOfLines(content, 2);
  if (lines === undefined) return undefined;
  for (const line of lines) {
    const epoch = wholeNumber(line[0]);
    const startOffset = wholeNumber(line[1]);
    const last = entries.at(-1);
    if (epoch === undefined || startOffset === undefined) return undefined;
    if (last !== undefined && (epoch <= last.epoch || startOffset < last.startOffset)) return undefined;
    entries.push({ epoch, startOffset });
  }
  return entries;
}
