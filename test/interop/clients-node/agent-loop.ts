// The part that the JavaScript agents share: lines in, one operation at a time each, lines out. See ../agent/agent-messages.ts.
import { createInterface } from 'node:readline';
import type { AgentEvent, AgentOperations } from '../agent/agent-messages.ts';

interface Order {
  readonly id: number;
  readonly op: keyof AgentOperations;
}

export function tell(event: AgentEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

/** Serves the operations until stdin ends, then exits. */
export function serveAgent(version: string, operations: AgentOperations): void {
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    const order = JSON.parse(line) as Order;
    // Which arguments an order has is up to its sender: the suite, whose types say so.
    const operation = operations[order.op] as unknown as (args: Order) => Promise<unknown>;
    operation(order).then(
      (result) => process.stdout.write(`${JSON.stringify({ id: order.id, result })}\n`),
      (error: unknown) => process.stdout.write(`${JSON.stringify({ id: order.id, error: reason(error) })}\n`),
    );
  });
  lines.on('close', () => process.exit(0));
  tell({ event: 'ready', version });
}

/** An error's message, its code and its causes, in one line. */
export function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, errors } = error as { code?: string; errors?: unknown[] };
  const parts = [error.message + (code === undefined ? '' : ` (${code})`)];
  if (error.cause !== undefined) parts.push(reason(error.cause));
  for (const one of errors ?? []) parts.push(reason(one));
  return parts.join(' <- ');
}
