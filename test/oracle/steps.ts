// The requests, in order. Each server gets the same; what a later one needs of an earlier answer (an id) it takes from its own server's.
import type { Step } from './step.ts';
import { access } from './steps/access.ts';
import { batches } from './steps/batches.ts';
import { brokerSettings } from './steps/broker-settings.ts';
import { clientMetrics } from './steps/client-metrics.ts';
import { configs } from './steps/configs.ts';
import { ending } from './steps/ending.ts';
import { features } from './steps/features.ts';
import { groupSettings } from './steps/group-settings.ts';
import { groups } from './steps/groups.ts';
import { producing } from './steps/producing.ts';
import { quorum } from './steps/quorum.ts';
import { quotas } from './steps/quotas.ts';
import { reading } from './steps/reading.ts';
import { reassignments } from './steps/reassignments.ts';
import { topics } from './steps/topics.ts';
import { transactions } from './steps/transactions.ts';
import { transactionsInPartitions } from './steps/transactions-in-partitions.ts';

export const STEPS: readonly Step[] = [
  ...topics,
  ...configs,
  ...brokerSettings,
  ...groupSettings,
  ...clientMetrics,
  ...features,
  ...quorum,
  ...producing,
  ...reading,
  ...batches,
  ...transactionsInPartitions,
  ...transactions,
  ...groups,
  ...reassignments,
  ...quotas,
  ...access,
  ...ending,
];
