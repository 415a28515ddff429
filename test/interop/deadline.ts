// Waiting on conditions, never on time: whoever changes something says so, and whoever waits looks again. A deadline
// turns "never" into an error that says what was awaited and how far it had come.

/** How long a scenario waits for one thing before it calls it lost. Generous: it is reached only on failure. */
export const PATIENCE_MS = 40_000;

export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/** Something that changes and that `until` can watch. */
export class Changing {
  readonly #watchers = new Set<() => void>();
  #failure: Error | undefined;

  /** To be called after every change. */
  changed(): void {
    for (const look of this.#watchers) look();
  }

  /** No further change will come: a condition that does not hold by now never will. */
  fail(failure: Error): void {
    this.#failure ??= failure;
    this.changed();
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  watch(look: () => void): void {
    this.#watchers.add(look);
  }

  unwatch(look: () => void): void {
    this.#watchers.delete(look);
  }
}

/**
 * Resolves once `condition` holds, looking again whenever one of `things` changes. Rejects when one of them fails, or after
 * `deadlineMs`, with a message that has `what` and what `progress` says at that moment.
 */
export function until(
  things: readonly Changing[],
  what: string,
  condition: () => boolean,
  progress: () => string = () => '',
  deadlineMs: number = PATIENCE_MS,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error): void => {
      clearTimeout(timer);
      for (const thing of things) thing.unwatch(look);
      if (error === undefined) resolve();
      else reject(error);
    };
    const look = (): void => {
      if (condition()) return settle();
      const failure = things.find((thing) => thing.failure !== undefined)?.failure;
      if (failure !== undefined) {
        settle(new Error(`${what}: ${failure.message} ${progress()}`.trim(), { cause: failure }));
      }
    };
    const timer = setTimeout(() => {
      settle(new DeadlineError(`${what}: not within ${deadlineMs / 1000} s. ${progress()}`.trim()));
    }, deadlineMs);
    for (const thing of things) thing.watch(look);
    look();
  });
}

/**
 * Asks again and again until `condition` accepts the answer: for state that only a question shows, such as a topic's partition
 * count, which Kafka's brokers learn a moment after the topic was made (until then the question may fail). Every question is a
 * round trip, which paces it.
 */
export async function askUntil<T>(
  what: string,
  ask: () => Promise<T>,
  condition: (answer: T) => boolean,
  deadlineMs: number = PATIENCE_MS,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    let last: string;
    try {
      const answer = await ask();
      if (condition(answer)) return answer;
      last = JSON.stringify(answer);
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    if (performance.now() > end) {
      throw new DeadlineError(`${what}: not within ${deadlineMs / 1000} s; last answer: ${last}`);
    }
  }
}
