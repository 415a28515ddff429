// Decides UnregisterBroker: a broker that is gone for good is forgotten.
//
//   it runs                    -> refused: a running broker would be back at once
//   it is gone, but remembered -> its settings go, and its id goes from all replicas that have another
//   nothing remembers it       -> BROKER_ID_NOT_REGISTERED
//
// A broker leaves the list of brokers by itself when a run begins without it (brokers-for-run.ts); what is left of it until it is
// unregistered waits for its return.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { refusal, SUCCESS, type Outcome } from '../settings/outcome.ts';
import type { MetadataChange } from './change.ts';
import type { MetadataImage } from './image.ts';

/** For `MetadataStore.propose`. */
export function unregisterBroker(
  image: MetadataImage,
  brokerId: number,
): { readonly changes: readonly MetadataChange[]; readonly answer: Outcome } {
  if (image.brokers.has(brokerId)) {
    const problem = `Broker ID ${brokerId} is running. Start without it (--brokers), then unregister it.`;
    return { changes: [], answer: refusal(ErrorCode.INVALID_REQUEST, problem) };
  }
  const changes = [...withoutReplica(image, brokerId), ...withoutConfigs(image, brokerId)];
  return changes.length > 0
    ? { changes, answer: SUCCESS }
    : {
        changes,
        answer: refusal(
          ErrorCode.BROKER_ID_NOT_REGISTERED,
          `Broker ID ${brokerId} is not currently registered`,
        ),
      };
}

function withoutReplica(image: MetadataImage, brokerId: number): MetadataChange[] {
  const changes: MetadataChange[] = [];
  for (const { name, partitions } of image.topics.values()) {
    for (const [index, partition] of partitions.entries()) {
      const replicas = partition.replicas.filter((id) => id !== brokerId);
      if (replicas.length === partition.replicas.length || replicas.length === 0) continue;
      // The leader epoch grows with the set of replicas, as in a reassignment.
      const state = {
        ...partition,
        leaderEpoch: partition.leaderEpoch + 1,
        replicas,
        isr: partition.isr.filter((id) => id !== brokerId),
      };
      changes.push({ kind: 'partition-changed', topic: name, partition: index, state });
    }
  }
  return changes;
}

function withoutConfigs(image: MetadataImage, brokerId: number): MetadataChange[] {
  const name = String(brokerId);
  const overrides = image.brokerConfigs.get(name);
  if (overrides === undefined) return [];
  const configs = Object.fromEntries([...overrides.keys()].map((key): [string, null] => [key, null]));
  return [{ kind: 'configs-changed', resource: 'broker', name, configs }];
}
