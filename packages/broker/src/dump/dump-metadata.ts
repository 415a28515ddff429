// Prints a file of our metadata log: its snapshot, then each frame of changes (metadata-frame.ts). The file is read whole, as a start does.
import type { Disk } from '@moldau/runtime';
import { readWhole } from '@moldau/runtime/small-files.ts';
import {
  FILE_HEADER_BYTES,
  decodeFileHeader,
  decodeFrame,
  findFrame,
} from '../metadata/local/metadata-frame.ts';
import type { DumpSink, DumpValue } from './dump-row.ts';

const ADVICE =
  'Start the broker: it cuts off a write that never ended, and stops with the details if what had been durable is damaged; then restore the file from a copy.';

/** Returns how many damages were found. @throws DiskError */
export async function dumpMetadata(disk: Disk, path: string, sink: DumpSink): Promise<number> {
  const content = (await readWhole(disk, path)) ?? new Uint8Array(0);
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  let damages = 0;
  const damage = async (position: number, problem: string): Promise<void> => {
    damages += 1;
    await sink({ row: 'damage', position, problem, advice: ADVICE });
  };
  const header = decodeFileHeader(bytes);
  if ('problem' in header) await damage(0, header.problem);
  else await sink({ row: 'metadata', version: header.sequence });
  for (let position = FILE_HEADER_BYTES; position < bytes.length;) {
    const frame = decodeFrame(bytes, position);
    if ('problem' in frame) {
      const later = findFrame(bytes, position);
      if (later === undefined) {
        await sink({
          row: 'end',
          position,
          bytes: bytes.length - position,
          meaning: `a write that never ended: ${frame.problem}`,
        });
        break;
      }
      await damage(position, `${frame.problem}; the next frame is at byte ${later.position}`);
      position = later.position;
      continue;
    }
    const text = Buffer.from(frame.payload).toString('utf8');
    const parsed = parse(text);
    await sink({ row: frame.kind, position, version: frame.sequence, content: parsed ?? text });
    if (parsed === undefined && text !== '')
      await damage(position, 'the payload is not JSON, though its checksum is right');
    position = frame.end;
  }
  return damages;
}

function parse(text: string): DumpValue | undefined {
  try {
    return text === '' ? null : (JSON.parse(text) as DumpValue);
  } catch {
    return undefined;
  }
}
