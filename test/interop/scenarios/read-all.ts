// The step most scenarios share: a member of a group reads until it has what is expected, checked, then leaves.
import type { Member, ReceivedRecord, JoinOptions } from '../client.ts';
import { until } from '../deadline.ts';
import type { ScenarioContext } from '../scenario.ts';

/** Joins, waits for `count` records, leaves (committing if asked), and gives all that was delivered until then. */
export async function readAll(
  context: ScenarioContext,
  options: JoinOptions,
  count: number,
): Promise<readonly ReceivedRecord[]> {
  const member = await context.join(options);
  await untilMembers([member], `${count} records`, () => member.received.records.length >= count);
  await member.leave();
  return member.received.records;
}

/** Waits until `condition` holds, looking again whenever one of the members changes. A failure shows what each of them has. */
export function untilMembers(
  members: readonly Member[],
  what: string,
  condition: () => boolean,
): Promise<void> {
  const progress = (): string =>
    members
      .map(({ received, assigned }) => `${received.records.length} records in [${[...assigned].join(', ')}]`)
      .join(' and ');
  return until(
    members.map((member) => member.changing),
    what,
    condition,
    progress,
  );
}
