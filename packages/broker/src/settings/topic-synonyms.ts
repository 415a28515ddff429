// Which broker settings stand behind a topic's setting when the topic does not set it: strongest first, with what turns the broker's
// unit into the topic's. A setting that is not here has only its default.

export interface Synonym {
  readonly name: string;
  /** Multiplies the broker's value. */
  readonly factor: number;
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

const OTHERS: Readonly<Record<string, readonly Synonym[]>> = {
  'segment.ms': [same('log.roll.ms'), { name: 'log.roll.hours', factor: HOUR_MS }],
  'segment.jitter.ms': [same('log.roll.jitter.ms'), { name: 'log.roll.jitter.hours', factor: HOUR_MS }],
  'segment.index.bytes': [same('log.index.size.max.bytes')],
  'flush.messages': [same('log.flush.interval.messages')],
  'flush.ms': [same('log.flush.interval.ms'), same('log.flush.scheduler.interval.ms')],
  'retention.ms': [
    same('log.retention.ms'),
    { name: 'log.retention.minutes', factor: MINUTE_MS },
    { name: 'log.retention.hours', factor: HOUR_MS },
  ],
  'max.message.bytes': [same('message.max.bytes')],
  'file.delete.delay.ms': [same('log.segment.delete.delay.ms')],
  'min.cleanable.dirty.ratio': [same('log.cleaner.min.cleanable.ratio')],
};

const WITH_LOG = [
  'segment.bytes',
  'retention.bytes',
  'index.interval.bytes',
  'cleanup.policy',
  'preallocate',
  'message.timestamp.type',
  'message.timestamp.before.max.ms',
  'message.timestamp.after.max.ms',
  'local.retention.ms',
  'local.retention.bytes',
];
const WITH_LOG_CLEANER = ['delete.retention.ms', 'min.compaction.lag.ms', 'max.compaction.lag.ms'];
const UNCHANGED = [
  'unclean.leader.election.enable',
  'min.insync.replicas',
  'compression.type',
  'compression.gzip.level',
  'compression.lz4.level',
  'compression.zstd.level',
];

/** By the topic's setting. */
export const TOPIC_SYNONYMS: ReadonlyMap<string, readonly Synonym[]> = new Map([
  ...Object.entries(OTHERS),
  ...WITH_LOG.map((name): [string, readonly Synonym[]] => [name, [same(`log.${name}`)]]),
  ...WITH_LOG_CLEANER.map((name): [string, readonly Synonym[]] => [name, [same(`log.cleaner.${name}`)]]),
  ...UNCHANGED.map((name): [string, readonly Synonym[]] => [name, [same(name)]]),
]);

function same(name: string): Synonym {
  return { name, factor: 1 };
}

/** The broker's settings that say the same in different units: strongest first. */
const BROKER_FAMILIES: readonly (readonly string[])[] = [
  ['log.roll.ms', 'log.roll.hours'],
  ['log.roll.jitter.ms', 'log.roll.jitter.hours'],
  ['log.flush.interval.ms', 'log.flush.scheduler.interval.ms'],
  ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'],
];

/** The settings that may give the value of the broker's setting `name`, as descriptions list them. */
export function brokerSynonyms(name: string): readonly string[] {
  const family = BROKER_FAMILIES.find((names) => names.includes(name));
  // log.flush.scheduler.interval.ms is only a fallback, not another name.
  return family === undefined || name === 'log.flush.scheduler.interval.ms' ? [name] : family;
}
