// Reads V8's .cpuprofile and says which functions the time went to.
//
// The file holds a tree of call sites, the id of the site that was running at every sample, and the microseconds between
// one sample and the next. Self time of a function is the sum over every site it was called from: callers do not matter
// here, since the question is which code to make cheaper.

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  /** Zero-based. */
  readonly lineNumber: number;
}

/** The part of the format that is used here. */
export interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface SelfTime {
  readonly name: string;
  /** File and line; empty for what is not JavaScript: `(garbage collector)`, `(program)`, native functions. */
  readonly where: string;
  readonly seconds: number;
}

export interface ProfileSummary {
  readonly functions: readonly SelfTime[];
  /** Everything but `(idle)`. */
  readonly busySeconds: number;
  readonly idleSeconds: number;
}

const IDLE = '(idle)';

function place({ url, lineNumber }: CallFrame, root: string): string {
  if (url === '') return '';
  const path = url.replace(/^file:\/\//, '').replace(`${root}/`, '');
  return `${path}:${lineNumber + 1}`;
}

/** Self times of all functions, the largest first. `root` is cut from the front of file names. */
export function summarizeProfile(profile: CpuProfile, root: string): ProfileSummary {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const functions = new Map<string, { name: string; where: string; seconds: number }>();
  let idleSeconds = 0;
  let busySeconds = 0;
  for (const [index, id] of profile.samples.entries()) {
    const frame = frames.get(id);
    // A sample's own time is the delta that follows it; V8 can emit slightly negative ones.
    const seconds = Math.max(0, profile.timeDeltas[index + 1] ?? 0) / 1e6;
    if (frame === undefined) continue;
    if (frame.functionName === IDLE) {
      idleSeconds += seconds;
      continue;
    }
    busySeconds += seconds;
    const name = frame.functionName === '' ? '(anonymous)' : frame.functionName;
    const where = place(frame, root);
    const key = `${name} ${where}`;
    const entry = functions.get(key);
    if (entry === undefined) functions.set(key, { name, where, seconds });
    else entry.seconds += seconds;
  }
  return {
    functions: [...functions.values()].sort((a, b) => b.seconds - a.seconds),
    busySeconds,
    idleSeconds,
  };
}
