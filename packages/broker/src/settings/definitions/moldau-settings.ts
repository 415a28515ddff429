// Limits and choices that Kafka has no name for. Every limit of the broker has its name and default here, so that whoever meets one
// can raise it. To add one: a row here, a field in broker-settings.ts.
import type { SettingDefinition } from '../setting.ts';

export const MOLDAU_SETTINGS: readonly SettingDefinition[] = [
  own(
    'moldau.max.array.length',
    'INT',
    '500000',
    '[1,...]',
    'Elements of all arrays of one request together; a request with more ends its connection.',
  ),
  own(
    'moldau.queued.max.request.bytes',
    'LONG',
    '268435456',
    '[1048576,...]',
    'Bytes of requests in the whole process while queued.max.request.bytes is -1.',
  ),
  own(
    'moldau.max.waiting.fetches',
    'INT',
    '100000',
    '[1,...]',
    'Fetch requests of one broker that wait for records; more are answered at once.',
  ),
  own(
    'moldau.max.partitions',
    'INT',
    '200000',
    '[1,...]',
    'Partitions of all topics together; CreateTopics and CreatePartitions beyond it get POLICY_VIOLATION.',
  ),
  own(
    'moldau.max.partitions.per.request',
    'INT',
    '10000',
    '[1,...]',
    'Partitions that one CreateTopics or CreatePartitions request may add.',
  ),
  own(
    'moldau.transaction.max.ids.per.partition',
    'INT',
    '1000000',
    '[1,...]',
    'Transactional ids of one partition of __transaction_state; beyond it, new ones are refused.',
  ),
  own(
    'moldau.transaction.max.pending.requests',
    'INT',
    '100000',
    '[1,...]',
    'Requests about transactions that may wait for an answer at once in one partition of __transaction_state.',
  ),
  own(
    'moldau.group.max.groups.per.partition',
    'INT',
    '100000',
    '[1,...]',
    'Groups of one partition of __consumer_offsets; beyond it, new ones are refused.',
  ),
  own(
    'moldau.group.max.member.metadata.bytes',
    'INT',
    '1048576',
    '[1024,...]',
    'Bytes of all protocols, names and metadata, that one member joins with.',
  ),
  own(
    'moldau.group.max.pending.members',
    'INT',
    '10000',
    '[1,...]',
    'Member ids of one group given out to clients that have not joined with them yet.',
  ),
  own(
    'moldau.group.max.pending.requests',
    'INT',
    '100000',
    '[1,...]',
    'Group requests that wait for an answer in one partition of __consumer_offsets.',
  ),
  own(
    'moldau.metadata.snapshot.after.bytes',
    'INT',
    '1048576',
    '[65536,...]',
    'Bytes of metadata changes after which a new snapshot of the metadata is written, if it is not larger than that.',
  ),
];

function own(
  name: string,
  type: 'INT' | 'LONG' | 'BOOLEAN' | 'STRING',
  defaultText: string,
  valid: string,
  documentation: string,
): SettingDefinition {
  return { name, type, default: defaultText, valid, honoured: true, dynamic: 'read-only', documentation };
}
