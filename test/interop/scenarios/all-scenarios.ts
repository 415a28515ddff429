// The scenarios, in the order of the table.
import type { Scenario } from '../scenario.ts';
import { addPartitions } from './add-partitions.ts';
import { commitAndResume, readAgain } from './commit-and-resume.ts';
import { createTopic } from './create-topic.ts';
import { roundTrips } from './round-trip.ts';
import { seekByTime } from './seek-by-time.ts';
import { suddenDeath } from './sudden-death.ts';

export const allScenarios: readonly Scenario[] = [
  createTopic,
  ...roundTrips,
  commitAndResume,
  readAgain,
  seekByTime,
  suddenDeath,
  addPartitions,
];
