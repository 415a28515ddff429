// The REST interface of a Connect worker, as far as the test uses it.
import { setTimeout as delay } from 'node:timers/promises';

const PAUSE_MS = 200;
const CALL_LIMIT_MS = 30_000;

interface State {
  readonly state: string;
  readonly trace?: string;
}
export interface ConnectorStatus {
  readonly connector: State;
  readonly tasks: readonly State[];
}

export class ConnectRest {
  readonly #base: string;
  #gone: Error | undefined;

  constructor(port: number) {
    this.#base = `http://127.0.0.1:${port}`;
  }

  /** Sends one request; rejects on any status but 2xx, with what the worker said. */
  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(`${this.#base}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(CALL_LIMIT_MS),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: status ${answer.status}: ${text.slice(0, 500)}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  /** Calls again until there is an answer: a worker that starts or rebalances refuses for a while. */
  async insist(method: string, path: string, body: unknown, patienceMs: number): Promise<unknown> {
    return await this.patiently(`${method} ${path}`, patienceMs, async () => {
      return { value: await this.call(method, path, body) };
    });
  }

  /** Resolves once the connector and its task run; rejects as soon as one has failed. */
  async awaitRunning(connector: string, patienceMs: number): Promise<void> {
    await this.patiently(`${connector} to run`, patienceMs, async () => {
      const status = (await this.call('GET', `/connectors/${connector}/status`)) as ConnectorStatus;
      const states = [status.connector, ...status.tasks];
      const bad = states.find(({ state }) => state === 'FAILED');
      if (bad !== undefined) throw new FailedConnector(`${connector}: ${bad.trace ?? 'failed'}`);
      if (status.tasks.length === 1 && states.every(({ state }) => state === 'RUNNING')) return { value: 0 };
      throw new Error(states.map(({ state }) => state).join(', '));
    });
  }

  /** The worker is gone: nothing will come of any further attempt. */
  fail(error: Error): void {
    this.#gone ??= error;
  }

  /** Tries until `attempt` succeeds; its errors count as "not yet", all but a connector that has failed and a worker that is gone. */
  async patiently<T>(
    what: string,
    patienceMs: number,
    attempt: () => Promise<{ readonly value: T }>,
  ): Promise<T> {
    const end = performance.now() + patienceMs;
    for (;;) {
      try {
        return (await attempt()).value;
      } catch (error) {
        if (error instanceof FailedConnector) throw error;
        if (performance.now() > end) {
          const why = `not within ${patienceMs / 1000} s; last: ${String(error)}`;
          throw new Error(`${what}: ${why}`, { cause: error });
        }
      }
      if (this.#gone !== undefined) throw this.#gone;
      await delay(PAUSE_MS);
    }
  }
}

class FailedConnector extends Error {
  override readonly name = 'FailedConnector';
}
