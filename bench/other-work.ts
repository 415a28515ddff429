// How much the machine does besides the bench: what tells a result from noise.
//
// Looked at just before each scenario, when nothing of the bench runs. Two cores are too few to share: a third
// program takes its time from the server or from the load, and the figures then say how the kernel divided it.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const SAMPLE_MS = 500;

/** Cores in use above this make a run worthless. */
export const NOISY_CORES = 0.2;

/** The `cpu` line of /proc/stat: all ticks, and those in which nothing ran (idle and waiting for a disk). */
export function parseTicks(text: string): { readonly total: number; readonly idle: number } {
  const fields = text.slice(0, text.indexOf('\n')).trim().split(/\s+/).slice(1, 9).map(Number);
  const total = fields.reduce((sum, ticks) => sum + ticks, 0);
  return { total, idle: (fields[3] ?? 0) + (fields[4] ?? 0) };
}

/** Cores in use by anything at all over half a second. */
export async function coresInUse(): Promise<number> {
  const before = parseTicks(readFileSync('/proc/stat', 'utf8'));
  await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
  const after = parseTicks(readFileSync('/proc/stat', 'utf8'));
  const total = after.total - before.total;
  return total === 0 ? 0 : (1 - (after.idle - before.idle) / total) * availableParallelism();
}
