// What Linux says about a server's processes: their CPU time and their memory, read from /proc.
//
// A server is a tree (a shell and its JVM; npm, a shell and node), and its costs are the sum over the tree. A process
// that has ended no longer counts, so readings are taken while the server runs and only differences are used for CPU.
import { readdirSync, readFileSync } from 'node:fs';

/** The kernel reports CPU time in ticks of 1/100 s on every Linux that Node runs on (USER_HZ). */
const TICKS_PER_SECOND = 100;
const KIB = 1024;

interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly cpuSeconds: number;
}

/** Memory of a set of processes, in bytes. */
export interface Memory {
  /** Resident now. */
  readonly resident: number;
  /** The highest it has been (the kernel's high-water mark). */
  readonly peak: number;
}

/** Reads one line of /proc/PID/stat. The name is in brackets and may itself hold spaces and brackets. */
export function parseStat(text: string): ProcessStat {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  const fields = text.slice(close + 2).split(' ');
  const field = (index: number) => Number(fields[index] ?? Number.NaN);
  return {
    pid: Number(text.slice(0, open)),
    name: text.slice(open + 1, close),
    parent: field(1),
    cpuSeconds: (field(11) + field(12)) / TICKS_PER_SECOND,
  };
}

function readProc(pid: number | string, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined; // It ended between being listed and being read.
  }
}

/** The processes below and including `root` whose names pass the filter. */
export function processTree(root: number, accept: (name: string) => boolean = () => true): number[] {
  const stats = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map((entry) => readProc(entry, 'stat'))
    .filter((text) => text !== undefined)
    .map(parseStat);
  const tree = new Set([root]);
  for (let grew = true; grew;) {
    grew = false;
    for (const { pid, parent } of stats) {
      if (!tree.has(parent) || tree.has(pid)) continue;
      tree.add(pid);
      grew = true;
    }
  }
  return stats.filter(({ pid, name }) => tree.has(pid) && accept(name)).map(({ pid }) => pid);
}

/** CPU seconds, user and system, that these processes have used since they started. */
export function cpuSeconds(pids: readonly number[]): number {
  let sum = 0;
  for (const pid of pids) {
    const text = readProc(pid, 'stat');
    if (text !== undefined) sum += parseStat(text).cpuSeconds;
  }
  return sum;
}

export function memory(pids: readonly number[]): Memory {
  let resident = 0;
  let peak = 0;
  for (const pid of pids) {
    const text = readProc(pid, 'status') ?? '';
    resident += kib(text, 'VmRSS');
    peak += kib(text, 'VmHWM');
  }
  return { resident, peak };
}

function kib(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * KIB;
}
